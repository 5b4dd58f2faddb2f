"""Twilio's status callbacks of calls, recordings and transcriptions.

Names and values follow Twilio's pages "Voice Webhooks", "Call resource" (the values of `CallStatus` and `Direction`),
"Recording resource" (recording status callbacks) and "TwiML: Record" (`TranscriptionText`).
"""

from collections.abc import Mapping
from typing import Any, Final

from server.domain.call_providers import values
from server.domain.calls import FINAL, Direction, Status, Told

_STATUSES: Final[dict[str, Status]] = {
    "queued": "queued",
    "initiated": "queued",
    "ringing": "ringing",
    "answered": "in-progress",
    "in-progress": "in-progress",
    "completed": "completed",
    "busy": "missed",
    "no-answer": "missed",
    "failed": "failed",
}


def read(payload: Mapping[str, Any]) -> Told:
    """What a status callback tells. Raises InvalidInput where it names no call."""
    direction = _direction(payload.get("Direction"))
    status = _status(payload.get("CallStatus"), direction)
    at = values.instant(payload.get("Timestamp"))
    return Told(
        provider="twilio",
        call_sid=values.required_id(payload.get("CallSid"), "CallSid"),
        at=at,
        sequence=values.whole(payload.get("SequenceNumber")),
        direction=direction,
        caller_number=values.other_side(direction, payload.get("From"), payload.get("To")),
        # Twilio looks up the name of who calls, never of whom we call.
        caller_name=values.text(payload.get("CallerName"), values.LONGEST_NAME) if direction == "inbound" else None,
        status=status,
        duration=values.number(payload.get("CallDuration"), values.MOST_SECONDS),
        recording_url=values.url(payload.get("RecordingUrl")),
        transcript=values.text(payload.get("TranscriptionText"), values.LONGEST_TRANSCRIPT),
        ended_at=at if status in FINAL else None,
    )


def _direction(value: Any) -> Direction | None:
    # `outbound-api` was begun by the API, `outbound-dial` by the TwiML of another call.
    if not isinstance(value, str) or not value:
        return None
    if value == "inbound":
        return "inbound"
    return "outbound" if value.startswith("outbound") else None


def _status(value: Any, direction: Direction | None) -> Status | None:
    if value == "canceled":
        # Who called us hung up before we answered; or we took our own call back, and nobody missed anything.
        return "failed" if direction == "outbound" else "missed"
    return _STATUSES.get(value) if isinstance(value, str) else None
