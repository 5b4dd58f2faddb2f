"""The deferred work on a contact's memories: queued by ingest, run by the job worker and by the endpoint."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from server.domain import consolidation
from server.domain.errors import NotFound
from server.usecases import records
from server.usecases.outreach.occasions import make_of_contact
from server.usecases.services import Services
from server.usecases.snapshots import Change
from store import contacts, memories, queue, snapshots
from store.database import Transaction

Task = Literal["embed_memories", "merge_duplicates", "extract_entities", "check_triggers"]

ALL_TASKS: Final[tuple[Task, ...]] = ("embed_memories", "merge_duplicates", "extract_entities", "check_triggers")

AFTER_INGEST: Final[tuple[Task, ...]] = ("merge_duplicates", "extract_entities")
"""What a turn queues. Embedding and triggers have nothing to work with until a tenant configures them."""

JOB: Final = "consolidate_memories"

_SETTLE: Final = timedelta(seconds=30)
"""Turns of a chat follow each other by seconds; waiting a little lets one run serve many of them."""


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What one task did; `skipped` where there is nothing it could work with."""

    task: Task
    status: Literal["done", "skipped"]
    changed: int = 0


def job_after_turn(tenant_id: str, contact_id: str, now: datetime) -> queue.Job:
    """The deferred tasks of a turn, to be queued where none wait under the same name."""
    return queue.Job(
        JOB,
        {"tenant_id": tenant_id, "contact_id": contact_id, "tasks": AFTER_INGEST},
        name=job_name(tenant_id, contact_id),
        not_before=now + _SETTLE,
    )


def job_name(tenant_id: str, contact_id: str) -> str:
    """The name under which a contact's waiting consolidation is found."""
    return f"{JOB}:{tenant_id}/{contact_id}"


async def consolidate_memories(
    services: Services, tenant_id: str, contact_id: str, tasks: Sequence[Task]
) -> list[TaskResult]:
    """Runs the tasks over the contact's memories; running them again changes nothing. Raises NotFound."""
    wanted = tuple(dict.fromkeys(tasks or ALL_TASKS))
    results = await _consolidate(services, tenant_id, contact_id, wanted)
    if "check_triggers" not in wanted:
        return results
    # After the others: what they merged or removed is no occasion any more.
    made = await make_of_contact(services, tenant_id, contact_id)
    checked = TaskResult("check_triggers", "done", made)
    return [checked if result.task == "check_triggers" else result for result in results]


async def _consolidate(services: Services, tenant_id: str, contact_id: str, wanted: Sequence[Task]) -> list[TaskResult]:
    # Most runs find nothing to do. Only one that does takes the contact's lock and has caches read anew.
    async with services.database.transaction(tenant_id) as tx:
        plan = await _plan(tx, contact_id, wanted)
    if not any(plan.values()):
        return _results(plan)
    done: list[TaskResult] = []

    async def work(tx: Transaction) -> Change:
        row = await contacts.get(tx, contact_id, lock=True)
        if row is None:
            raise NotFound.contact(contact_id)
        locked = await _plan(tx, contact_id, wanted)
        for step in locked.values():
            for memory_id, columns in step.changed.items() if step else ():
                await memories.change(tx, contact_id, memory_id, columns)
            if step:
                await memories.remove(tx, contact_id, step.removed)
                await memories.remove_entities(tx, contact_id, step.removed_entities)
        done[:] = _results(locked)
        version = await contacts.change(tx, contact_id, {})
        return Change(version or row.version)

    await services.snapshots.change(tenant_id, contact_id, work)
    return done


@dataclass(frozen=True, slots=True)
class _Step:
    """What one task would do: columns of memories by id, and what would go."""

    changed: dict[str, dict[str, Any]]
    removed: tuple[str, ...] = ()
    removed_entities: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.changed) + len(self.removed) + len(self.removed_entities)


async def _plan(tx: Transaction, contact_id: str, tasks: Sequence[Task]) -> dict[Task, _Step | None]:
    """What each task would do now; None for a task that has nothing to work with."""
    found = await snapshots.whole(tx, contact_id)
    if found is None:
        raise NotFound.contact(contact_id)
    remembered = [records.memory(row) for row in found.memories]
    entities = [records.entity(row) for row in found.entities]
    plan: dict[Task, _Step | None] = {}
    for task in tasks:
        if task == "merge_duplicates":
            merged = consolidation.merge_duplicates(remembered)
            plan[task] = _Step(
                {
                    m.id: {
                        "sources": list(m.sources),
                        "entity_ids": list(m.entity_ids),
                        "importance": m.importance,
                    }
                    for m in merged.grown
                },
                merged.gone,
            )
            grown, gone = {m.id: m for m in merged.grown}, frozenset(merged.gone)
            remembered = [grown.get(m.id, m) for m in remembered if m.id not in gone]
        elif task == "extract_entities":
            linked = consolidation.link_entities(remembered, entities)
            changed = {m.id: {"entity_ids": list(m.entity_ids)} for m in linked.relinked}
            plan[task] = _Step(changed, removed_entities=linked.unmentioned)
        else:
            plan[task] = None
    return plan


def _results(plan: dict[Task, _Step | None]) -> list[TaskResult]:
    return [
        TaskResult(task, "skipped") if step is None else TaskResult(task, "done", len(step))
        for task, step in plan.items()
    ]
