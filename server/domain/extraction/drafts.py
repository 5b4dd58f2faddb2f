"""What one turn gives: memories and entities not yet stored, and what the contact asked for."""

from dataclasses import dataclass
from datetime import datetime

from server.domain.memory import Entity, Memory
from server.domain.words import EntityType, MemoryType, Speaker


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a contact before the turn.

    `facts` are its current facts and preferences, `entities` all of its entities. `turns` is how many turns were taken
    in before; None where nobody counts them.
    """

    facts: tuple[Memory, ...] = ()
    entities: tuple[Entity, ...] = ()
    display_name: str | None = None
    turns: int | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A memory to be; ids, session and sequence are the caller's to give.

    `importance` and `confidence` are in [0, 1]. `event_start`/`event_end` (UTC, half-open) say when what it tells of
    happens, where the text says so. `closes` names what ends with it: pairs of an attribute of the same subject and a
    value, or None for any value ("We broke up" ends every `partner`).
    """

    type: MemoryType
    content: str
    importance: float
    confidence: float
    speaker: Speaker
    subject: str | None = None
    attribute: str | None = None
    value: str | None = None
    entity_ids: tuple[str, ...] = ()
    event_start: datetime | None = None
    event_end: datetime | None = None
    source_ref: str | None = None
    closes: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class EntityDraft:
    """An entity the turn mentions for the first time, or new aliases of one that is known; `id` is `type:slug`."""

    id: str
    type: EntityType
    display_name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Extraction:
    """Everything one turn gives. `forget` holds queries for `forgotten`; `disclosures` counts facts about oneself."""

    memories: tuple[Draft, ...] = ()
    entities: tuple[EntityDraft, ...] = ()
    forget: tuple[str, ...] = ()
    stop: bool = False
    disclosures: int = 0
