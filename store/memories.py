"""Queries on memories and entities."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, delete, func, insert, or_, select, text, update

from store.database import Transaction
from store.tables.memory import EntityRow, MemoryRow, entities, memories

_MEMORY: Final = [memories.c[field.name] for field in fields(MemoryRow)]
_ENTITY: Final = [entities.c[field.name] for field in fields(EntityRow)]

_ADD: Final = insert(memories)

_NOTE_ACCESS: Final = text(
    "UPDATE memories m SET access_count = m.access_count + a.times, strength = 1, strength_at = :at"
    " FROM unnest(CAST(:contacts AS text[]), CAST(:ids AS text[]), CAST(:times AS int[])) AS a (contact, id, times)"
    " WHERE m.tenant_id = :tenant AND m.contact_id = a.contact AND m.memory_id = a.id"
)


async def page(
    tx: Transaction,
    contact_id: str,
    *,
    type_: str | None,
    min_importance: float,
    entity_id: str | None,
    limit: int,
    after: tuple[float, str] | None,
) -> tuple[list[MemoryRow], int]:
    """Current memories, most important first, and how many match in all; `after` is (importance, id) of the last."""
    where = [
        memories.c.tenant_id == tx.tenant_id,
        memories.c.contact_id == contact_id,
        memories.c.status == "current",
        memories.c.importance >= min_importance,
    ]
    if type_ is not None:
        where.append(memories.c.type == type_)
    if entity_id is not None:
        where.append(memories.c.entity_ids.contains([entity_id]))
    total = (await tx.execute(select(func.count()).select_from(memories).where(*where))).scalar_one()
    if after is not None:
        importance, memory_id = after
        where.append(
            or_(
                memories.c.importance < importance,
                and_(memories.c.importance == importance, memories.c.memory_id < memory_id),
            )
        )
    rows = await tx.execute(
        select(*_MEMORY).where(*where).order_by(memories.c.importance.desc(), memories.c.memory_id.desc()).limit(limit)
    )
    return [MemoryRow(*row) for row in rows], total


async def change(tx: Transaction, contact_id: str, memory_id: str, columns: Mapping[str, Any]) -> None:
    """Changes columns of one memory."""
    await tx.execute(
        update(memories)
        .where(
            memories.c.tenant_id == tx.tenant_id,
            memories.c.contact_id == contact_id,
            memories.c.memory_id == memory_id,
        )
        .values(**columns)
    )


async def remove(tx: Transaction, contact_id: str, memory_ids: Sequence[str]) -> int:
    """Deletes memories for good. Returns how many. The turns that they came from stay in the log."""
    if not memory_ids:
        return 0
    result = await tx.execute(
        delete(memories).where(
            memories.c.tenant_id == tx.tenant_id,
            memories.c.contact_id == contact_id,
            memories.c.memory_id.in_(memory_ids),
        )
    )
    return result.rowcount


async def note_access(tx: Transaction, accesses: Mapping[tuple[str, str], int], at: datetime) -> None:
    """Counts returned memories, keyed by (contact id, memory id), and renews their strength, in one statement."""
    ordered = sorted(accesses.items())
    await tx.execute(
        _NOTE_ACCESS,
        {
            "tenant": tx.tenant_id,
            "at": at,
            "contacts": [contact_id for (contact_id, _), _ in ordered],
            "ids": [memory_id for (_, memory_id), _ in ordered],
            "times": [times for _, times in ordered],
        },
    )


async def remove_entities(tx: Transaction, contact_id: str, entity_ids: Sequence[str]) -> int:
    """Deletes entities that nothing mentions any more. Returns how many."""
    if not entity_ids:
        return 0
    result = await tx.execute(
        delete(entities).where(
            entities.c.tenant_id == tx.tenant_id,
            entities.c.contact_id == contact_id,
            entities.c.entity_id.in_(entity_ids),
        )
    )
    return result.rowcount
