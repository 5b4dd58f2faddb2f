"""Memories that somebody writes down, not said in a turn."""

from datetime import datetime
from zoneinfo import ZoneInfo

from server import ids
from server.domain import writing
from server.domain.errors import NotFound
from server.domain.writing import Note, Written
from server.usecases import audit, records
from server.usecases.consolidation import queue_after_change
from server.usecases.services import Services
from server.usecases.snapshots import Change
from store import contacts, memories, snapshots
from store.database import Transaction


async def create_memory(services: Services, tenant_id: str, contact_id: str, note: Note) -> Written:
    """Remembers a note, as the rules of conflict say: new, or as more weight for the memory that told it before.

    Raises InvalidInput, and NotFound for the contact.
    """
    now = services.clock()
    result: list[Written] = []

    async def work(tx: Transaction) -> Change:
        result.clear()
        # Locked first, then read by a statement of its own: one that waits for the lock sees the rest as it was before.
        if await contacts.get(tx, contact_id, lock=True) is None:
            raise NotFound.contact(contact_id)
        found = await snapshots.whole(tx, contact_id)
        if found is None:
            raise NotFound.contact(contact_id)
        written = writing.write(
            note,
            records.profile(found.contact),
            [records.memory(row) for row in found.memories],
            [records.entity(row) for row in found.entities],
            now=now,
            zone=ZoneInfo(found.zone),
            new_id=lambda: ids.new("mem", now),
        )
        result.append(written)
        turns = next((row.interaction_ids for row in found.memories if row.memory_id == written.memory.id), [])
        await _store(tx, contact_id, written, turns, now)
        await queue_after_change(tx, contact_id, now)
        await audit.record(tx, target=written.memory.id)
        return Change(await contacts.change(tx, contact_id, {}) or 0)

    await services.snapshots.change(tenant_id, contact_id, work)
    return result[0]


async def _store(tx: Transaction, contact_id: str, written: Written, turns: list[str], now: datetime) -> None:
    """`turns` are the ids of the interactions that the memory came from, if it was there."""
    if written.created:
        await memories.add(tx, [records.memory_row(written.memory, tx.tenant_id, contact_id, turns)])
    else:
        columns = {**records.merged(written.memory, turns), **records.closed(written.memory)}
        await memories.change(tx, contact_id, written.memory.id, columns)
    for other in written.ended:
        await memories.change(tx, contact_id, other.id, records.closed(other))
    await memories.meet(tx, [records.entity_row(entity, tx.tenant_id, contact_id, now) for entity in written.met])
