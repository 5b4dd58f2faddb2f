"""Vapi's server messages `status-update` and `end-of-call-report`, after its pages "Server events" and "Call".

Everything that the report holds is at the message, and for some versions within its `call`, `artifact` or `analysis`.
Vapi's costs are in USD. Its other messages (words as they are spoken, calls of tools) tell nothing that is kept.
"""

from collections.abc import Mapping
from typing import Any, Final

from server.domain.call_providers import values
from server.domain.calls import Direction, Status, Told

_STATUSES: Final[dict[str, Status]] = {
    "scheduled": "queued",
    "queued": "queued",
    "ringing": "ringing",
    "in-progress": "in-progress",
    "forwarding": "in-progress",
}
_DIRECTIONS: Final[dict[str, Direction]] = {
    "inboundPhoneCall": "inbound",
    "outboundPhoneCall": "outbound",
    # In a browser it is always the other side that begins.
    "webCall": "inbound",
}
_MISSED: Final = frozenset({"customer-busy", "customer-did-not-answer", "voicemail", "no-answer", "busy", "canceled"})
_SIGNS_OF_FAILURE: Final = ("error", "fail", "misdialed")


def read(payload: Mapping[str, Any]) -> Told | None:
    """What a message tells; None for one that is not of a call's course. Raises InvalidInput where it names no call."""
    message = values.inner(payload, "message")
    kind = message.get("type")
    if kind not in ("status-update", "end-of-call-report"):
        return None
    over = kind == "end-of-call-report"
    call, artifact = values.inner(message, "call"), values.inner(message, "artifact")
    analysis = values.inner(message, "analysis") or values.inner(call, "analysis")
    customer = values.inner(message, "customer") or values.inner(call, "customer")
    started_at = values.moment(message.get("startedAt")) or values.moment(call.get("startedAt"))
    ended_at = values.moment(message.get("endedAt")) or values.moment(call.get("endedAt"))
    duration = values.number(message.get("durationSeconds"), values.MOST_SECONDS)
    if duration is None and over and started_at is not None and ended_at is not None:
        duration = values.number((ended_at - started_at).total_seconds(), values.MOST_SECONDS)
    cost = message.get("cost") if message.get("cost") is not None else call.get("cost")
    return Told(
        provider="vapi",
        call_sid=values.required_id(call.get("id"), "message.call.id"),
        at=values.moment(message.get("timestamp")) or (ended_at if over else None),
        sequence=1 if over else 0,
        agent_id=values.text(call.get("assistantId"), values.LONGEST_ID),
        direction=_direction(call.get("type")),
        # The customer is the other side, whoever called.
        caller_number=values.phone(customer.get("number")),
        caller_name=values.text(customer.get("name"), values.LONGEST_NAME),
        status=_status(message, call, over=over),
        duration=duration,
        recording_url=values.url(message.get("recordingUrl")) or values.url(artifact.get("recordingUrl")),
        transcript=values.text(message.get("transcript"), values.LONGEST_TRANSCRIPT)
        or values.text(artifact.get("transcript"), values.LONGEST_TRANSCRIPT),
        summary=values.summary(analysis.get("summary")) or values.summary(message.get("summary")),
        collected_data=values.collected(analysis.get("structuredData")),
        # While a call is under way its cost is not yet what it will be.
        cost=values.number(cost, values.MOST_COST) if over else None,
        started_at=started_at,
        ended_at=ended_at,
    )


def _direction(value: Any) -> Direction | None:
    return _DIRECTIONS.get(value) if isinstance(value, str) else None


def _status(message: Mapping[str, Any], call: Mapping[str, Any], *, over: bool) -> Status | None:
    status = message.get("status")
    if not over and status != "ended":
        return _STATUSES.get(status) if isinstance(status, str) else None
    reason = message.get("endedReason") or call.get("endedReason")
    if not isinstance(reason, str):
        return "completed"
    if reason in _MISSED:
        return "missed"
    return "failed" if any(sign in reason for sign in _SIGNS_OF_FAILURE) else "completed"
