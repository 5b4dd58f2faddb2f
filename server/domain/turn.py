"""One exchange as a chat engine hands it back: what the contact wrote and what was answered."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from server.domain.words import Energy, Mood

AHEAD: Final = timedelta(minutes=5)
"""How far a caller's clock may run ahead of ours."""

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""No chat is older; "ten years ago" still has a date then."""


@dataclass(frozen=True, slots=True)
class Turn:
    """At least one of the two texts is there. The refs are the caller's ids of the two messages."""

    occurred_at: datetime
    user_message: str | None = None
    ai_response: str | None = None
    user_message_ref: str | None = None
    ai_response_ref: str | None = None
    detected_mood: Mood | None = None
    detected_energy: Energy | None = None
    session_id: str | None = None
    turn_id: str | None = None
