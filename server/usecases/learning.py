"""What one understood turn changes in memory: forgotten, reinforced, superseded, added."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from server import ids
from server.domain import conflict
from server.domain.extraction import Draft, EntityDraft, Extraction, forgotten
from server.domain.memory import Entity, Memory
from server.domain.snapshot import ContactSnapshot
from server.domain.turn import Turn
from server.usecases import records
from store import memories
from store.database import Transaction
from store.tables.memory import EntityRow


@dataclass(frozen=True, slots=True)
class Learned:
    """What a turn changed: new memories, others by id as they are now, ids that are gone, and all entities."""

    added: tuple[Memory, ...]
    changed: dict[str, Memory]
    removed: frozenset[str]
    entities: tuple[Entity, ...]


async def learn(
    tx: Transaction,
    contact_id: str,
    snapshot: ContactSnapshot,
    turn: Turn,
    understood: Extraction,
    interaction_id: str,
    now: datetime,
) -> Learned:
    """Writes what the turn tells into the contact's memories, in the caller's transaction."""
    current = {m.id: m for m in snapshot.memories if m.status == "current"}
    gone = frozenset(i for query in understood.forget for i in forgotten(query, tuple(current.values())))
    await memories.remove(tx, contact_id, sorted(gone))
    for memory_id in gone:
        del current[memory_id]

    added: dict[str, Memory] = {}
    changed: dict[str, Memory] = {}
    for draft in understood.memories:
        resolution = conflict.resolve([*current.values(), *added.values()], draft, session_id=turn.session_id)
        known = current.get(resolution.reinforces or "")
        if known is not None:
            current[known.id] = changed[known.id] = _reinforced(known, draft, now)
        if not resolution.add:
            continue
        memory = _remembered(draft, turn, snapshot.state.total_messages, now)
        for old_id in resolution.supersedes:
            old = current.pop(old_id, None)
            if old is not None:
                changed[old_id] = replace(old, status="superseded", valid_to=memory.valid_from, superseded_by=memory.id)
        added[memory.id] = memory

    for memory in changed.values():
        await memories.change(tx, contact_id, memory.id, _columns(memory))
    await memories.add(tx, [records.memory_row(m, tx.tenant_id, contact_id, [interaction_id]) for m in added.values()])
    entities = _merged(snapshot.entities, understood.entities)
    met = {draft.id for draft in understood.entities}
    await memories.put_entities(
        tx, [_entity_row(tx.tenant_id, contact_id, entity, now) for entity in entities if entity.id in met]
    )
    return Learned(tuple(added.values()), changed, gone, entities)


def _merged(known: Sequence[Entity], met: Sequence[EntityDraft]) -> tuple[Entity, ...]:
    """The known entities with those of the turn; one met again gains its new aliases."""
    by_id = {entity.id: entity for entity in known}
    for draft in met:
        before = by_id.get(draft.id)
        aliases = draft.aliases if before is None else tuple(dict.fromkeys((*before.aliases, *draft.aliases)))
        by_id[draft.id] = Entity(draft.id, draft.type, draft.display_name, aliases)
    return tuple(by_id[entity_id] for entity_id in sorted(by_id))


def _reinforced(known: Memory, draft: Draft, now: datetime) -> Memory:
    """Said again: surer, a little more important, as strong as new, and with one more source."""
    sources = known.sources
    if draft.source_ref is not None and draft.source_ref not in sources:
        sources = (*sources, draft.source_ref)
    return replace(
        known,
        sources=sources,
        confidence=max(known.confidence, draft.confidence),
        importance=min(1.0, max(known.importance, draft.importance) + 0.02),
        strength=1.0,
        strength_at=now,
    )


def _remembered(draft: Draft, turn: Turn, turns_before: int, now: datetime) -> Memory:
    return Memory(
        id=ids.new("mem", now),
        type=draft.type,
        content=draft.content,
        importance=draft.importance,
        confidence=draft.confidence,
        occurred_at=turn.occurred_at,
        valid_from=turn.occurred_at,
        created_at=now,
        subject=draft.subject,
        attribute=draft.attribute,
        value=draft.value,
        entity_ids=draft.entity_ids,
        sources=() if draft.source_ref is None else (draft.source_ref,),
        session_id=turn.session_id,
        # Two places a turn: the contact's message, then the answer.
        sequence=2 * turns_before + (1 if draft.speaker == "assistant" else 0),
        speaker=draft.speaker,
        event_start=draft.event_start,
        event_end=draft.event_end,
        strength_at=turn.occurred_at,
    )


def _columns(memory: Memory) -> dict[str, Any]:
    return {
        "sources": list(memory.sources),
        "confidence": memory.confidence,
        "importance": memory.importance,
        "strength": memory.strength,
        "strength_at": memory.strength_at,
        "status": memory.status,
        "valid_to": memory.valid_to,
        "superseded_by": memory.superseded_by,
    }


def _entity_row(tenant_id: str, contact_id: str, entity: Entity, now: datetime) -> EntityRow:
    return EntityRow(
        tenant_id=tenant_id,
        contact_id=contact_id,
        entity_id=entity.id,
        type=entity.type,
        display_name=entity.display_name,
        aliases=list(entity.aliases),
        created_at=now,
    )
