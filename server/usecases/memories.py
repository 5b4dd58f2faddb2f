"""Memories: listed and deleted."""

from dataclasses import dataclass

from server.domain.errors import InvalidInput, NotFound
from server.domain.memory import Memory
from server.usecases import audit, records
from server.usecases.contacts import MOST
from server.usecases.forgetting import Forgotten, forget_everything
from server.usecases.services import Services
from server.usecases.snapshots import Change
from store import contacts, memories, pagination
from store.database import Transaction


@dataclass(frozen=True, slots=True)
class MemoryQuery:
    """Which current memories to list; `type` and `entity` None mean all, `limit` is at least 1."""

    contact_id: str
    type: str | None = None
    min_importance: float = 0.0
    entity: str | None = None
    limit: int = 20
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class MemoryPage:
    """One page, most important first."""

    memories: list[Memory]
    total: int
    next_cursor: str | None


async def list_memories(services: Services, tenant_id: str, query: MemoryQuery) -> MemoryPage:
    """A page of the contact's current memories. Raises NotFound, and InvalidInput for a cursor of another query."""
    limit = min(query.limit, MOST)
    bound = {
        "list": "memories", "contact": query.contact_id, "type": query.type, "importance": query.min_importance,
        "entity": query.entity,
    }  # fmt: skip
    after = None
    if query.cursor is not None:
        try:
            after = pagination.decode(bound, query.cursor, (float, str))
        except pagination.BadCursor as error:
            raise InvalidInput.of("cursor", "is not a cursor of this query") from error
    async with services.database.transaction(tenant_id) as tx:
        if await contacts.get(tx, query.contact_id) is None:
            raise NotFound.contact(query.contact_id)
        rows, total = await memories.page(
            tx, query.contact_id, type_=query.type, min_importance=query.min_importance, entity_id=query.entity,
            limit=limit + 1, after=after,
        )  # fmt: skip
    page = rows[:limit]
    more = len(rows) > limit
    return MemoryPage(
        memories=[records.memory(row) for row in page],
        total=total,
        next_cursor=pagination.encode(bound, (page[-1].importance, page[-1].memory_id)) if more else None,
    )


async def delete_memory(services: Services, tenant_id: str, contact_id: str, memory_id: str) -> None:
    """Deletes one memory for good. Raises NotFound for the contact or the memory."""

    async def work(tx: Transaction) -> Change:
        if await contacts.get(tx, contact_id, lock=True) is None:
            raise NotFound.contact(contact_id)
        if not await memories.remove(tx, contact_id, [memory_id]):
            raise NotFound.memory(memory_id)
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
