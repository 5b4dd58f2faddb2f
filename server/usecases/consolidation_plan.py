"""What the deferred pass would do to a contact's memories: read, then thought through without a transaction open."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, cast
from zoneinfo import ZoneInfo

from server.domain import consolidation, deriving, duplicates, patterns, topics
from server.domain.errors import NotFound
from server.domain.memory import Entity, Memory
from server.domain.words import Mood
from server.usecases import records
from store import consolidation as store
from store import contacts, memories, snapshots
from store.database import Transaction
from store.tables.memory import MemoryRow

Task = Literal["embed_memories", "merge_duplicates", "extract_entities", "check_triggers"]

_MOST_SESSIONS: Final = 1_000
_MOST_TURNS: Final = 5_000
"""How much of the log patterns are derived from, newest first; more tells no more."""


@dataclass(frozen=True, slots=True)
class Found:
    """A contact as its deferred work finds it. `interaction_ids` are those of each memory; `withheld` are marks."""

    tenant_id: str
    contact_id: str
    version: int
    zone: ZoneInfo
    language: str
    memories: list[Memory]
    interaction_ids: dict[str, list[str]]
    entities: list[Entity]
    sessions: list[patterns.Session]
    feelings: list[patterns.Feeling]
    withheld: frozenset[str]


@dataclass(frozen=True, slots=True)
class Unit:
    """Changes that belong together: columns of memories by id, new memories, ids of what goes; and how they count."""

    changed: dict[str, dict[str, Any]] = field(default_factory=dict)
    added: tuple[MemoryRow, ...] = ()
    removed: tuple[str, ...] = ()
    removed_entities: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.changed) + len(self.added) + len(self.removed) + len(self.removed_entities)


@dataclass(frozen=True, slots=True)
class Step:
    """What one task would do, in units that may be done one by one, in order.

    `counts` are numbers that the task tells whether or not it changes anything. It is `idle` where it has nothing that
    it could work with.
    """

    task: Task
    units: tuple[Unit, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    idle: bool = False


async def read(tx: Transaction, contact_id: str) -> Found:
    """What the tasks work with. Raises NotFound."""
    found = await snapshots.whole(tx, contact_id)
    if found is None:
        raise NotFound.contact(contact_id)
    sessions = await store.sessions(tx, contact_id, _MOST_SESSIONS)
    feelings: list[tuple[datetime, str, float]] = []
    if sessions:
        feelings = await store.moods(tx, contact_id, sessions[0][1] - patterns.WINDOW, _MOST_TURNS)
    return Found(
        tenant_id=tx.tenant_id,
        contact_id=contact_id,
        version=found.contact.version,
        zone=ZoneInfo(found.zone),
        language=found.contact.language,
        memories=[records.memory(row) for row in found.memories],
        interaction_ids={row.memory_id: row.interaction_ids for row in found.memories},
        entities=[records.entity(row) for row in found.entities],
        sessions=[patterns.Session(began, last) for began, last in sessions],
        feelings=[patterns.Feeling(at, cast(Mood, mood), sure) for at, mood, sure in feelings],
        withheld=await store.withheld(tx, contact_id),
    )


def plan(found: Found, tasks: Sequence[Task], now: datetime, new_id: Callable[[], str]) -> list[Step]:
    """What each of the tasks would do now, in the order in which they have to be done; each sees what those before do.

    Over what a plan leads to, the plan is empty.
    """
    remembered = found.memories
    steps: list[Step] = []
    for task in ORDER:
        if task not in tasks:
            continue
        if task == "merge_duplicates":
            merged = duplicates.merges(remembered)
            steps.append(Step(task, tuple(_merge_unit(merge, found) for merge in merged)))
            remembered = _after(remembered, merged)
        elif task == "extract_entities":
            linked = consolidation.link_entities(remembered, found.entities)
            relinked = {m.id: m for m in linked.relinked}
            remembered = [relinked.get(m.id, m) for m in remembered]
            steps.append(Step(task, (*_link_units(linked), *_pattern_units(found, remembered, now, new_id))))
        elif task == "check_triggers":
            # Finds the dates that lie ahead and moves birthdays that are over on to the next one, so that whoever sends
            # messages finds them in `event_start`. It sends and schedules nothing.
            moved = consolidation.next_birthdays(remembered, now, found.zone)
            units = (
                Unit({m.id: {"event_start": m.event_start, "event_end": m.event_end}}, counts={"moved": 1})
                for m in moved
            )
            by_id = {m.id: m for m in moved}
            ahead = consolidation.upcoming([by_id.get(m.id, m) for m in remembered], now)
            steps.append(Step(task, tuple(units), counts={"upcoming": len(ahead)}))
        else:
            steps.append(Step(task, idle=True))
    return steps


ORDER: Final[tuple[Task, ...]] = ("merge_duplicates", "extract_entities", "embed_memories", "check_triggers")
"""The order in which tasks are done: what goes is not linked, and what changes is not embedded before it did."""


Batch = list[tuple[Task, Unit]]
"""Units to be done in one transaction, and the tasks that they are of."""


def batches(steps: Sequence[Step], rows: int) -> Iterator[Batch]:
    """The units of all steps, in order, in batches of about so many rows."""
    batch: Batch = []
    size = 0
    for step in steps:
        for unit in step.units:
            batch.append((step.task, unit))
            size += len(unit)
            if size >= rows:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


async def apply(tx: Transaction, contact_id: str, units: Sequence[Unit]) -> None:
    """Does what the units say and moves the contact's version on. The caller holds the contact."""
    for unit in units:
        for memory_id, columns in unit.changed.items():
            await memories.change(tx, contact_id, memory_id, columns)
        await memories.add(tx, unit.added)
    await memories.remove(tx, contact_id, [i for unit in units for i in unit.removed])
    await memories.remove_entities(tx, contact_id, [i for unit in units for i in unit.removed_entities])
    await contacts.change(tx, contact_id, {})


def mark_of(tenant_id: str, contact_id: str, attribute: str) -> str:
    """What is left of a pattern that was deleted by hand: enough to know it again, not to tell what it said."""
    return hashlib.sha256(f"{tenant_id}\0{contact_id}\0{attribute}".encode()).hexdigest()


def _merge_unit(merge: duplicates.Merge, found: Found) -> Unit:
    joined = dict.fromkeys(
        i
        for memory_id in (merge.kept.id, *merge.absorbed, *(m.id for m in merge.ended))
        for i in found.interaction_ids[memory_id]
    )
    return Unit(
        changed={
            merge.kept.id: records.merged(merge.kept, list(joined)),
            **{m.id: records.closed(m) for m in (*merge.ended, *merge.repointed)},
        },
        removed=merge.absorbed,
        counts={"merged": len(merge.absorbed), "superseded": len(merge.ended)},
    )


def _after(remembered: Sequence[Memory], merged: Sequence[duplicates.Merge]) -> list[Memory]:
    changed = {m.id: m for merge in merged for m in (merge.kept, *merge.ended, *merge.repointed)}
    gone = {memory_id for merge in merged for memory_id in merge.absorbed}
    return [changed.get(m.id, m) for m in remembered if m.id not in gone]


def _link_units(linked: consolidation.Linked) -> Iterator[Unit]:
    for memory in linked.relinked:
        yield Unit({memory.id: {"entity_ids": list(memory.entity_ids)}}, counts={"linked": 1})
    if linked.unmentioned:
        yield Unit(removed_entities=linked.unmentioned, counts={"unmentioned": len(linked.unmentioned)})


def _pattern_units(
    found: Found, remembered: Sequence[Memory], now: datetime, new_id: Callable[[], str]
) -> Iterator[Unit]:
    sessions = patterns.recent(found.sessions)
    told = [
        patterns.usual_hours(sessions, found.zone),
        patterns.usual_days(sessions, found.zone),
        *patterns.usual_moods(found.feelings, found.zone),
        *topics.topics(remembered, found.entities, found.language),
    ]
    wanted = [pattern for pattern in told if pattern is not None]
    derived = deriving.derive(
        wanted,
        remembered,
        {
            p.attribute
            for p in wanted
            if found.withheld and mark_of(found.tenant_id, found.contact_id, p.attribute) in found.withheld
        },
        at=max((s.last_turn_at for s in found.sessions), default=now),
        now=now,
        new_id=new_id,
    )
    if derived.added or derived.closed:
        yield Unit(
            changed={m.id: records.closed(m) for m in derived.closed},
            added=tuple(records.memory_row(m, found.tenant_id, found.contact_id, []) for m in derived.added),
            counts={
                "patterns_found": len(derived.added),
                "patterns_withdrawn": sum(m.status == "expired" for m in derived.closed),
            },
        )
