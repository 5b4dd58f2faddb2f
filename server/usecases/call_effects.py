"""What follows from a call for its contact: the touchpoint it is, the memory of its summary, the name, the warmth."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from server import ids
from server.domain import call_traces, history, writing
from server.domain.call_traces import Touchpoint
from server.domain.warmth import quality
from server.domain.writing import Note
from server.usecases import records
from server.usecases.consolidation import queue_after_change
from server.usecases.snapshots import Change
from server.usecases.warmth import recompute_contact
from store import contacts, interactions, memories, snapshots
from store.database import Transaction
from store.tables.call import CallRow
from store.tables.contact import ContactRow
from store.tables.interaction import InteractionRow

ORIGIN: Final = "call"
"""The origin of touchpoints that are calls."""

PHONE: Final = "phone"
"""The channel of contacts that were made known by a number."""


async def follow(
    tx: Transaction,
    before: CallRow | None,
    row: CallRow | None,
    held: Mapping[str, ContactRow],
    *,
    remember: bool,
    now: datetime,
) -> dict[str, Change]:
    """Brings the contacts that the call is, or was, with up to what it is by now; None for one that is deleted.

    The caller holds them. Returns what became of each.
    """
    touched = await _touch(tx, before, row, now)
    forgot = await _remember(tx, before, row, remember, now)
    if row is not None and row.contact_id is not None:
        await _name(tx, before, row, held[row.contact_id])
    changes: dict[str, Change] = {}
    for contact_id in held:
        version = await recompute_contact(tx, contact_id, now) if touched else await contacts.change(tx, contact_id, {})
        erases = forgot or row is None or row.contact_id != contact_id
        changes[contact_id] = Change(version or 0, erases=erases)
    return changes


async def _touch(tx: Transaction, before: CallRow | None, row: CallRow | None, now: datetime) -> bool:
    """Returns whether the call's touchpoint is another, or anybody else's, than it was."""
    was, wanted = _touchpoint(before), _touchpoint(row)
    if (was, before and before.contact_id) == (wanted, row and row.contact_id):
        return False
    call = row or before
    known = None if call is None else await interactions.by_origin(tx, ORIGIN, call.call_id)
    if wanted is None or row is None or row.contact_id is None:
        return known is not None and await interactions.delete(tx, known.interaction_id)
    columns: dict[str, Any] = {
        "contact_id": row.contact_id,
        "content": wanted.content,
        "metadata": wanted.metadata,
        "quality": quality("call", wanted.metadata),
        "occurred_at": wanted.occurred_at,
        "updated_at": now,
    }
    first = known or InteractionRow(
        tenant_id=tx.tenant_id, interaction_id=ids.new("int", now), kind="call", origin=ORIGIN,
        origin_id=row.call_id, external_id=None, created_at=now, **columns,
    )  # fmt: skip
    await interactions.put(tx, replace(first, **columns))
    return True


def _touchpoint(row: CallRow | None) -> Touchpoint | None:
    if row is None or row.contact_id is None:
        return None
    call = cast(Any, row)
    return call_traces.touchpoint(
        call.status, call.direction, row.duration, call.sentiment, row.summary, row.started_at
    )


async def _remember(
    tx: Transaction, before: CallRow | None, row: CallRow | None, remember: bool, now: datetime
) -> bool:
    """Returns whether a memory was taken back."""
    was, wanted = _told(before), _told(row)
    if was == wanted:
        return False
    removed = 0
    if before is not None and before.contact_id is not None:
        removed = await _forget(tx, before.contact_id, _memory_id(before.call_id))
    if row is not None and row.contact_id is not None and wanted is not None and remember:
        await _write(tx, row, row.contact_id, wanted[0], now)
        await queue_after_change(tx, row.contact_id, now)
    return removed > 0


async def _forget(tx: Transaction, contact_id: str, memory_id: str) -> int:
    """Takes a memory back, with what it said before somebody corrected it."""
    around = [records.memory(row) for row in await memories.with_predecessors(tx, contact_id, memory_id)]
    return await memories.remove(tx, contact_id, [memory_id, *history.earlier_wordings([memory_id], around)])


def _told(row: CallRow | None) -> tuple[str, datetime, str] | None:
    """What is to be remembered of a call, of when and with whom."""
    if row is None or row.contact_id is None:
        return None
    text = call_traces.memory_text(cast(Any, row).status, row.summary)
    return None if text is None else (text, row.started_at, row.contact_id)


async def _write(tx: Transaction, row: CallRow, contact_id: str, text: str, now: datetime) -> None:
    found = await snapshots.whole(tx, contact_id)
    if found is None:
        return
    written = writing.happened(
        Note(content=text, occurred_at=row.started_at, type="episode", sources=(row.call_id,)),
        records.profile(found.contact),
        [records.memory(memory) for memory in found.memories],
        [records.entity(entity) for entity in found.entities],
        memory_id=_memory_id(row.call_id),
        now=now,
        zone=ZoneInfo(found.zone),
    )
    await memories.add(tx, [records.memory_row(written.memory, tx.tenant_id, contact_id, [])])
    await memories.meet(tx, [records.entity_row(entity, tx.tenant_id, contact_id, now) for entity in written.met])


def _memory_id(call_id: str) -> str:
    """The memory of a call has an id of its own, by which it is found again."""
    return f"mem_{call_id}"


async def _name(tx: Transaction, before: CallRow | None, row: CallRow, contact: ContactRow) -> None:
    """A contact that was made known by its number is called what callers tell, until somebody says otherwise."""
    ours = contact.display_name is None or (before is not None and contact.display_name == before.caller_name)
    named_so = row.caller_name is not None and row.caller_name != contact.display_name
    if contact.channel == PHONE and ours and named_so:
        await contacts.change(tx, contact.contact_id, {"display_name": row.caller_name})
