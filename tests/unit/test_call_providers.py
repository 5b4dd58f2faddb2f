"""What each phone system posts is read into the same few words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain import calls
from server.domain.call_providers import PROVIDERS, read
from server.domain.calls import Call, Event, Told
from server.domain.errors import InvalidInput
from tests.call_deliveries import course

NUMBER = "+14155550123"
BEGAN, ENDED = datetime(2026, 11, 20, 9, tzinfo=UTC), datetime(2026, 11, 20, 9, 1, 2, tzinfo=UTC)
RECEIVED = datetime(2026, 11, 20, 9, 5, tzinfo=UTC)


def told(provider: str, payload: dict[str, Any]) -> Told:
    found = read(provider, payload)
    assert found is not None
    return found


def folded(provider: str) -> Call:
    events = [told(provider, payload) for payload in course(provider, "sid-1", NUMBER)]
    return calls.fold([Event(calls.key_of(one), one, RECEIVED) for one in events])


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_course_of_a_call_is_the_same_call_whoever_tells_it(provider: str) -> None:
    call = folded(provider)
    assert (call.status, call.direction, call.caller_number) == ("completed", "inbound", NUMBER)
    assert call.duration == 62
    if provider != "generic":
        assert call.ended_at == ENDED
    # Vonage tells when it began to ring, the others when it was answered.
    assert BEGAN - timedelta(seconds=5) <= call.started_at <= BEGAN


@pytest.mark.parametrize("provider", ["retell", "vapi", "generic"])
def test_what_was_made_of_the_talk_is_told_too(provider: str) -> None:
    call = folded(provider)
    assert call.summary == "Wants a quote for a roof."
    assert call.collected_data == {"budget": 9000}
    assert call.cost == 0.125
    assert call.transcript is not None


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_same_webhook_again_is_the_same_event(provider: str) -> None:
    for payload in course(provider, "sid-1", NUMBER):
        assert calls.key_of(told(provider, payload)) == calls.key_of(told(provider, dict(payload)))


TWILIO = {"CallSid": "CA1", "From": "+14155550123", "To": "+14155550100"}


@pytest.mark.parametrize(
    ("status", "direction", "ours"),
    [
        ("queued", "outbound-api", "queued"),
        ("initiated", "outbound-api", "queued"),
        ("ringing", "inbound", "ringing"),
        ("in-progress", "inbound", "in-progress"),
        ("completed", "inbound", "completed"),
        ("busy", "outbound-dial", "missed"),
        ("no-answer", "outbound-api", "missed"),
        ("failed", "outbound-api", "failed"),
        ("canceled", "inbound", "missed"),
        ("canceled", "outbound-api", "failed"),
        ("something-new", "inbound", None),
    ],
)
def test_twilios_statuses(status: str, direction: str, ours: str | None) -> None:
    assert told("twilio", {**TWILIO, "CallStatus": status, "Direction": direction}).status == ours


@pytest.mark.parametrize(
    ("status", "ours"),
    [
        ("started", "queued"),
        ("ringing", "ringing"),
        ("answered", "in-progress"),
        ("machine", "in-progress"),
        ("completed", "completed"),
        ("busy", "missed"),
        ("timeout", "missed"),
        ("unanswered", "missed"),
        ("rejected", "missed"),
        ("failed", "failed"),
        ("cancelled", "failed"),
        ("input", None),
    ],
)
def test_vonages_statuses(status: str, ours: str | None) -> None:
    assert told("vonage", {"uuid": "u1", "status": status, "direction": "outbound"}).status == ours


@pytest.mark.parametrize(
    ("reason", "status", "ours"),
    [
        ("agent_hangup", "ended", "completed"),
        ("dial_no_answer", "not_connected", "missed"),
        ("dial_busy", "not_connected", "missed"),
        ("user_declined", "not_connected", "missed"),
        ("voicemail_reached", "ended", "missed"),
        ("dial_failed", "not_connected", "failed"),
        ("error_unknown", "error", "failed"),
    ],
)
def test_retells_reasons(reason: str, status: str, ours: str) -> None:
    call = {"call_id": "c1", "call_status": status, "disconnection_reason": reason}
    assert told("retell", {"event": "call_ended", "call": call}).status == ours


@pytest.mark.parametrize(
    ("reason", "ours"),
    [
        ("assistant-ended-call", "completed"),
        ("customer-did-not-answer", "missed"),
        ("customer-busy", "missed"),
        ("voicemail", "missed"),
        ("call.in-progress.error-vapifault-worker-died", "failed"),
        ("twilio-failed-to-connect-call", "failed"),
        (None, "completed"),
    ],
)
def test_vapis_reasons(reason: str | None, ours: str) -> None:
    for kind, status in (("end-of-call-report", None), ("status-update", "ended")):
        message = {"type": kind, "status": status, "endedReason": reason, "call": {"id": "c1"}}
        assert told("vapi", {"message": message}).status == ours


@pytest.mark.parametrize(
    ("provider", "payload", "number"),
    [
        ("twilio", {**TWILIO, "Direction": "outbound-api"}, "+14155550100"),
        (
            "vonage",
            {"uuid": "u", "direction": "outbound", "from": "14155550100", "to": "447700900123"},
            "+447700900123",
        ),
        (
            "retell",
            {
                "event": "call_started",
                "call": {"call_id": "c", "direction": "outbound", "from_number": "+1", "to_number": "+447700900123"},
            },
            "+447700900123",
        ),
        ("twilio", TWILIO, None),
        ("twilio", {**TWILIO, "Direction": "inbound", "From": "+266696687"}, None),
        ("twilio", {**TWILIO, "Direction": "inbound", "From": "Anonymous"}, None),
        ("twilio", {**TWILIO, "Direction": "inbound", "From": "sip:ana@example.org"}, "sip:ana@example.org"),
        ("vonage", {"uuid": "u", "direction": "inbound", "from": "Unknown"}, None),
        ("generic", {"callSid": "s", "callerNumber": "0171 5550123"}, "0171 5550123"),
    ],
)
def test_the_number_is_the_other_sides_and_nobodys_where_it_is_withheld(
    provider: str, payload: dict[str, Any], number: str | None
) -> None:
    assert told(provider, payload).caller_number == number


@pytest.mark.parametrize(
    ("provider", "payload"),
    [
        ("vonage", {"conversation_uuid": "CON-1", "recording_url": "https://rec.example/1"}),
        ("retell", {"event": "transcript_updated", "call": {"call_id": "c"}}),
        ("retell", {}),
        ("vapi", {"message": {"type": "speech-update", "call": {"id": "c"}}}),
        ("vapi", {"message": "no object"}),
    ],
)
def test_what_is_not_of_a_calls_course_tells_nothing(provider: str, payload: dict[str, Any]) -> None:
    assert read(provider, payload) is None


@pytest.mark.parametrize(
    ("provider", "payload", "field"),
    [
        ("twilio", {}, "CallSid"),
        ("vonage", {}, "uuid"),
        ("retell", {"event": "call_ended", "call": []}, "call.call_id"),
        ("vapi", {"message": {"type": "status-update", "call": {"id": 5}}}, "message.call.id"),
        ("generic", {}, "callSid"),
        ("twilio", {"CallSid": "x" * 257}, "CallSid"),
        ("twilio", {"CallSid": "a\x00b"}, "CallSid"),
        ("generic", {"callSid": "a\x00b"}, "callSid"),
    ],
)
def test_without_an_id_of_the_call_the_field_is_named(provider: str, payload: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(provider, payload)
    assert [violation.field for violation in refused.value.violations] == [field]


def test_a_system_of_ones_own_is_told_every_field_that_is_wrong() -> None:
    wrong = {
        "callSid": 5,
        "direction": "sideways",
        "duration": -1,
        "cost": "much",
        "recordingUrl": "ftp://rec.example/1",
        "sentiment": "fine",
        "topics": ["roof", ""],
        "summary": "x" * 10_001,
        "collectedData": {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {}}}}}}}}},
        "startedAt": "yesterday",
        "endedAt": "2026-11-20T09:00:00",
        "contactId": "no spaces",
        "sequence": 1.5,
        "event": "ended",
    }
    with pytest.raises(InvalidInput) as refused:
        read("generic", wrong)
    assert {violation.field for violation in refused.value.violations} == set(wrong)


def test_a_status_that_a_system_of_ones_own_made_up_tells_nothing_and_is_no_error() -> None:
    assert told("generic", {"callSid": "s", "status": "wrapping-up"}).status is None
    assert told("generic", {"callSid": "s", "status": "no-answer"}).status == "missed"
    assert told("generic", {"callSid": "s", "event": "completed"}).status == "completed"


def test_what_does_not_fit_is_left_out_and_long_texts_are_cut() -> None:
    call = {
        "call_id": "c1",
        "duration_ms": float("inf"),
        "recording_url": "javascript:alert(1)",
        "transcript": "ä" * 1_048_576,
        "start_timestamp": 1e300,
        "call_cost": {"combined_cost": -1},
        "call_analysis": {"user_sentiment": "Unknown", "custom_analysis_data": {"x": "y" * 20_000}},
    }
    found = told("retell", {"event": "call_analyzed", "call": call})
    assert found.transcript is not None
    assert len(found.transcript.encode()) == 1_048_576
    assert replace(found, transcript=None, at=None) == Told("retell", "c1", sequence=2, status="completed")


_JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def _names(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {name for inner in value.values() for name in _names(inner)}
    return {name for inner in value for name in _names(inner)} if isinstance(value, list) else set()


@pytest.mark.parametrize("provider", PROVIDERS)
@given(data=st.data())
def test_whatever_is_posted_is_read_or_refused_by_field(provider: str, data: st.DataObject) -> None:
    """Any field may hold anything: nothing but InvalidInput comes of it, and what is read can be stored."""
    payload: Any = data.draw(st.sampled_from(course(provider, "sid-1", NUMBER)))
    names = sorted(_names(payload))

    def garbled(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        changed = {name: garbled(inner) for name, inner in value.items()}
        if data.draw(st.booleans()):
            changed[data.draw(st.sampled_from(names))] = data.draw(_JSON)
        return changed

    try:
        found = read(provider, garbled(payload))
    except InvalidInput:
        return
    if found is not None:
        assert calls.from_json(calls.as_json(found)) == found
        assert "\x00" not in (found.transcript or "") + (found.summary or "") + (found.caller_name or "")
