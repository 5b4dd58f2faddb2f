"""Memories: listed, corrected and deleted; and the entities that they mention."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from server.domain import editing, history
from server.domain.editing import Edit, Edited
from server.domain.errors import NotFound
from server.domain.memory import Entity, Memory
from server.usecases import audit, paging, records
from server.usecases.consolidation import queue_after_change
from server.usecases.consolidation_plan import mark_of
from server.usecases.contacts import MOST
from server.usecases.forgetting import Forgotten, forget_everything
from server.usecases.services import Services
from server.usecases.snapshots import Change
from store import contacts, memories, pagination, readings, snapshots
from store.database import Transaction


@dataclass(frozen=True, slots=True)
class MemoryQuery:
    """Which memories to list; `type` and `entity` None mean all, `limit` is at least 1.

    Without `as_of` those that hold now, with it those that had been said and held at that moment.
    """

    contact_id: str
    type: str | None = None
    min_importance: float = 0.0
    entity: str | None = None
    limit: int = 20
    cursor: str | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class MemoryPage:
    """One page, most important first."""

    memories: list[Memory]
    total: int
    next_cursor: str | None


async def list_memories(services: Services, tenant_id: str, query: MemoryQuery) -> MemoryPage:
    """A page of the contact's memories. Raises NotFound, and InvalidInput for a cursor of another query."""
    limit = min(query.limit, MOST)
    bound = {
        "list": "memories", "contact": query.contact_id, "type": query.type, "importance": query.min_importance,
        "entity": query.entity, "as_of": None if query.as_of is None else query.as_of.isoformat(),
    }  # fmt: skip
    after = paging.position(bound, query.cursor, (float, str))
    async with services.database.transaction(tenant_id) as tx:
        if await contacts.get(tx, query.contact_id) is None:
            raise NotFound.contact(query.contact_id)
        rows, total = await memories.page(
            tx, query.contact_id, type_=query.type, min_importance=query.min_importance, entity_id=query.entity,
            as_of=query.as_of, now=services.clock(), limit=limit + 1, after=after,
        )  # fmt: skip
    page = rows[:limit]
    more = len(rows) > limit
    return MemoryPage(
        memories=[records.memory(row) for row in page],
        total=total,
        next_cursor=pagination.encode(bound, (page[-1].importance, page[-1].memory_id)) if more else None,
    )


@dataclass(frozen=True, slots=True)
class EntityQuery:
    """Which entities to list; `type` None means all, `limit` is at least 1."""

    contact_id: str
    type: str | None = None
    limit: int = 20
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class EntityPage:
    """One page, those that the most current memories mention first; each has its count."""

    entities: list[Entity]
    total: int
    next_cursor: str | None


async def list_entities(services: Services, tenant_id: str, query: EntityQuery) -> EntityPage:
    """A page of the entities that the contact's memories mention.

    Raises NotFound, and InvalidInput for a cursor of another query.
    """
    limit = min(query.limit, MOST)
    bound = {"list": "entities", "contact": query.contact_id, "type": query.type}
    after = paging.position(bound, query.cursor, (int, str))
    snapshot = await services.snapshots.get(tenant_id, query.contact_id)
    now = services.clock()
    mentions = Counter(i for m in snapshot.memories if m.holds(now) for i in m.entity_ids)
    counted = (replace(e, memory_count=mentions[e.id]) for e in snapshot.entities if query.type in (None, e.type))
    found = sorted(counted, key=lambda e: (-e.memory_count, e.id))
    rest = found if after is None else [e for e in found if (-e.memory_count, e.id) > (-after[0], after[1])]
    page = rest[:limit]
    return EntityPage(
        entities=page,
        total=len(found),
        next_cursor=pagination.encode(bound, (page[-1].memory_count, page[-1].id)) if len(rest) > limit else None,
    )


async def update_memory(services: Services, tenant_id: str, contact_id: str, memory_id: str, change: Edit) -> Memory:
    """Corrects a memory and returns it as it is now; what it said before stays in the history.

    Raises InvalidInput, NotFound for the contact or the memory, and Conflict for one that is no longer current. The
    same correction again changes nothing.
    """
    now = services.clock()
    result: list[Memory] = []

    async def work(tx: Transaction) -> Change:
        result.clear()
        if await contacts.get(tx, contact_id, lock=True) is None:
            raise NotFound.contact(contact_id)
        found = await snapshots.whole(tx, contact_id)
        rows = {row.memory_id: row for row in found.memories} if found else {}
        if found is None or memory_id not in rows:
            raise NotFound.memory(memory_id)
        remembered = {i: records.memory(row) for i, row in rows.items()}
        edited = editing.edit(
            remembered[memory_id],
            change,
            list(remembered.values()),
            [records.entity(row) for row in found.entities],
            now,
            ZoneInfo(found.zone),
        )
        result.append(edited.memory)
        await audit.record(tx, target=memory_id)
        if edited.unchanged:
            return Change(found.contact.version, services.snapshots.held(tenant_id, contact_id, found.contact.version))
        await _store(tx, contact_id, edited, rows[memory_id].interaction_ids)
        await queue_after_change(tx, contact_id, now)
        return Change(await contacts.change(tx, contact_id, {}) or 0)

    await services.snapshots.change(tenant_id, contact_id, work)
    return result[0]


async def _store(tx: Transaction, contact_id: str, edited: Edited, interaction_ids: list[str]) -> None:
    memory, earlier = edited.memory, edited.earlier
    if earlier is None:
        columns = {"importance": memory.importance, "valid_from": memory.valid_from, **records.closed(memory)}
        await memories.change(tx, contact_id, memory.id, columns)
    else:
        # Not changed in place: with the row goes what was derived from the text that it held.
        await memories.remove(tx, contact_id, [memory.id])
        rows = [records.memory_row(m, tx.tenant_id, contact_id, interaction_ids) for m in (earlier, memory)]
        await memories.add(tx, rows)
    for other in edited.ended:
        await memories.change(tx, contact_id, other.id, records.closed(other))


async def delete_memory(services: Services, tenant_id: str, contact_id: str, memory_id: str) -> None:
    """Deletes one memory for good, with what it said before it was corrected. Raises NotFound for it or the contact.

    What ended only because of it is true again. A derived pattern is not derived again. Entities that nothing mentions
    then go with the deferred work.
    """
    now = services.clock()

    async def work(tx: Transaction) -> Change:
        if await contacts.get(tx, contact_id, lock=True) is None:
            raise NotFound.contact(contact_id)
        around = [records.memory(row) for row in await memories.with_predecessors(tx, contact_id, memory_id)]
        target = next((m for m in around if m.id == memory_id), None)
        if target is None:
            raise NotFound.memory(memory_id)
        gone = {memory_id, *history.earlier_wordings([memory_id], around)}
        for memory in history.handed_on(gone, around).values():
            await memories.change(tx, contact_id, memory.id, records.closed(memory))
        if target.type == "pattern" and target.status == "current" and target.attribute is not None:
            await memories.withhold(tx, contact_id, memory_id, mark_of(tenant_id, contact_id, target.attribute))
            gone.discard(memory_id)
        # Nor does a language model read their turns again, or they would come back.
        await readings.never(tx, contact_id, sorted({memory_id, *gone}), now)
        await memories.remove(tx, contact_id, sorted(gone))
        await queue_after_change(tx, contact_id, now)
        await audit.record(tx, target=memory_id)
        version = await contacts.change(tx, contact_id, {})
        return Change(version or 0, erases=True)

    await services.snapshots.change(tenant_id, contact_id, work)


async def delete_all_memories(services: Services, tenant_id: str, contact_id: str) -> Forgotten:
    """Forgets everything about the contact: memories, entities, ingested turns, state. The contact stays.

    Raises NotFound.
    """
    now = services.clock()
    result: list[Forgotten] = []

    async def work(tx: Transaction) -> Change:
        result.clear()
        if await contacts.get(tx, contact_id, lock=True) is None:
            raise NotFound.contact(contact_id)
        forgotten, change = await forget_everything(tx, contact_id, now)
        result.append(forgotten)
        return change

    await services.snapshots.change(tenant_id, contact_id, work)
    return result[0]
