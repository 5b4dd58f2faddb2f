"""The document's error table, code by code, through Envoy."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.contracts.outreach_steps import code_of, configured, instant, schedule
from tests.contracts.test_context import ingest
from tests.running import RunningProduct


@pytest.fixture(autouse=True)
def awake(rest: httpx.Client, product: RunningProduct) -> Iterator[None]:
    """No quiet hours, whatever time it is."""
    with configured(rest, product, quiet_hours_start="00:00", quiet_hours_end="00:00"):
        yield


def test_contact_not_found(rest: httpx.Client, product: RunningProduct) -> None:
    assert code_of(schedule(rest, product, "ct_nobody")) == (404, "CONTACT_NOT_FOUND")
    consent = rest.get("/contact-intel/contacts/ct_nobody/consent", headers=product.bearer)
    assert code_of(consent) == (404, "CONTACT_NOT_FOUND")


def test_outreach_disabled_by_a_stop_word(rest: httpx.Client, product: RunningProduct, contact_id: str) -> None:
    ingest(rest, product, contact_id, user_message="STOP")
    assert code_of(schedule(rest, product, contact_id)) == (409, "OUTREACH_DISABLED")


def test_outreach_disabled_by_the_contacts_general_refusal(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    rest.patch(f"/contact-intel/contacts/{contact_id}", json={"outreach_consent": False}, headers=product.bearer)
    assert code_of(schedule(rest, product, contact_id)) == (409, "OUTREACH_DISABLED")


def test_trigger_not_found(rest: httpx.Client, product: RunningProduct) -> None:
    assert code_of(rest.get("/contact-intel/outreach/trg_no", headers=product.bearer)) == (404, "TRIGGER_NOT_FOUND")
    for verb in ("cancel", "approve", "reject", "replay"):
        answer = rest.post(f"/contact-intel/outreach/trg_no/{verb}", json={}, headers=product.bearer)
        assert code_of(answer) == (404, "TRIGGER_NOT_FOUND")


def test_rate_limited(rest: httpx.Client, product: RunningProduct) -> None:
    for _ in range(2000):
        answer = rest.get("/contact-intel/outreach/channels", headers=product.bearer)
        if answer.status_code != 200:
            break
    assert code_of(answer) == (429, "RATE_LIMITED")
    assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"channel": "fax"}, "channel"),
        ({"channel": "What's App"}, "channel"),
        ({"message": "a", "template": "b"}, "template"),
        ({"message": ""}, "message"),
        ({"generate_with_llm": False}, "message"),
        ({"template": "{{ nam }}"}, "nam"),
        ({"trigger_type": "random"}, "trigger_type"),
        ({"scheduled_at": None}, "scheduled_at"),
        ({"scheduled_at": "tomorrow"}, "scheduled_at"),
        ({"scheduled_at": "2020-01-01T00:00:00Z"}, "scheduled_at"),
        ({"scheduled_at": "2099-01-01T00:00:00Z"}, "scheduled_at"),
        ({"dedupe_key": "sp ace"}, "dedupe_key"),
    ],
)
def test_invalid_input(
    rest: httpx.Client, product: RunningProduct, contact_id: str, body: dict[str, Any], field: str
) -> None:
    answer = schedule(rest, product, contact_id, **body)
    assert code_of(answer) == (400, "INVALID_INPUT")
    assert field in answer.json()["error"]["message"]
    listed = rest.get("/contact-intel/outreach", params={"contact_id": contact_id}, headers=product.bearer).json()
    assert listed["total"] == 0, "nothing is half-scheduled"


def test_permission_denied(rest: httpx.Client, product: RunningProduct, contact_id: str) -> None:
    token = product.kith("token", "--tenant", product.credentials["tenant_id"], "--permissions", "outreach:read")
    reader = {"authorization": f"Bearer {token}"}
    assert rest.get("/contact-intel/outreach", headers=reader).status_code == 200
    assert code_of(schedule(rest, product, contact_id, headers=reader)) == (403, "PERMISSION_DENIED")
    assert rest.get("/contact-intel/outreach", headers=product.key).status_code == 401


def test_quiet_hours(rest: httpx.Client, product: RunningProduct, contact_id: str) -> None:
    now = datetime.now(UTC)
    start, end = (now + timedelta(hours=hours) for hours in (-1, 2))
    with configured(rest, product, quiet_hours_start=f"{start:%H:%M}", quiet_hours_end=f"{end:%H:%M}"):
        refused = schedule(rest, product, contact_id)
        assert code_of(refused) == (409, "QUIET_HOURS")
        ends = refused.json()["error"]["details"]["quiet_hours_end"]
        assert ends == f"{end:%Y-%m-%dT%H:%M}:00Z"
        put_off = schedule(rest, product, contact_id, defer=True)
        assert (put_off.status_code, put_off.json()["scheduled_at"], put_off.json()["deferred"]) == (201, ends, True)


def test_max_attempts_reached(rest: httpx.Client, product: RunningProduct, contact_id: str) -> None:
    answers = [
        schedule(rest, product, contact_id, trigger_type="inactivity", scheduled_at=instant(hours=n)) for n in (1, 2, 3)
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 409]
    assert code_of(answers[2]) == (409, "MAX_ATTEMPTS_REACHED")
