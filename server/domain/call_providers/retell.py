"""Retell's webhooks of calls, after its pages "Webhook" and "Get Call".

`call_analyzed` comes after `call_ended` and tells the same call again with its analysis. Retell gives costs in cents
(`call_cost.combined_cost`). Its other events (of a transcript under way, of alerts) tell nothing that is kept.
"""

from collections.abc import Mapping
from typing import Any, Final

from server.domain.call_providers import values
from server.domain.calls import Direction, Status, Told

_EVENTS: Final = ("call_started", "call_ended", "call_analyzed")
_MISSED: Final = frozenset(
    {"dial_busy", "dial_no_answer", "user_declined", "voicemail_reached", "machine_detected", "ivr_reached"}
)
"""Reasons for which the person was not reached."""
_FAILED: Final = frozenset(
    {
        "concurrency_limit_reached", "dial_failed", "invalid_destination", "marked_as_spam", "no_concurrency_purchased",
        "no_valid_payment", "registered_call_timeout", "scam_detected", "sip_routing_error",
        "telephony_provider_permission_denied", "telephony_provider_unavailable",
    }
)  # fmt: skip
"""Reasons for which there was no call."""


def read(payload: Mapping[str, Any]) -> Told | None:
    """What an event tells; None for one that is not of a call's course. Raises InvalidInput where it names no call."""
    event = payload.get("event")
    if event not in _EVENTS:
        return None
    call = values.inner(payload, "call")
    direction = _direction(call.get("direction"))
    analysis = values.inner(call, "call_analysis")
    started_at, ended_at = (
        values.milliseconds(call.get("start_timestamp")),
        values.milliseconds(call.get("end_timestamp")),
    )
    duration = values.number(call.get("duration_ms"), values.MOST_SECONDS * 1000)
    if duration is None and started_at is not None and ended_at is not None:
        duration = values.number((ended_at - started_at).total_seconds() * 1000, values.MOST_SECONDS * 1000)
    cents = values.number(values.inner(call, "call_cost").get("combined_cost"), values.MOST_COST * 100)
    status = _status(event, call)
    return Told(
        provider="retell",
        call_sid=values.required_id(call.get("call_id"), "call.call_id"),
        # The event has no time of its own; the call's own times, and the order of the events, tell which is later.
        at=started_at if event == "call_started" else ended_at or started_at,
        sequence=_EVENTS.index(event),
        agent_id=values.text(call.get("agent_id"), values.LONGEST_ID),
        direction=direction,
        caller_number=values.other_side(direction, call.get("from_number"), call.get("to_number")),
        status=status,
        duration=None if duration is None or status == "in-progress" else duration / 1000,
        recording_url=values.url(call.get("recording_url")),
        transcript=values.text(call.get("transcript"), values.LONGEST_TRANSCRIPT),
        sentiment=values.sentiment(analysis.get("user_sentiment")),
        summary=values.summary(analysis.get("call_summary")),
        collected_data=values.collected(analysis.get("custom_analysis_data")),
        cost=None if cents is None else cents / 100,
        started_at=started_at,
        ended_at=ended_at,
    )


def _direction(value: Any) -> Direction | None:
    match value:
        case "inbound":
            return "inbound"
        case "outbound":
            return "outbound"
        case _:
            return None


def _status(event: str, call: Mapping[str, Any]) -> Status:
    if event == "call_started":
        return "in-progress"
    # As text, for what is no text is no word of theirs either.
    reason, status = str(call.get("disconnection_reason")), str(call.get("call_status"))
    if reason in _MISSED:
        return "missed"
    if reason in _FAILED or status in ("error", "not_connected"):
        return "failed"
    return "completed"
