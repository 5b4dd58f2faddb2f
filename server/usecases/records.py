"""Rows of the store as values of the domain, and back."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, Final, cast

from server.domain.contact import Profile, State
from server.domain.memory import Entity, Memory
from server.domain.words import EntityType, Origin
from store import turns
from store.tables.contact import ContactRow
from store.tables.memory import EntityRow, MemoryRow

_STATE: Final = tuple(field.name for field in fields(State))


def profile(row: ContactRow) -> Profile:
    """Who the contact is."""
    return Profile(
        id=row.contact_id,
        tenant_id=row.tenant_id,
        external_id=row.external_id,
        channel=row.channel,
        created_at=row.created_at,
        display_name=row.display_name,
        language=row.language,
        time_zone=row.time_zone,
        outreach_consent=row.outreach_consent,
    )


def state(row: ContactRow) -> State:
    """How it stands with the contact."""
    return state_of({name: getattr(row, name) for name in _STATE})


def state_of(columns: Mapping[str, Any]) -> State:
    """The state in columns that may be more."""
    values = {name: columns[name] for name in _STATE if name != "touches"}
    # No export holds it: it is worked out anew.
    values["touches"] = tuple(columns.get("touches", ()))
    values["recent_gaps"] = tuple(values["recent_gaps"])
    values["hours"] = tuple(values["hours"])
    return State(**values)


def state_columns(value: State) -> dict[str, Any]:
    """The columns of a state, for the store."""
    columns: dict[str, Any] = {name: getattr(value, name) for name in _STATE}
    columns["recent_gaps"] = list(value.recent_gaps)
    columns["hours"] = list(value.hours)
    columns["touches"] = list(value.touches)
    return columns


def memory(row: MemoryRow) -> Memory:
    """One memory."""
    return Memory(
        id=row.memory_id,
        type=cast(Any, row.type),
        content=row.content,
        importance=row.importance,
        confidence=row.confidence,
        occurred_at=row.occurred_at,
        valid_from=row.valid_from,
        created_at=row.created_at,
        subject=row.subject,
        attribute=row.attribute,
        value=row.value,
        entity_ids=tuple(row.entity_ids),
        sources=tuple(row.sources),
        session_id=row.session_id,
        sequence=row.sequence,
        speaker=cast(Any, row.speaker),
        event_start=row.event_start,
        event_end=row.event_end,
        strength=row.strength,
        strength_at=row.strength_at,
        access_count=row.access_count,
        status=cast(Any, row.status),
        valid_to=row.valid_to,
        superseded_by=row.superseded_by,
        origin=cast(Origin, row.origin),
    )


def memory_row(value: Memory, tenant_id: str, contact_id: str, interaction_ids: list[str]) -> MemoryRow:
    """A new memory, for the store."""
    return MemoryRow(
        tenant_id=tenant_id,
        contact_id=contact_id,
        memory_id=value.id,
        type=value.type,
        content=value.content,
        importance=value.importance,
        confidence=value.confidence,
        subject=value.subject,
        attribute=value.attribute,
        value=value.value,
        entity_ids=list(value.entity_ids),
        sources=list(value.sources),
        interaction_ids=interaction_ids,
        session_id=value.session_id,
        sequence=value.sequence,
        speaker=value.speaker,
        occurred_at=value.occurred_at,
        event_start=value.event_start,
        event_end=value.event_end,
        strength=value.strength,
        strength_at=value.strength_at,
        access_count=value.access_count,
        status=value.status,
        valid_from=value.valid_from,
        valid_to=value.valid_to,
        superseded_by=value.superseded_by,
        created_at=value.created_at,
        origin=value.origin,
    )


def rewritten(value: Memory, interaction_ids: list[str]) -> dict[str, Any]:
    """The columns of a known memory that a turn may change; `interaction_ids` are those to add."""
    columns: dict[str, Any] = {name: getattr(value, name) for name in turns.REWRITTEN}
    columns["sources"] = list(value.sources)
    columns["interaction_ids"] = interaction_ids
    return columns


def merged(value: Memory, interaction_ids: list[str]) -> dict[str, Any]:
    """The columns of a memory that took over others; `interaction_ids` are those of all."""
    return {**joined(value), "interaction_ids": interaction_ids}


def joined(value: Memory) -> dict[str, Any]:
    """What a memory has taken over from others, see `domain.joining`, but the turns that they came from."""
    return {
        "sources": list(value.sources),
        "entity_ids": list(value.entity_ids),
        "importance": value.importance,
        "confidence": value.confidence,
        "access_count": value.access_count,
        "strength": value.strength,
        "strength_at": value.strength_at,
        "event_start": value.event_start,
        "event_end": value.event_end,
        "valid_to": value.valid_to,
    }


def closed(value: Memory) -> dict[str, Any]:
    """The columns of a memory that say whether and until when it holds, and what took its place."""
    return {
        "status": value.status,
        "valid_to": value.valid_to,
        "superseded_by": value.superseded_by,
    }


def entity(row: EntityRow, memory_count: int = 0) -> Entity:
    """One entity."""
    return Entity(row.entity_id, cast(EntityType, row.type), row.display_name, tuple(row.aliases), memory_count)


def entity_row(value: Entity, tenant_id: str, contact_id: str, created_at: datetime) -> EntityRow:
    """An entity, for the store."""
    return EntityRow(
        tenant_id=tenant_id,
        contact_id=contact_id,
        entity_id=value.id,
        type=value.type,
        display_name=value.display_name,
        aliases=list(value.aliases),
        created_at=created_at,
    )
