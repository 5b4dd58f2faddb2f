"""Outreach as the document shows it, through Envoy."""

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.contracts.outreach_steps import CONFIG, code_of, configured, instant, schedule
from tests.running import RunningProduct


@pytest.fixture(autouse=True)
def awake(rest: httpx.Client, product: RunningProduct) -> Iterator[None]:
    """No quiet hours, whatever time it is."""
    with configured(rest, product, quiet_hours_start="00:00", quiet_hours_end="00:00"):
        yield


def test_scheduling_answers_as_documented(rest: httpx.Client, product: RunningProduct, contact_id: str) -> None:
    answer = schedule(
        rest, product, contact_id, trigger_type="scheduled", channel="whatsapp", generate_with_llm=True,
        llm_context="They were waiting for exam results. Ask kindly.", scheduled_at="2026-04-04T08:00:00Z",
    )  # fmt: skip
    assert code_of(answer) == (400, "INVALID_INPUT")
    assert "scheduled_at" in answer.json()["error"]["message"]
    at = instant(hours=2)
    answer = schedule(
        rest, product, contact_id, trigger_type="scheduled", channel="whatsapp", generate_with_llm=True,
        llm_context="They were waiting for exam results. Ask kindly.", scheduled_at=at,
    )  # fmt: skip
    assert answer.status_code == 201
    body = answer.json()
    assert body.pop("id").startswith("trg_")
    assert body == {"status": "pending", "scheduled_at": at, "will_generate": True, "deferred": False}


def test_listing_pages_and_filters(rest: httpx.Client, product: RunningProduct, contact_id: str) -> None:
    made = [
        schedule(rest, product, contact_id, scheduled_at=instant(hours=n), message=f"Text {n}.").json()["id"]
        for n in range(1, 6)
    ]
    found: list[str] = []
    cursor = None
    while True:
        query = {"contact_id": contact_id, "status": "pending", "limit": 2, **({"cursor": cursor} if cursor else {})}
        page = rest.get("/contact-intel/outreach", params=query, headers=product.bearer).json()
        assert set(page) == {"triggers", "total", "next_cursor"}
        assert page["total"] == 5
        found += [one["id"] for one in page["triggers"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == made[::-1]
    one = rest.get("/contact-intel/outreach", params={"contact_id": contact_id, "limit": 1}, headers=product.bearer)
    assert set(one.json()["triggers"][0]) == {
        "id", "contact_id", "trigger_type", "channel", "status", "message", "will_generate", "scheduled_at", "sent_at",
        "attempts", "failure", "reason", "dedupe_key", "expires_at", "created_at",
    }  # fmt: skip
    for query in ({"status": "sent"}, {"trigger_type": "recurring"}, {"contact_id": "ct_other"}):
        params = {"contact_id": contact_id, **query}
        answer = rest.get("/contact-intel/outreach", params=params, headers=product.bearer).json()
        assert (answer["triggers"], answer["total"]) == ([], 0)
    for wrong in ({"status": "gone"}, {"trigger_type": "x"}, {"limit": 0}, {"cursor": "x"}, {"page": 1}):
        assert rest.get("/contact-intel/outreach", params=wrong, headers=product.bearer).status_code == 400


def test_cancelling_answers_as_documented_and_again_changes_nothing(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    trigger_id = schedule(rest, product, contact_id, scheduled_at=instant(hours=1)).json()["id"]
    for _ in range(2):
        answer = rest.post(f"/contact-intel/outreach/{trigger_id}/cancel", headers=product.bearer)
        assert (answer.status_code, answer.json()) == (200, {"status": "cancelled", "trigger_id": trigger_id})


def test_the_configuration_has_the_documents_fields_and_is_patched(rest: httpx.Client, product: RunningProduct) -> None:
    shown = rest.get(CONFIG, headers=product.bearer).json()
    assert {
        "inactivity_enabled", "inactivity_days", "inactivity_max_attempts", "milestone_enabled", "recurring_enabled",
        "recurring_cron", "quiet_hours_start", "quiet_hours_end",
    } <= set(shown)  # fmt: skip
    assert shown["recurring_cron"] is None
    change = {
        "inactivity_days": 5, "recurring_enabled": True, "recurring_cron": "0 8 * * *", "quiet_hours_start": "22:00",
    }  # fmt: skip
    with configured(rest, product, **change) as changed:
        assert {name: changed[name] for name in change} == change
        assert rest.get(CONFIG, headers=product.bearer).json() == changed
    assert rest.get(CONFIG, headers=product.bearer).json() == shown


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"recurring_cron": "every day"}, "recurring_cron"),
        ({"recurring_cron": "*/5 * * * *"}, "recurring_cron"),
        ({"recurring_enabled": True}, "recurring_cron"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"quiet_hours_start": "24:00"}, "quiet_hours_start"),
        ({"inactivity_days": 0}, "inactivity_days"),
        ({"max_per_day": 20, "max_per_week": 5}, "max_per_day"),
        ({"milestone_template": "{{ secret }}"}, "milestone_template"),
        ({"update_mask": "inactivity_days"}, "inactivity_days"),
        ({"update_mask": "colour"}, "update_mask"),
    ],
)
def test_a_wrong_configuration_is_400_names_the_field_and_changes_nothing(
    rest: httpx.Client, product: RunningProduct, change: dict[str, Any], field: str
) -> None:
    before = rest.get(CONFIG, headers=product.bearer).json()
    answer = rest.patch(CONFIG, json=change, headers=product.bearer)
    assert code_of(answer) == (400, "INVALID_INPUT")
    assert field in answer.json()["error"]["message"]
    assert rest.get(CONFIG, headers=product.bearer).json() == before


def test_firing_sends_to_the_outbox_and_the_profile_shows_it(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    trigger_id = schedule(rest, product, contact_id).json()["id"]
    fired = rest.post("/internal/outreach/fire", headers=product.key)
    assert fired.status_code == 200
    assert set(fired.json()) == {
        "tenants", "created", "sent", "withheld", "postponed", "failed", "retrying", "expired",
    }  # fmt: skip
    assert fired.json()["sent"] >= 1
    (kept,) = rest.get(
        "/contact-intel/outreach/outbox", params={"contact_id": contact_id}, headers=product.bearer
    ).json()["messages"]
    assert (kept["trigger_id"], kept["message"]) == (trigger_id, "How did the interview go?")
    trigger = rest.get(f"/contact-intel/outreach/{trigger_id}", headers=product.bearer).json()["trigger"]
    assert (trigger["status"], trigger["sent_at"]) == ("sent", kept["sent_at"])
    profile = rest.get(f"/contact-intel/contacts/{contact_id}/profile", headers=product.bearer).json()
    assert profile["recent_outreach"] == [
        {"type": "scheduled", "message": kept["message"], "sent_at": kept["sent_at"], "status": "sent"}
    ]
    exported = rest.get(f"/contact-intel/contacts/{contact_id}/export", headers=product.bearer).json()
    assert len(exported["triggers"]) == 1
    cancelled = rest.post(f"/contact-intel/outreach/{trigger_id}/cancel", headers=product.bearer)
    assert code_of(cancelled) == (409, "CONFLICT")
    assert "was sent" in cancelled.json()["error"]["message"]
    replayed = rest.post(f"/contact-intel/outreach/{trigger_id}/replay", headers=product.bearer)
    assert code_of(replayed) == (409, "CONFLICT")


def test_the_platform_fires_for_all_tenants_and_others_only_for_their_own(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    schedule(rest, product, contact_id)
    platform = {"x-gateway-key": product.credentials["platform_key"]}
    everywhere = rest.post("/internal/outreach/fire", json={}, headers=platform).json()
    assert everywhere["tenants"] >= 1
    assert everywhere["sent"] >= 1
    named = rest.post("/internal/outreach/fire", json={"tenant_id": "demo"}, headers=platform).json()
    assert named["tenants"] == 1
    foreign = rest.post("/internal/outreach/fire", json={"tenant_id": "tnt_other"}, headers=product.key)
    assert code_of(foreign) == (403, "PERMISSION_DENIED")
    assert rest.post("/internal/outreach/fire", headers=product.bearer).status_code == 401


def test_a_dedupe_key_answers_200_with_the_stored_trigger(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    first = schedule(rest, product, contact_id, scheduled_at=instant(hours=1), dedupe_key="exam:1")
    again = schedule(rest, product, contact_id, scheduled_at=instant(hours=9), dedupe_key="exam:1", message="Other.")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    by_key = {"contact_id": contact_id, "dedupe_key": "exam:1"}
    cancelled = rest.post("/contact-intel/outreach/cancel", json=by_key, headers=product.bearer)
    assert cancelled.json() == {"status": "cancelled", "trigger_id": first.json()["id"]}
    unknown = rest.post(
        "/contact-intel/outreach/cancel", json={**by_key, "dedupe_key": "never"}, headers=product.bearer
    )  # fmt: skip
    assert code_of(unknown) == (404, "TRIGGER_NOT_FOUND")


def test_an_idempotency_key_replays_the_first_answer(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    key = {"idempotency-key": uuid.uuid4().hex}
    at = instant(hours=1)
    answers = [schedule(rest, product, contact_id, scheduled_at=at, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    listed = rest.get("/contact-intel/outreach", params={"contact_id": contact_id}, headers=product.bearer).json()
    assert listed["total"] == 1
    other = schedule(rest, product, contact_id, scheduled_at=at, message="Other.", headers=key)
    assert code_of(other) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_an_answer_kept_under_an_idempotency_key_goes_with_its_contact(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    trigger_id = schedule(rest, product, contact_id, requires_approval=True, message="Between us.").json()["id"]
    headers = {**product.bearer, "idempotency-key": uuid.uuid4().hex}
    path = f"/contact-intel/outreach/{trigger_id}/approve"
    assert "Between us." in rest.post(path, json={}, headers=headers).text
    assert "Between us." in rest.post(path, json={}, headers=headers).text
    rest.delete(f"/contact-intel/contacts/{contact_id}", headers=product.bearer)
    assert code_of(rest.post(path, json={}, headers=headers)) == (404, "TRIGGER_NOT_FOUND")


def test_template_variables_are_values_as_json_has_them(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    given = {"count": 3, "share": 0.5, "huge": 1e300, "on": True, "list": [1, {"of": "x"}], "none": None}
    template = "{{ count }} {{ share }} {% if on %}{{ list[1].of }}{% endif %}{% if huge > 5 %}!{% endif %}"
    trigger_id = schedule(rest, product, contact_id, template=template, template_variables=given).json()["id"]
    rest.post("/internal/outreach/fire", headers=product.key)
    trigger = rest.get(f"/contact-intel/outreach/{trigger_id}", headers=product.bearer).json()["trigger"]
    assert (trigger["status"], trigger["message"]) == ("sent", "3 0.5 x!")
    for wrong in ({"x": "\0"}, {"\0": "x"}, {"x": ["\0"]}):
        refused = schedule(rest, product, contact_id, template="{{ name }}", template_variables=wrong)
        assert code_of(refused) == (400, "INVALID_INPUT")


def test_held_messages_are_approved_or_rejected(rest: httpx.Client, product: RunningProduct, contact_id: str) -> None:
    held = [schedule(rest, product, contact_id, requires_approval=True) for _ in range(2)]
    assert {answer.json()["status"] for answer in held} == {"held"}
    approve, reject = (f"/contact-intel/outreach/{answer.json()['id']}" for answer in held)
    approved = rest.post(f"{approve}/approve", json={"message": "Edited."}, headers=product.bearer).json()["trigger"]
    assert (approved["status"], approved["message"]) == ("pending", "Edited.")
    rejected = rest.post(f"{reject}/reject", headers=product.bearer).json()["trigger"]
    assert (rejected["status"], rejected["failure"]) == ("cancelled", "rejected")
    again = rest.post(f"{reject}/approve", json={}, headers=product.bearer)
    assert code_of(again) == (409, "CONFLICT")


def test_the_preview_shows_what_is_planned_and_why_not_the_others(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    fires = schedule(rest, product, contact_id, scheduled_at=instant(hours=1)).json()["id"]
    waits = schedule(rest, product, contact_id, scheduled_at=instant(hours=2), requires_approval=True).json()["id"]
    query = {"contact_id": contact_id, "days": 2}
    seen = rest.get("/contact-intel/outreach/preview", params=query, headers=product.bearer).json()
    assert [one["trigger_id"] for one in seen["would_fire"]] == [fires]
    assert [(one["trigger_id"], one["withheld_because"]) for one in seen["would_not_fire"]] == [
        (waits, "awaits_approval")
    ]
    assert rest.get("/contact-intel/outreach/preview", headers=product.bearer).status_code == 200
    for wrong, status in (({"days": 32}, 400), ({"days": 0}, 400), ({"contact_id": "ct_nobody"}, 404)):
        answer = rest.get("/contact-intel/outreach/preview", params=wrong, headers=product.bearer)
        assert answer.status_code == status


def test_channels_are_set_up_and_never_show_their_secret(rest: httpx.Client, product: RunningProduct) -> None:
    path = "/contact-intel/outreach/channels/contracts_hook"
    body = {
        "kind": "webhook",
        "url": "https://example.org/hook",
        "secret": "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0",
    }
    put = rest.put(path, json=body, headers=product.bearer)
    shown = {
        "channel": "contracts_hook", "kind": "webhook", "url": body["url"], "sender": None, "has_secret": True,
    }  # fmt: skip
    assert (put.status_code, put.json()) == (200, {"channel": shown})
    kept = rest.put(path, json={"kind": "webhook", "url": "https://example.org/two"}, headers=product.bearer)
    assert kept.json()["channel"]["has_secret"] is True
    listed = rest.get("/contact-intel/outreach/channels", headers=product.bearer)
    assert "contracts_hook" in {one["channel"] for one in listed.json()["channels"]}
    assert "whsec_" not in put.text + listed.text
    for wrong in (
        {"kind": "pigeon"}, {"kind": "webhook", "url": "http://127.0.0.1/hook"}, {"kind": "whatsapp_cloud"},
        {"kind": "webhook", "url": "https://example.org", "secret": "short"},
    ):  # fmt: skip
        assert code_of(rest.put(path, json=wrong, headers=product.bearer)) == (400, "INVALID_INPUT")


def test_consent_is_kept_by_channel_and_an_opt_out_cancels(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    path = f"/contact-intel/contacts/{contact_id}/consent"
    assert rest.get(path, headers=product.bearer).json() == {"outreach_consent": None, "channels": []}
    trigger_id = schedule(rest, product, contact_id, scheduled_at=instant(hours=1)).json()["id"]
    put = rest.put(f"{path}/whatsapp", json={"status": "opted_out"}, headers=product.bearer).json()["consent"]
    assert (put["channel"], put["status"], put["source"]) == ("whatsapp", "opted_out", "api")
    assert rest.get(path, headers=product.bearer).json()["channels"] == [put]
    trigger = rest.get(f"/contact-intel/outreach/{trigger_id}", headers=product.bearer).json()["trigger"]
    assert (trigger["status"], trigger["failure"]) == ("cancelled", "opted_out")
    wrong = rest.put(f"{path}/whatsapp", json={"status": "maybe"}, headers=product.bearer)
    assert code_of(wrong) == (400, "INVALID_INPUT")
