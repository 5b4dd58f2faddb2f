"""Warmth as a client sees it, through Envoy: what touchpoints do to it, its reasons, its constants, and bad input."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.contracts.test_analytics import Tenant
from tests.running import RunningProduct

NOW = datetime.now(UTC)


@pytest.fixture
def tenant(product: RunningProduct, rest: httpx.Client) -> Tenant:
    return Tenant(product, rest)


def touch(tenant: Tenant, contact_id: str, kind: str, days_ago: float = 0, **metadata: Any) -> dict[str, Any]:
    body = {"contact_id": contact_id, "kind": kind, "metadata": metadata}
    if days_ago:
        body["occurred_at"] = (NOW - timedelta(days=days_ago)).isoformat()
    made = tenant.rest.post("/v1/interactions", json=body, headers=tenant.bearer)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()["interaction"]
    return found


def get(tenant: Tenant, path: str, **params: Any) -> dict[str, Any]:
    answer = tenant.rest.get(path, params=params, headers=tenant.bearer)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def at_75(tenant: Tenant) -> str:
    who = tenant.contact("Noor")
    for days in range(1, 6):
        touch(tenant, who, "meeting", days)
        touch(tenant, who, "note", days)
    touch(tenant, who, "note", 6)
    return who


@pytest.mark.parametrize("prefix", ["/v1", "/api/v1"])
def test_a_call_on_a_contact_at_75_gives_82_with_its_reasons(tenant: Tenant, prefix: str) -> None:
    who = at_75(tenant)
    assert get(tenant, f"{prefix}/contacts/{who}/warmth")["warmth"]["score"] == 75
    assert get(tenant, f"{prefix}/contacts/{who}")["contact"]["warmth"] == 75
    call = touch(tenant, who, "call")
    assert get(tenant, f"{prefix}/contacts/{who}")["contact"]["warmth"] == 82
    found = get(tenant, f"{prefix}/contacts/{who}/warmth")
    warmth = found["warmth"]
    assert (warmth["score"], warmth["band"], warmth["next_band"]) == (82, "hot", "warm")
    assert warmth["change_7d"] == 82
    assert warmth["next_band_at"] > NOW.isoformat()
    assert found["model_version"] == 1
    ours = next(c for c in found["contributions"] if c["id"] == call["id"])
    assert (ours["kind"], ours["points"], ours["worth"], ours["counted"], ours["touches"]) == ("call", 7, 7, True, 1)
    context = tenant.rest.get(f"/contact-intel/context/{who}", headers=tenant.key).json()
    assert context["warmth"] == {"score": 82, "band": "hot"}


def test_a_contact_without_touches_is_cold(tenant: Tenant) -> None:
    found = get(tenant, f"/v1/contacts/{tenant.contact()}/warmth")
    assert found["warmth"] == {
        "score": 0, "band": "cold", "change_7d": 0, "next_band": None, "next_band_at": None, "last_touch_at": None,
    }  # fmt: skip
    assert found["contributions"] == []


def test_turns_count_as_messages_of_their_day(tenant: Tenant) -> None:
    who = tenant.contact()
    for _ in range(5):
        tenant.turn(who)
    found = get(tenant, f"/v1/contacts/{who}/warmth")
    (turns,) = found["contributions"]
    assert turns["id"] == f"turns:{datetime.now(UTC).date().isoformat()}"
    assert (turns["kind"], turns["touches"], found["warmth"]["score"]) == ("message", 3, 17.9)


def test_warmth_is_told_by_day_and_of_then(tenant: Tenant) -> None:
    who = tenant.contact()
    touch(tenant, who, "meeting", 3)
    days = get(tenant, f"/v1/contacts/{who}/warmth/history", days=5)["days"]
    assert [day["score"] for day in days] == [0, 9, 9, 9, 9]
    then = (NOW - timedelta(days=4)).isoformat()
    assert get(tenant, f"/v1/contacts/{who}/warmth", as_of=then)["warmth"]["score"] == 0


def test_who_cools_down_is_listed(tenant: Tenant) -> None:
    who = tenant.contact("Imre")
    for days in range(4):
        touch(tenant, who, "meeting", 6 + days)
    found = get(tenant, "/v1/contacts/losing-touch", within_days=30, limit=1)
    assert (found["limit"], found["nextCursor"]) == (1, None)
    (one,) = found["contacts"]
    assert (one["contact_id"], one["name"], one["fallen"], one["fallen_at"]) == (who, "Imre", False, None)
    assert one["warmth"]["band"] == "warm"


def test_constants_are_shown_and_changed(tenant: Tenant) -> None:
    before = get(tenant, "/v1/warmth/config")["config"]
    assert (before["fresh_days"], before["half_life_days"], before["daily_cap"]) == (7, 30, 3)
    assert before["points"]["call"] == {"base": 7, "top": 7.9}
    change = {"half_life_days": 20, "points": {"call": {"base": 3, "top": 4}}}
    answer = tenant.rest.patch("/v1/warmth/config", json=change, headers=tenant.bearer)
    assert answer.status_code == 200, answer.text
    after = answer.json()["config"]
    assert after == {**before, "half_life_days": 20, "points": {**before["points"], "call": {"base": 3, "top": 4}}}
    assert get(tenant, "/v1/warmth/config")["config"] == after


def test_recomputing_changes_nothing_that_is_true(tenant: Tenant) -> None:
    who = tenant.contact()
    touch(tenant, who, "call")
    one = tenant.rest.post("/v1/warmth/recompute", json={"contact_id": who}, headers=tenant.bearer)
    assert (one.status_code, one.json()) == (200, {"recomputed": 1, "changed": 0, "queued": False})
    everyone = tenant.rest.post("/v1/warmth/recompute", json={}, headers=tenant.bearer)
    assert everyone.json() == {"recomputed": 0, "changed": 0, "queued": True}


@pytest.mark.parametrize(
    ("method", "path", "given", "field"),
    [
        ("GET", "/v1/contacts/{who}/warmth", {"as_of": "2131-01-01T00:00:00Z"}, "as_of"),
        ("GET", "/v1/contacts/{who}/warmth", {"as_of": "yesterday"}, "as_of"),
        ("GET", "/v1/contacts/{who}/warmth/history", {"days": "0"}, "days"),
        ("GET", "/v1/contacts/{who}/warmth/history", {"days": "367"}, "days"),
        ("GET", "/v1/contacts/losing-touch", {"within_days": "91"}, "within_days"),
        ("GET", "/v1/contacts/losing-touch", {"limit": "0"}, "limit"),
        ("GET", "/v1/contacts/losing-touch", {"cursor": "nonsense"}, "cursor"),
        ("PATCH", "/v1/warmth/config", {"daily_cap": 0}, "daily_cap"),
        ("PATCH", "/v1/warmth/config", {"half_life_days": "long"}, "half_life_days"),
        ("PATCH", "/v1/warmth/config", {"hot_from": 20}, "hot_from"),
        ("PATCH", "/v1/warmth/config", {"points": {"fax": {"base": 1, "top": 2}}}, "points.fax"),
        ("PATCH", "/v1/warmth/config", {"points": {"call": {"base": 8, "top": 2}}}, "points.call"),
    ],
)
def test_bad_input_is_refused_by_the_name_of_the_field(
    tenant: Tenant, method: str, path: str, given: dict[str, Any], field: str
) -> None:
    sent = {"params": given} if method == "GET" else {"json": given}
    answer = tenant.rest.request(method, path.format(who=tenant.contact()), headers=tenant.bearer, **sent)  # type: ignore[arg-type]
    assert answer.status_code == 400, answer.text
    assert field in answer.text
    assert answer.json()["code"] == "INVALID_INPUT"


def test_a_contact_of_nobody_is_not_found(tenant: Tenant, product: RunningProduct, rest: httpx.Client) -> None:
    other = Tenant(product, rest)
    who = other.contact()
    for path in (f"/v1/contacts/{who}/warmth", f"/v1/contacts/{who}/warmth/history"):
        answer = rest.get(path, headers=tenant.bearer)
        assert (answer.status_code, answer.json()["code"]) == (404, "CONTACT_NOT_FOUND")
    answer = rest.post("/v1/warmth/recompute", json={"contact_id": who}, headers=tenant.bearer)
    assert answer.status_code == 404
