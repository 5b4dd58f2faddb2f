"""Tracking: what users did is queued durably in the log, and projected into the graph behind that."""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Final

from server.domain import metadata, tracking
from server.domain.errors import NotFound
from server.domain.tracking import IMPLIED, STARTS, Told
from server.usecases.services import Services
from store import deadline, graph, queue, tenants
from store import tracking as log
from store.database import Transaction
from store.errors import ForeignKeyViolation, RetryableConflict, StatementTimeout, StoreUnavailable, UniqueViolation
from store.queue import Job
from store.tables.tenant import PLATFORM

logger: Final = logging.getLogger(__name__)

JOB: Final = "project_graph"
"""The deferred task that puts what waits in a tenant's log into its graph."""

EVERYWHERE_JOB: Final = "project_graphs_everywhere"
"""The task by schedule that finds logs for which no job waits."""

QUEUE: Final = "tracking"
"""A queue of its own: the graph is about a second behind, whatever else is to be done."""

_PATIENCE_SECONDS: Final = 4.0
"""How long a caller waits for the log before it is told to try again."""

_SETTLE_SECONDS: Final = 0.2
"""Whoever saw the job waiting, and so put in none, commits within this time; later ones are found by the schedule."""

_BATCH: Final = 500
_TRIES: Final = 4


@dataclass(frozen=True, slots=True)
class Recorded:
    """The event that it belongs to, and whether it is durable; `message` says why not, in words for people."""

    event_id: str
    queued: bool
    message: str | None = None


async def record_interaction(services: Services, tenant_id: str, told: Told) -> Recorded:
    """Puts what a user did into the log, once; the first of what has one id holds.

    Raises InvalidInput, and NotFound for a contact that does not exist. A log that cannot be had raises nothing: the
    answer says to try again, which is safe, because what is told again is known again.
    """
    now = services.clock()
    tracking.check(told, now)
    metadata.check("metadata", told.metadata)
    tracked = tracking.tracked_of(tenant_id, told)
    implied = IMPLIED if told.event_id is None and told.kind not in STARTS else None
    new = log.NewTracked(
        tracked.tracked_id, tracked.kind, tracked.user_id, tracked.contact_id, tracked.event_id, tracked.artifact_id,
        dict(tracked.metadata), tracked.occurred_at, now, implied,
    )  # fmt: skip
    try:
        event_id = await _within(_PATIENCE_SECONDS, _queued(services, tenant_id, new))
    except (StoreUnavailable, StatementTimeout, RetryableConflict, TimeoutError) as error:
        logger.warning("an interaction could not be queued", extra={"reason": type(error).__name__})
        return Recorded(tracked.event_id, queued=False, message="It could not be queued; send it again.")
    return Recorded(event_id, queued=True)


async def _within(seconds: float, work: Coroutine[Any, Any, str]) -> str:
    """The result, or TimeoutError on time: the driver may take longer than that to give up on a silent server."""
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({task}, timeout=min(seconds, deadline.remaining_ms(int(seconds * 1000)) / 1000))
    finally:
        if not task.done():
            _given_up.add(task)
            task.add_done_callback(_forget)
            task.cancel()
    if not task.done():
        raise TimeoutError
    return task.result()


_given_up: Final[set["asyncio.Task[str]"]] = set()
"""Tasks that nobody waits for; held here so that they are not collected before they end."""


def _forget(task: "asyncio.Task[str]") -> None:
    _given_up.discard(task)
    if not task.cancelled():
        # Taken note of here: nobody asks for it.
        task.exception()


async def _queued(services: Services, tenant_id: str, new: log.NewTracked) -> str:
    """The event of what is in the log now. Raises NotFound for the contact."""
    job = Job(JOB, {"tenant_id": tenant_id}, name=f"{JOB}/{tenant_id}", queue=QUEUE)

    async def work(tx: Transaction) -> str:
        if not await log.put(tx, new):
            return await log.event_of(tx, new.tracked_id) or new.event_id
        await queue.put_unless_waiting(tx, job)
        return new.event_id

    for attempt in range(1, _TRIES + 1):
        try:
            return await services.database.run(tenant_id, work)
        except ForeignKeyViolation as error:
            if new.contact_id is not None:
                raise NotFound.contact(new.contact_id) from error
            # The event's contact is being erased at this moment, and the event with it.
            if attempt == _TRIES:
                raise RetryableConflict("erased at once") from error
        except UniqueViolation as error:
            # Another put the same job in at this very moment; looked at again, it waits.
            if attempt == _TRIES:
                raise RetryableConflict("queued at once") from error
    raise AssertionError("unreachable")


async def project_waiting(services: Services, tenant_id: str, *, settle: float = _SETTLE_SECONDS) -> int:
    """Puts everything that waits in the log into the graph, in the order in which it came; returns how many."""
    await asyncio.sleep(settle)
    done = 0
    while count := await _batch(services, tenant_id):
        done += count
    return done


async def _batch(services: Services, tenant_id: str) -> int:
    for attempt in range(1, _TRIES + 1):
        try:
            return await services.database.run(tenant_id, _project)
        except ForeignKeyViolation:
            # A contact of the batch was erased in between, and what was its in the log with it.
            if attempt == _TRIES:
                raise
    raise AssertionError("unreachable")


async def _project(tx: Transaction) -> int:
    head = await graph.lock(tx)
    ids = await log.waiting(tx, _BATCH)
    if ids:
        await log.hold_contacts(tx, ids)
        await log.inherit(tx, ids)
        for generation in head.written:
            await graph.project(tx, generation, ids)
        await log.mark_projected(tx, ids)
    return len(ids)


async def project_everywhere(services: Services) -> None:
    """Puts what waits into the graphs of all active tenants; what an import put into a log, for one, has no job."""
    after = ""
    while True:
        async with services.database.transaction(PLATFORM) as tx:
            page = await tenants.every(tx, after=after)
        if not page:
            return
        for tenant in page:
            if tenant.status == "active" and await services.database.run(tenant.tenant_id, log.any_waiting):
                await project_waiting(services, tenant.tenant_id, settle=0)
        after = page[-1].tenant_id
