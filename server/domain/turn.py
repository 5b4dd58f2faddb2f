"""One exchange as a chat engine hands it back: what the contact wrote and what was answered."""

from dataclasses import dataclass
from datetime import datetime

from server.domain.words import Energy, Mood


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
