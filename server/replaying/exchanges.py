"""A conversation as a chat engine hands it back: exchanges of a message and its answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from server.replaying.conversation import Conversation, Said, Session

TURN_SPACING: Final = timedelta(seconds=30)
"""How far apart the turns of a session are taken to be; files give only a session's beginning."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One ingest. `turn_id` is the id of its first turn, so that a second replay changes nothing."""

    turn_id: str
    session_id: str
    occurred_at: datetime
    message: Said | None
    answer: Said | None


def exchanges(conversation: Conversation) -> tuple[Exchange, ...]:
    """The exchanges in order: speaker A's turn with B's turn right after it; any other turn alone."""
    return tuple(
        exchange for session in conversation.sessions for exchange in _of_session(session, conversation.speaker_a)
    )


def end_of(conversation: Conversation) -> datetime:
    """When the conversation was over: one spacing after its last turn."""
    last = max(conversation.sessions, key=lambda session: session.began_at)
    return last.began_at + TURN_SPACING * len(last.turns)


def _of_session(session: Session, speaker_a: str) -> Iterator[Exchange]:
    turns, at = session.turns, 0
    while at < len(turns):
        message = turns[at] if turns[at].speaker == speaker_a else None
        after = at + 1 if message else at
        answer = turns[after] if after < len(turns) and turns[after].speaker != speaker_a else None
        yield Exchange(
            turn_id=turns[at].id,
            session_id=str(session.number),
            occurred_at=session.began_at + TURN_SPACING * at,
            message=message,
            answer=answer,
        )
        at = after + 1 if answer else after
