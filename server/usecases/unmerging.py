"""A merge undone: what moved goes back, as far as it is still there, and what came since stays where it came to."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from server.domain import history, merging
from server.domain.churn import risk_of
from server.domain.errors import Conflict, NotFound
from server.domain.memory import Memory
from server.usecases import audit, records
from server.usecases.churn_model import parameters
from server.usecases.consolidation import queue_after_change
from server.usecases.enrichment import queue_enrichment
from server.usecases.merges import Merged, image
from server.usecases.services import Services
from server.usecases.snapshots import Change
from server.usecases.warmth import recompute_contact
from store import contacts, joining, memories, merges, moving, snapshots
from store.database import Transaction
from store.errors import UniqueViolation
from store.tables.crm import MergeRow

_INSTANTS: Final = ("valid_to", "claimed_until")


async def undo_merge(services: Services, tenant_id: str, merge_id: str) -> Merged:
    """Makes two contacts of the one again.

    Raises NotFound, and Conflict where it was undone before, its time is over, what it needs was forgotten, or another
    merge into the same contact came later and stands in the way.
    """
    now = services.clock()
    async with services.database.transaction(tenant_id) as tx:
        known = await merges.get(tx, merge_id)
    if known is None:
        raise NotFound.merge(merge_id)
    kept, other = known.contact_id, known.merged_contact_id
    result: list[MergeRow] = []

    async def work(tx: Transaction) -> dict[str, Change]:
        result.clear()
        if await contacts.get(tx, kept, lock=True) is None:
            raise NotFound.merge(merge_id)
        merge = await merges.get(tx, merge_id, lock=True)
        if merge is None:
            raise NotFound.merge(merge_id)
        await _check(tx, merge, kept, now)
        versions = await _undo(tx, merge, now)
        await merges.undone(tx, merge_id, now)
        for contact_id in (kept, other):
            await queue_after_change(tx, contact_id, now)
            await audit.record(tx, target=contact_id)
        result.append(replace(merge, undone_at=now, moved={}))
        return {contact_id: Change(version, erases=True) for contact_id, version in versions.items()}

    try:
        await services.snapshots.change_many(tenant_id, (kept, other), work)
    except UniqueViolation as error:
        raise Conflict("Another contact has the id of the one that was merged, or a record of it.") from error
    for contact_id in (kept, other):
        await queue_enrichment(services, tenant_id, contact_id)
    return Merged(result[0], kept, other)


async def _check(tx: Transaction, merge: MergeRow, kept: str, now: datetime) -> None:
    if merge.undone_at is not None:
        raise Conflict("The merge was undone before.")
    newest = await merges.newest(tx, kept)
    if merge.contact_id != kept or newest is None or newest.merge_id != merge.merge_id:
        way = "another merge" if newest is None else f"merge {newest.merge_id}"
        raise Conflict(
            f"The contact became part of {way} later; undo that one first.",
            details={} if newest is None else {"merge_id": newest.merge_id},
        )
    if now > merge.undo_until:
        raise Conflict("A merge can be undone within 30 days.")
    if not merge.moved:
        raise Conflict("What was known of the contact was forgotten since; nothing is left to take apart.")


async def _undo(tx: Transaction, merge: MergeRow, now: datetime) -> dict[str, int]:
    """Takes the two apart. Returns their versions."""
    kept, other, was = merge.contact_id, merge.merged_contact_id, merge.moved
    today = await moving.contact_row(tx, kept)
    await _restore_memories(tx, kept, was["memories"])
    version = was["contact"]["version"] + 2
    refused = today["outreach_consent"] is False and was["kept"]["made"]["outreach_consent"] is not False
    consent = False if refused else was["contact"]["outreach_consent"]
    await moving.restore_contact(tx, {**was["contact"], "version": version, "outreach_consent": consent})
    await moving.move_back(tx, kept, other, await _rows(tx, kept, was["rows"]))
    up, down = was["sequences"]
    await joining.shift_sequences(tx, other, -up, -down)
    await joining.rename_turns(tx, other, was["turns"])
    await _restore_triggers(tx, kept, was["triggers"])
    touched = {name: await _take_apart(tx, name, kept, other, pairs) for name, pairs in was["combined"].items()}
    await joining.respan(tx, kept, touched.get("sessions", []))
    met = [pair[1]["entity_id"] for pair in was["combined"].get("entities", []) if pair[0] is None]
    await joining.drop_unmentioned(tx, kept, met)
    await _part_memories(tx, kept, other)
    await _be_again(tx, kept, was, today)
    return {one: await recompute_contact(tx, one, now) or 0 for one in sorted((kept, other))}


async def _rows(tx: Transaction, kept: str, moved: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """The keys of what goes back: what moved, and what came since of the calls and events that moved."""
    since = await joining.of_calls(tx, kept, [call_id for (call_id,) in moved.get("calls", [])])
    edges = await joining.edges_of(tx, kept, [tracked_id for (tracked_id,) in moved.get("tracking", [])])
    since |= {"tracking": edges, "graph_edges": edges}
    found = dict(moved)
    for name, keys in since.items():
        known = {tuple(key) for key in moved.get(name, [])}
        found[name] = [*moved.get(name, []), *(key for key in keys if tuple(key) not in known)]
    return found


async def _restore_memories(tx: Transaction, kept: str, images: Mapping[str, Any]) -> None:
    """What ended because of the merge is true again, unless something came of it since."""
    if not images:
        return
    whole = await snapshots.whole(tx, kept)
    held = {row.memory_id: row for row in whole.memories} if whole else {}
    for memory_id, (before, made) in images.items():
        successor = held.get(made["superseded_by"])
        if memory_id not in held or (successor is not None and successor.status == "superseded"):
            # What ended it ended too: see `_part_memories`.
            continue
        if image(records.closed(records.memory(held[memory_id]))) == made:
            await memories.change(tx, kept, memory_id, _columns(before))


async def _restore_triggers(tx: Transaction, kept: str, images: Mapping[str, Any]) -> None:
    """What was cancelled because of the merge is planned again, unless something came of it since."""
    states = await joining.states(tx, list(images))
    planned = await joining.planned(tx, [kept])
    taken = {row[name] for row in planned.values() for name in ("dedupe_key", "occasion")} - {None}
    for trigger_id, (before, made) in images.items():
        if trigger_id not in states or image(states[trigger_id]) != made:
            continue
        if trigger_id in planned and {before["dedupe_key"], before["occasion"]} & (taken - set(made.values())):
            continue
        await joining.change_planned(tx, {trigger_id: _columns(before)})


def _columns(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Columns from JSON."""
    return {
        name: datetime.fromisoformat(value) if name in _INSTANTS and value is not None else value
        for name, value in stored.items()
    }


async def _take_apart(tx: Transaction, name: str, kept: str, other: str, pairs: list[Any]) -> list[Any]:
    """Makes two rows of each that two became, and gives back what only the other had.

    Returns the keys of the rows to which something was added since.
    """
    held = await moving.held(tx, name, kept, [made for _, _, made in pairs])
    keeps, gives, drops, touched = [], [], [], []
    for before, theirs, made in pairs:
        (key,) = moving.key_list(name, [made])
        today = held.get(tuple(key))
        ours, back = merging.taken_apart(name, before, theirs, made, today)
        if ours is not None and ours != today:
            keeps.append(ours)
        if ours is None and today is not None:
            drops.append(today)
        if back is not None:
            gives.append(back)
        if today is not None and today != made:
            touched.append(key[0])
    await moving.take_apart(tx, name, kept, other, keeps=keeps, gives=gives, drops=drops)
    return touched


async def _part_memories(tx: Transaction, kept: str, other: str) -> None:
    """What one contact's memories ended of the other's since the merge is true again, where nothing of its own did."""
    of: dict[str, list[Memory]] = {}
    for contact_id in (kept, other):
        whole = await snapshots.whole(tx, contact_id)
        of[contact_id] = [records.memory(row) for row in whole.memories] if whole else []
    together = [*of[kept], *of[other]]
    for contact_id, elsewhere in ((kept, other), (other, kept)):
        own = {m.id: m for m in of[contact_id]}
        parted = history.handed_on({m.id for m in of[elsewhere]}, together)
        for memory_id, memory in parted.items():
            by = own.get(memory.superseded_by or "")
            until = memory.valid_to if by is None else max(memory.valid_from, by.valid_from)
            await memories.change(tx, contact_id, memory_id, records.closed(replace(memory, valid_to=until)))


async def _be_again(tx: Transaction, kept: str, was: Mapping[str, Any], today: dict[str, Any]) -> None:
    """Writes who the kept contact is now, and how it stands with it."""
    before, made = was["kept"]["before"], was["kept"]["made"]
    counts = await joining.counts(tx, kept)
    state = merging.state_apart(
        _state(before),
        _state(made),
        _state(today),
        new=(counts[0] - was["counts"][0], counts[1] - was["counts"][1]),
        days=await joining.days(tx, kept),
        spans=await joining.spans(tx, kept),
    )
    if state != _state(before) and state.last_active_at is not None:
        state = replace(state, churn_risk=round(risk_of(state, await parameters(tx), state.last_active_at), 6))
    profile = merging.profile_apart(before, made, today)
    await contacts.change(tx, kept, {**profile, **records.state_columns(state)})


def _state(row: dict[str, Any]) -> Any:
    return records.state_of({name: _value(name, value) for name, value in row.items()})


def _value(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name.endswith("_at"):
        return datetime.fromisoformat(value)
    return datetime.fromisoformat(value).date() if name == "streak_last_day" else value
