"""Queries on memories and entities."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Text, and_, cast, delete, func, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from store.database import Transaction
from store.tables.base import values
from store.tables.memory import EntityRow, MemoryRow, entities, memories

_MEMORY: Final = [memories.c[field.name] for field in fields(MemoryRow)]
_ENTITY: Final = [entities.c[field.name] for field in fields(EntityRow)]

_DELETED: Final = "deleted"
_ADD: Final = insert(memories)
_NEW_ENTITY: Final = upsert(entities)
_MEET: Final = _NEW_ENTITY.on_conflict_do_update(
    index_elements=["tenant_id", "contact_id", "entity_id"],
    set_={name: _NEW_ENTITY.excluded[name] for name in ("display_name", "aliases")},
)

_ABSORB: Final = (
    text(
        "UPDATE memories m SET interaction_ids = m.interaction_ids || ARRAY("
        "   SELECT i FROM unnest(g.interaction_ids) AS i WHERE i <> ALL (m.interaction_ids))"
        " FROM memories g WHERE m.tenant_id = :tenant AND m.contact_id = :contact AND m.memory_id = :into"
        " AND g.tenant_id = :tenant AND g.contact_id = :contact AND g.memory_id = :gone"
    ),
    text(
        "UPDATE memories SET superseded_by = :into"
        " WHERE tenant_id = :tenant AND contact_id = :contact AND superseded_by = :gone"
    ),
)

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
    as_of: datetime | None,
    now: datetime,
    limit: int,
    after: tuple[float, str] | None,
) -> tuple[list[MemoryRow], int]:
    """Memories, most important first, and how many match in all; `after` is (importance, id) of the last.

    Those that hold `now`; with `as_of` what had been said and held at that moment, as a context of then is made from.
    """
    where = [
        memories.c.tenant_id == tx.tenant_id,
        memories.c.contact_id == contact_id,
        memories.c.importance >= min_importance,
    ]
    if as_of is None:
        where += [memories.c.status == "current", or_(memories.c.valid_to.is_(None), memories.c.valid_to > now)]
    else:
        where += [
            memories.c.status != _DELETED,
            memories.c.occurred_at <= as_of,
            memories.c.valid_from <= as_of,
            or_(memories.c.valid_to.is_(None), memories.c.valid_to > as_of),
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


async def add(tx: Transaction, rows: Sequence[MemoryRow]) -> None:
    """Stores new memories."""
    if rows:
        await tx.execute(_ADD, [values(row) for row in rows])


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


async def rewrite(tx: Transaction, contact_id: str, memory_id: str, columns: Mapping[str, Any]) -> None:
    """Changes columns of one memory; `interaction_ids` are added to those it has."""
    added = memories.c.interaction_ids.op("||")(cast(columns["interaction_ids"], ARRAY(Text)))
    await change(tx, contact_id, memory_id, {**columns, "interaction_ids": added})


async def absorb(tx: Transaction, contact_id: str, gone: str, into: str) -> None:
    """Lets one memory take over the turns of another that is about to go, and what that one had superseded."""
    parameters = {"tenant": tx.tenant_id, "contact": contact_id, "gone": gone, "into": into}
    for statement in _ABSORB:
        await tx.execute(statement, parameters)


async def meet(tx: Transaction, rows: Sequence[EntityRow]) -> None:
    """Stores entities, or the name and aliases that known ones have now."""
    if rows:
        await tx.execute(_MEET, [values(row) for row in rows])


async def with_predecessors(tx: Transaction, contact_id: str, memory_id: str) -> list[MemoryRow]:
    """The memory, those that it took the place of, and what it said before it was corrected, see `domain.history`."""
    rows = await tx.execute(
        select(*_MEMORY).where(
            memories.c.tenant_id == tx.tenant_id,
            memories.c.contact_id == contact_id,
            memories.c.status != _DELETED,
            or_(
                memories.c.memory_id == memory_id,
                memories.c.superseded_by == memory_id,
                memories.c.memory_id.startswith(f"{memory_id}:", autoescape=True),
            ),
        )
    )
    return [MemoryRow(*row) for row in rows]


async def withhold(tx: Transaction, contact_id: str, memory_id: str, mark: str) -> None:
    """Deletes a pattern so that it is not derived again: only the mark is left of it, and no text."""
    columns: dict[str, Any] = {
        "status": _DELETED, "content": "", "subject": None, "attribute": mark, "value": None, "entity_ids": [],
        "sources": [], "interaction_ids": [], "superseded_by": None,
    }  # fmt: skip
    await change(tx, contact_id, memory_id, columns)


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
