"""The deferred work on a contact's memories: queued by ingest, run by the job worker and by the endpoint."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from server import ids
from server.domain.errors import NotFound
from server.usecases import consolidation_plan as planning
from server.usecases.consolidation_plan import Found, Step, Task
from server.usecases.outreach.occasions import make_of_contact
from server.usecases.services import Services
from server.usecases.snapshots import Change
from store import consolidation, contacts, queue
from store.database import Transaction
from store.errors import ForeignKeyViolation
from store.tables.consolidation import ConsolidationTaskRow

ALL_TASKS: Final[tuple[Task, ...]] = ("embed_memories", "merge_duplicates", "extract_entities", "check_triggers")

AFTER_INGEST: Final[tuple[Task, ...]] = ("merge_duplicates", "extract_entities", "check_triggers")
"""What a turn queues. Embedding has nothing to work with until a tenant configures it."""

JOB: Final = "consolidate_memories"

_SETTLE: Final = timedelta(seconds=30)
"""Turns of a chat follow each other by seconds; waiting a little lets one run serve many of them."""

_BATCH: Final = 500
"""About how many rows one transaction changes: a contact is not held for longer, however much it has to tell."""

_OVERTAKEN: Final = 3
"""How often turns may come in before a plan is done; then one is made while the contact is held."""

_ROUNDS: Final = 100
"""How many plans one run makes at most; what is left then is found by the next run."""

Ended = Literal["done", "skipped", "failed"]


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What one task did; `skipped` where there is nothing it could work with, `failed` where it is tried again.

    `changed` counts memories and entities; `counts` says more, by name.
    """

    task: Task
    status: Ended
    changed: int = 0
    counts: dict[str, int] = field(default_factory=dict)


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


async def queue_after_change(tx: Transaction, contact_id: str, now: datetime) -> None:
    """Queues the deferred tasks, unless they wait already. The caller holds the contact."""
    if not await consolidation.waits(tx, job_name(tx.tenant_id, contact_id)):
        await queue.put(tx, job_after_turn(tx.tenant_id, contact_id, now))


async def consolidate_memories(
    services: Services, tenant_id: str, contact_id: str, tasks: Sequence[Task]
) -> list[TaskResult]:
    """Runs the tasks over the contact's memories; running them again changes nothing. Raises NotFound.

    In batches, each of which leaves the contact whole: where the process dies in between, the next run finds what is
    left to do. How each task went is kept, see `consolidation_status`.
    """
    wanted = tuple(dict.fromkeys(tasks or ALL_TASKS))
    run = _Run(services, tenant_id, contact_id, wanted)
    # Most runs find nothing to do. Only one that does takes the contact's lock and has caches read anew.
    steps = await run.plan()
    for _ in range(_ROUNDS):
        if not any(step.units for step in steps):
            break
        await run.apply(steps)
        steps = await run.plan()
    results = run.results(steps)
    if "check_triggers" in wanted and (made := await make_of_contact(services, tenant_id, contact_id)):
        # After the others: what they merged or removed is no occasion any more.
        results = [_with_created(result, made) for result in results]
    await note_results(services, tenant_id, contact_id, results)
    return results


def _with_created(result: TaskResult, made: int) -> TaskResult:
    if result.task != "check_triggers":
        return result
    return replace(result, counts={**result.counts, "created": made})


class _Run:
    """One run of tasks over one contact, and what it has done so far."""

    def __init__(self, services: Services, tenant_id: str, contact_id: str, tasks: Sequence[Task]) -> None:
        self._services = services
        self._tenant_id = tenant_id
        self._contact_id = contact_id
        self._tasks = tasks
        self._version = 0
        self._overtaken = 0
        self._changed: Counter[Task] = Counter()
        self._counts: dict[Task, Counter[str]] = {task: Counter() for task in tasks}

    async def plan(self) -> list[Step]:
        """What is left to do, thought through while nobody waits for the contact."""
        async with self._services.database.transaction(self._tenant_id, isolation="REPEATABLE READ") as tx:
            found = await planning.read(tx, self._contact_id)
        self._version = found.version
        # Off the event loop: a contact with many thousand memories takes a while, and others are being answered.
        return await asyncio.to_thread(self._planned, found)

    def _planned(self, found: Found) -> list[Step]:
        now = self._services.clock()
        return planning.plan(found, self._tasks, now, lambda: ids.new("mem", now))

    async def apply(self, steps: Sequence[Step]) -> None:
        """Does a plan batch by batch, as long as no turn comes in between; then the rest has to be planned anew."""
        for batch in planning.batches(steps, _BATCH):
            if not await self._apply(batch):
                self._overtaken += 1
                break

    async def _apply(self, planned: planning.Batch) -> bool:
        done: list[planning.Batch] = []

        async def work(tx: Transaction) -> Change:
            done.clear()
            row = await contacts.get(tx, self._contact_id, lock=True)
            if row is None:
                raise NotFound.contact(self._contact_id)
            batch = planned
            if row.version != self._version:
                if self._overtaken < _OVERTAKEN:
                    return Change(row.version)
                # Others are answered meanwhile, although this contact is held.
                steps = await asyncio.to_thread(self._planned, await planning.read(tx, self._contact_id))
                batch = next(planning.batches(steps, _BATCH), [])
            await planning.apply(tx, self._contact_id, [unit for _, unit in batch])
            done.append(batch)
            return Change(row.version + 1)

        await self._services.snapshots.change(self._tenant_id, self._contact_id, work)
        for task, unit in (change for batch in done for change in batch):
            self._changed[task] += len(unit)
            self._counts[task].update(unit.counts)
        self._version += 1
        return bool(done) and done[0] is planned

    def results(self, steps: Sequence[Step]) -> list[TaskResult]:
        """How each task went, in the order in which they were asked for; `steps` is the plan of what is left."""
        last = {step.task: step for step in steps}
        return [
            TaskResult(task, "skipped")
            if last[task].idle
            else TaskResult(task, "done", self._changed[task], {**self._counts[task], **last[task].counts})
            for task in self._tasks
        ]


async def note_results(services: Services, tenant_id: str, contact_id: str, results: Sequence[TaskResult]) -> None:
    """Keeps how tasks went, for `consolidation_status`. Raises NotFound where the contact is gone meanwhile."""
    now = services.clock()
    rows = [ConsolidationTaskRow(tenant_id, contact_id, r.task, r.status, r.changed, r.counts, now) for r in results]
    try:
        await services.database.run(tenant_id, lambda tx: consolidation.note(tx, rows))
    except ForeignKeyViolation as error:
        raise NotFound.contact(contact_id) from error


@dataclass(frozen=True, slots=True)
class TaskStatus:
    """How a task's last run ended and when; `result` and `finished_at` are None where it never ran."""

    task: Task
    result: TaskResult | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Status:
    """How far a contact's deferred work is."""

    contact_id: str
    tasks: list[TaskStatus]
    pending: list[consolidation.PendingJob]


async def consolidation_status(services: Services, tenant_id: str, contact_id: str) -> Status:
    """How each task last went, in the order in which they run, and what is queued. Raises NotFound."""
    async with services.database.transaction(tenant_id) as tx:
        if await contacts.get(tx, contact_id) is None:
            raise NotFound.contact(contact_id)
        rows = {row.task: row for row in await consolidation.of_contact(tx, contact_id)}
        pending = await consolidation.pending(tx, contact_id, JOB)
    return Status(contact_id, [_status(task, rows.get(task)) for task in planning.ORDER], pending)


def _status(task: Task, row: ConsolidationTaskRow | None) -> TaskStatus:
    if row is None:
        return TaskStatus(task, None, None)
    ended: Ended = "failed" if row.status == "failed" else "skipped" if row.status == "skipped" else "done"
    return TaskStatus(task, TaskResult(task, ended, row.changed, row.counts), row.finished_at)
