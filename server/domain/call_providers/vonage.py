"""Vonage's event webhooks of the Voice API, after its page "Voice API Webhooks Reference".

An event names a leg by its `uuid`, which is the call here. Events of a whole conversation (a recording, a transfer)
name none, and tell nothing of one call. `price` is in euros, so it is no cost in USD and is left out.
"""

from collections.abc import Mapping
from typing import Any, Final

from server.domain.call_providers import values
from server.domain.calls import FINAL, Direction, Status, Told

_STATUSES: Final[dict[str, Status]] = {
    "started": "queued",
    "ringing": "ringing",
    "answered": "in-progress",
    "human": "in-progress",
    "machine": "in-progress",
    "completed": "completed",
    "busy": "missed",
    "rejected": "missed",
    "timeout": "missed",
    "unanswered": "missed",
    "failed": "failed",
}


def read(payload: Mapping[str, Any]) -> Told | None:
    """What an event tells; None for one of a whole conversation. Raises InvalidInput where it names neither."""
    if payload.get("uuid") is None and payload.get("conversation_uuid") is not None:
        return None
    direction = _direction(payload.get("direction"))
    status = _status(payload.get("status"), direction)
    at = values.instant(payload.get("timestamp"))
    ended_at = values.instant(payload.get("end_time"))
    return Told(
        provider="vonage",
        call_sid=values.required_id(payload.get("uuid"), "uuid"),
        at=at,
        direction=direction,
        caller_number=_with_plus(values.other_side(direction, payload.get("from"), payload.get("to"))),
        status=status,
        duration=values.number(payload.get("duration"), values.MOST_SECONDS),
        recording_url=values.url(payload.get("recording_url")),
        started_at=values.instant(payload.get("start_time")),
        ended_at=ended_at or (at if status in FINAL else None),
    )


def _direction(value: Any) -> Direction | None:
    match value:
        case "inbound":
            return "inbound"
        case "outbound":
            return "outbound"
        case _:
            return None


def _status(value: Any, direction: Direction | None) -> Status | None:
    if value == "cancelled":
        # As with Twilio: who called us gave up, or we took our own call back.
        return "failed" if direction == "outbound" else "missed"
    return _STATUSES.get(value) if isinstance(value, str) else None


def _with_plus(number: str | None) -> str | None:
    """Vonage writes numbers with their country code and without the plus."""
    if number is not None and number.isascii() and number.isdigit() and 8 <= len(number) <= 15 and number[0] != "0":
        return f"+{number}"
    return number
