"""Two contacts made one: everything of the other becomes the one's that stays, in one transaction."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from server import ids
from server.domain import merging
from server.domain.churn import risk_of
from server.domain.errors import Conflict, InvalidInput, NotFound
from server.domain.outreach.merging import Planned, settled
from server.usecases import audit, records
from server.usecases.churn_model import parameters
from server.usecases.consolidation import queue_after_change
from server.usecases.enrichment import queue_enrichment
from server.usecases.outreach.consent import heed_general_refusal
from server.usecases.services import Services
from server.usecases.snapshots import Change
from server.usecases.warmth import recompute_contact
from store import consents, contact_data, contacts, joining, memories, merges, moving, queue, snapshots, triggers
from store.database import Transaction
from store.errors import UniqueViolation
from store.tables.contact import ContactRow
from store.tables.crm import MergeRow

UNDO: Final = timedelta(days=30)
"""How long a merge can be undone."""

IMAGE: Final = ("status", "valid_to", "superseded_by")
"""The columns of a memory that a merge may change."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The merge, and the ids of the contact that stays and of the other."""

    merge: MergeRow
    contact_id: str
    other_id: str


async def merge_contacts(services: Services, tenant_id: str, contact_id: str, other_id: str) -> Merged:
    """Makes everything of `other_id` the contact's; from here on the other's id leads to it.

    An id that was merged before stands for the contact that it leads to. Raises InvalidInput for a contact and itself,
    NotFound, and Conflict where both have a record of the same id, as copies of one export do.
    """
    other_id = await _present(services, tenant_id, other_id)
    if contact_id == other_id:
        raise InvalidInput.of("other_id", "must be another contact")
    now = services.clock()
    result: list[MergeRow] = []

    async def work(tx: Transaction) -> dict[str, Change]:
        result.clear()
        kept, other = await _both(tx, contact_id, other_id)
        merge = await _merge(tx, kept, other, now)
        result.append(merge)
        for target in (contact_id, other_id):
            await audit.record(tx, target=target)
        # The other is gone, but may come back: its version goes on.
        return {
            contact_id: Change(await recompute_contact(tx, contact_id, now) or 0),
            other_id: Change(other.version + 1, erases=True),
        }

    try:
        await services.snapshots.change_many(tenant_id, (contact_id, other_id), work)
    except UniqueViolation as error:
        raise Conflict("Both contacts have a record of the same id, so they cannot become one.") from error
    await queue_enrichment(services, tenant_id, contact_id)
    return Merged(result[0], contact_id, other_id)


async def list_merges(services: Services, tenant_id: str, contact_id: str) -> list[MergeRow]:
    """The merges that a contact was part of, the newest first. Raises NotFound."""
    async with services.database.transaction(tenant_id) as tx:
        if await contacts.get(tx, contact_id) is None:
            raise NotFound.contact(contact_id)
        return await merges.of_contact(tx, contact_id)


async def _present(services: Services, tenant_id: str, contact_id: str) -> str:
    async with services.database.transaction(tenant_id) as tx:
        if await contacts.get(tx, contact_id) is not None:
            return contact_id
        stayed = await merges.leads_to(tx, contact_id)
    if stayed is None:
        raise NotFound.contact(contact_id)
    return stayed


async def _both(tx: Transaction, contact_id: str, other_id: str) -> tuple[ContactRow, ContactRow]:
    """Both contacts, held in the order of their ids, in which everybody holds several."""
    found: dict[str, ContactRow] = {}
    for one in sorted((contact_id, other_id)):
        row = await contacts.get(tx, one, lock=True)
        if row is None:
            raise NotFound.contact(one)
        found[one] = row
    return found[contact_id], found[other_id]


async def _merge(tx: Transaction, kept: ContactRow, other: ContactRow, now: datetime) -> MergeRow:
    into, gone = kept.contact_id, other.contact_id
    before = {"kept": await moving.contact_row(tx, into), "other": await moving.contact_row(tx, gone)}
    counts = await joining.counts(tx, into)
    earlier = [row.merged_at for one in (into, gone) if (row := await merges.newest(tx, one)) is not None]
    planned = await joining.planned(tx, (into, gone))
    changed = await _settle_memories(tx, into, gone)
    shifted = await _shift(tx, kept, gone)
    turns = await joining.loosen_turns(tx, into, gone)
    await _settle_triggers(tx, planned, into, gone)
    combined = await moving.pairs(tx, into, gone, merging.COMBINE)
    moved = await moving.move(tx, into, gone, combined)
    await queue.cancel_contact(tx, gone)
    await contact_data.delete_row(tx, gone)
    await _become(tx, kept, other, before, combined)
    # What was merged last is undone first, so no two are of one instant.
    merged_at = max([now, *(at + timedelta(microseconds=1) for at in earlier)])
    merge = MergeRow(
        tenant_id=tx.tenant_id,
        merge_id=ids.new("mrg", now),
        contact_id=into,
        merged_contact_id=gone,
        merged_channel=other.channel,
        merged_external_id=other.external_id,
        merged_at=merged_at,
        undo_until=merged_at + UNDO,
        undone_at=None,
        moved={
            "contact": before["other"],
            "kept": {"before": before["kept"], "made": await moving.contact_row(tx, into)},
            "counts": list(counts),
            "rows": moved,
            "combined": {name: [[p.kept, p.other, p.made] for p in pairs] for name, pairs in combined.items() if pairs},
            "memories": changed,
            "sequences": list(shifted),
            "turns": turns,
            "triggers": await _changed_triggers(tx, planned),
        },
    )  # fmt: skip
    await merges.put(tx, merge)
    await queue_after_change(tx, into, now)
    return merge


async def _settle_memories(tx: Transaction, into: str, gone: str) -> dict[str, list[dict[str, Any]]]:
    """Ends what the other contact's memories say anew. Returns the columns IMAGE of each, before and after."""
    held = {}
    for contact_id in (into, gone):
        whole = await snapshots.whole(tx, contact_id)
        held[contact_id] = [records.memory(row) for row in whole.memories] if whole else []
    ended = merging.superseded(held[into], held[gone])
    images: dict[str, list[dict[str, Any]]] = {}
    for contact_id, remembered in held.items():
        for memory in remembered:
            if memory.id in ended:
                after = records.closed(ended[memory.id])
                images[memory.id] = [image(records.closed(memory)), image(after)]
                await memories.change(tx, contact_id, memory.id, after)
    return images


def image(columns: dict[str, Any]) -> dict[str, Any]:
    """Columns as JSON has them."""
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in columns.items()}


async def _shift(tx: Transaction, kept: ContactRow, gone: str) -> tuple[int, int]:
    """Puts the other's memories behind the kept one's, so that no two turns share a place. Returns by how much.

    By even numbers: the halves of a turn are told by theirs.
    """
    last, first = await joining.sequence_ends(tx, kept.contact_id)
    up, down = max(2 * kept.total_messages, last + 1), min(0, first)
    shifted = up + up % 2, down - down % 2
    await joining.shift_sequences(tx, gone, *shifted)
    return shifted


async def _settle_triggers(tx: Transaction, planned: dict[str, dict[str, Any]], into: str, gone: str) -> None:
    of = {owner: [_planned(row) for row in planned.values() if row["contact_id"] == owner] for owner in (into, gone)}
    await joining.change_planned(tx, settled(of[into], of[gone]))


def _planned(row: dict[str, Any]) -> Planned:
    return Planned(row["trigger_id"], row["status"], row["occasion"], row["dedupe_key"], row["in_doubt"])


async def _become(
    tx: Transaction,
    kept: ContactRow,
    other: ContactRow,
    before: dict[str, dict[str, Any]],
    combined: dict[str, list[moving.Pair]],
) -> None:
    """Writes who the contact that stays is now, and how it stands with it; heeds what either refused."""
    into = kept.contact_id
    profile = merging.profile_of(before["kept"], before["other"])
    shared = [sum(pair.kept is not None for pair in combined[name]) for name in ("sessions", "days")]
    state = merging.state_of(
        records.state(kept),
        records.state(other),
        shared=(shared[0], shared[1]),
        days=await joining.days(tx, into),
        spans=await joining.spans(tx, into),
    )
    if state.last_active_at is not None:
        state = replace(state, churn_risk=round(risk_of(state, await parameters(tx), state.last_active_at), 6))
    await contacts.change(tx, into, {**profile, **records.state_columns(state)})
    for said in await consents.of_contact(tx, into):
        if said.status == "opted_out":
            await triggers.withdraw(tx, into, "opted_out", channel=said.channel)
    if profile["outreach_consent"] is False:
        await heed_general_refusal(tx, into)


async def _changed_triggers(tx: Transaction, planned: dict[str, dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The columns PLANNED of the triggers that the merge changed, before and after."""
    after = await joining.states(tx, list(planned))
    found: dict[str, list[dict[str, Any]]] = {}
    for trigger_id, row in planned.items():
        was = {name: row[name] for name in joining.PLANNED}
        if after[trigger_id] != was:
            found[trigger_id] = [image(was), image(after[trigger_id])]
    return found
