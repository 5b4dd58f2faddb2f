"""Analytics as a client sees them, through Envoy: the contract's form, its bounds, and who may ask."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.contracts.test_context import ingest
from tests.running import RunningProduct

TRENDS, CHURN, MOODS = (f"/contact-intel/analytics/{name}" for name in ("trends", "churn", "moods"))

NINE_MOODS = {"happy", "neutral", "excited", "playful", "sad", "anxious", "frustrated", "bored", "angry"}


def get(rest: httpx.Client, headers: dict[str, str], path: str, **params: Any) -> dict[str, Any]:
    answer = rest.get(path, params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


class Tenant:
    """A tenant of its own: what it counts is what its test put in."""

    def __init__(self, product: RunningProduct, rest: httpx.Client) -> None:
        self.product, self.rest = product, rest
        self.id = product.kith("tenant", "create", f"tnt_{uuid.uuid4().hex[:8]}")
        self.key = {"x-gateway-key": product.kith("key", "create", "--tenant", self.id)}
        self.bearer = {"authorization": f"Bearer {product.kith('token', '--tenant', self.id)}"}

    def contact(self, name: str | None = None) -> str:
        body = {"external_id": uuid.uuid4().hex, "channel": "web", "display_name": name}
        made = self.rest.post("/contact-intel/contacts", json=body, headers=self.key)
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    def turn(self, contact_id: str, **fields: Any) -> None:
        body = {"contact_id": contact_id, "user_message": "I see.", **fields}
        assert self.rest.post("/contact-intel/ingest", json=body, headers=self.key).status_code == 202


@pytest.fixture
def tenant(product: RunningProduct, rest: httpx.Client) -> Iterator[Tenant]:
    yield Tenant(product, rest)


def test_trends_have_the_documents_form_and_count_what_was_ingested(rest: httpx.Client, tenant: Tenant) -> None:
    who = tenant.contact("Noor")
    tenant.turn(who)
    tenant.turn(who)
    today = datetime.now(UTC).date()
    found = get(rest, tenant.bearer, TRENDS, days=2)
    assert set(found) == {
        "period_days", "active_users", "active_users_change", "new_users", "churned_users", "total_messages",
        "avg_session_duration_min", "avg_messages_per_session", "retention_7day", "retention_30day", "daily",
    }  # fmt: skip
    counts = {name: found[name] for name in ("period_days", "active_users", "new_users", "total_messages")}
    assert counts == {"period_days": 2, "active_users": 1, "new_users": 1, "total_messages": 2}
    assert found["daily"] == [
        {"date": (today - timedelta(days=1)).isoformat(), "active": 0, "new": 0, "messages": 0},
        {"date": today.isoformat(), "active": 1, "new": 1, "messages": 2},
    ]
    assert len(get(rest, tenant.bearer, TRENDS)["daily"]) == 7


def test_a_tenant_without_a_turn_gets_every_key_with_a_zero(rest: httpx.Client, tenant: Tenant) -> None:
    trends = get(rest, tenant.bearer, TRENDS, days=1)
    assert all(value == 0 for name, value in trends.items() if name not in ("period_days", "daily"))
    assert get(rest, tenant.bearer, MOODS) == {
        "period_days": 7, "total_classifications": 0, "distribution": dict.fromkeys(NINE_MOODS, 0), "trend": "stable",
    }  # fmt: skip
    assert get(rest, tenant.bearer, CHURN) == {
        "threshold": 0.6, "at_risk_count": 0, "contacts": [], "next_cursor": None,
    }  # fmt: skip


def test_moods_have_the_documents_form_and_a_share_for_each_of_the_nine(rest: httpx.Client, tenant: Tenant) -> None:
    who = tenant.contact()
    for mood in ("happy", "happy", "happy", "sad"):
        tenant.turn(who, detected_mood=mood)
    found = get(rest, tenant.bearer, MOODS, days=1)
    assert set(found) == {"period_days", "total_classifications", "distribution", "trend"}
    assert (found["period_days"], found["total_classifications"]) == (1, 4)
    assert found["distribution"] == {**dict.fromkeys(NINE_MOODS, 0), "happy": 0.75, "sad": 0.25}
    assert found["trend"] in ("positive", "negative", "stable")


def test_the_churn_report_has_the_documents_form_page_by_page(rest: httpx.Client, tenant: Tenant) -> None:
    named, nameless, _never_wrote = tenant.contact("Noor"), tenant.contact(), tenant.contact("Mute")
    for who in (named, nameless):
        tenant.turn(who, detected_mood="bored")
    whole = get(rest, tenant.bearer, CHURN, threshold=0)
    assert set(whole) == {"threshold", "at_risk_count", "contacts", "next_cursor"}
    assert (whole["threshold"], whole["at_risk_count"], whole["next_cursor"]) == (0, 2, None)
    by_id = {contact["id"]: contact for contact in whole["contacts"]}
    assert set(by_id) == {named, nameless}
    assert (by_id[named]["display_name"], by_id[nameless]["display_name"]) == ("Noor", None)
    for contact in by_id.values():
        assert set(contact) == {
            "id", "display_name", "churn_risk", "last_active_at", "days_inactive", "relationship_stage", "last_mood",
            "outreach_status",
        }  # fmt: skip
        assert 0 <= contact["churn_risk"] <= 1
        assert datetime.fromisoformat(contact["last_active_at"]).tzinfo is not None
        assert (contact["days_inactive"], contact["relationship_stage"], contact["last_mood"]) == (0, "new", "bored")
        assert contact["outreach_status"] == "none_sent"
    first = get(rest, tenant.bearer, CHURN, threshold=0, limit=1)
    second = get(rest, tenant.bearer, CHURN, threshold=0, limit=1, cursor=first["next_cursor"])
    assert [c["id"] for c in (*first["contacts"], *second["contacts"])] == [c["id"] for c in whole["contacts"]]
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        *((path, "days", days) for path in (TRENDS, MOODS) for days in ("0", "-1", "366", "a week")),
        *((CHURN, "threshold", threshold) for threshold in ("1.1", "-0.1", "NaN", "high")),
        *((CHURN, "limit", limit) for limit in ("0", "-1")),
        (CHURN, "cursor", "x"),
        (TRENDS, "weeks", "2"),
    ],
)
def test_what_lies_beyond_its_bounds_is_refused(
    rest: httpx.Client, product: RunningProduct, path: str, field: str, value: str
) -> None:
    assert code(rest.get(path, params={field: value}, headers=product.bearer)) == (400, "INVALID_INPUT")


def test_a_limit_beyond_the_most_is_taken_as_the_most(rest: httpx.Client, product: RunningProduct) -> None:
    assert rest.get(CHURN, params={"limit": 5_000}, headers=product.bearer).status_code == 200


@pytest.mark.parametrize("path", [TRENDS, CHURN, MOODS])
def test_analytics_take_a_token_that_may_read_them(rest: httpx.Client, product: RunningProduct, path: str) -> None:
    assert rest.get(path).status_code == 401
    assert rest.get(path, headers=product.key).status_code == 401
    of_tenant = ("token", "--tenant", product.credentials["tenant_id"], "--permissions")
    for permission, status in (("contacts:read", 403), ("analytics:read", 200)):
        token = product.kith(*of_tenant, permission)
        answer = rest.get(path, headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == status, answer.text
    assert rest.post(path, headers=product.bearer).status_code in (404, 405)


def test_analytics_show_nothing_of_another_tenant(
    rest: httpx.Client, product: RunningProduct, tenant: Tenant, contact_id: str
) -> None:
    ingest(rest, product, contact_id, user_message="Hello there.")
    assert get(rest, product.bearer, TRENDS)["total_messages"] > 0
    assert get(rest, tenant.bearer, TRENDS)["total_messages"] == 0
    assert get(rest, tenant.bearer, MOODS)["total_classifications"] == 0
    assert get(rest, tenant.bearer, CHURN, threshold=0)["contacts"] == []
