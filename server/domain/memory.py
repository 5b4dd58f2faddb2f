"""What Kith remembers about a contact, and the entities those memories mention."""

from dataclasses import dataclass
from datetime import datetime

from server.domain.words import EntityType, MemoryStatus, MemoryType, Origin, Speaker


@dataclass(frozen=True, slots=True)
class Memory:
    """One thing remembered.

    `importance` and `confidence` are in [0, 1]. `strength` was in [0, 1] at `strength_at` and halves
    every 30 days without an access. `sources` are the caller's own references of the turns it came
    from, oldest first. `sequence` is the place of that turn in the contact's whole history, so that
    neighbours are found without comparing times; both halves of a turn share one session.
    `occurred_at` is when the turn was said, `event_start`/`event_end` when what it tells of happened,
    where a time expression could be resolved. `origin` says who drew it from the turns, or that a caller wrote it.
    """

    id: str
    type: MemoryType
    content: str
    importance: float
    confidence: float
    occurred_at: datetime
    valid_from: datetime
    created_at: datetime
    subject: str | None = None
    attribute: str | None = None
    value: str | None = None
    entity_ids: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    session_id: str | None = None
    sequence: int = 0
    speaker: Speaker | None = None
    event_start: datetime | None = None
    event_end: datetime | None = None
    strength: float = 1.0
    strength_at: datetime | None = None
    access_count: int = 0
    status: MemoryStatus = "current"
    valid_to: datetime | None = None
    superseded_by: str | None = None
    origin: Origin = "rules"

    def holds(self, at: datetime) -> bool:
        """Whether it is what is known at an instant: not replaced or withdrawn, nor over by itself, as plans are."""
        return self.status == "current" and (self.valid_to is None or at < self.valid_to)


@dataclass(frozen=True, slots=True)
class Entity:
    """Someone or something the contact's memories mention; `id` is `type:slug`, e.g. `pet:bruno`."""

    id: str
    type: EntityType
    display_name: str
    aliases: tuple[str, ...] = ()
    memory_count: int = 0
