"""Maintenance of a tenant: what time has done to its contacts is worked out and tidied up, batch by batch.

Stage, streak and strength are evaluated when they are read, so nothing that is shown waits for a run. A run keeps what
lists sort by (churn risk), ends memories whose time is over, lets faded ones go, and counts what changed since the last
run. It can break off anywhere: whoever comes next goes on after the last batch. Two at once do the work once.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from server import ids
from server.domain import churn
from server.usecases import retention
from server.usecases.call_settings import remove_lapsed
from server.usecases.churn_model import parameters
from server.usecases.idempotency import forget_expired_of
from server.usecases.maintenance_work import HOLD, fit, step
from server.usecases.services import Services
from server.usecases.tenants import every_tenant
from server.usecases.warmth_upkeep import renew_due
from store import churn_models, maintenance, merges, queue
from store.database import Transaction
from store.errors import UniqueViolation
from store.queue import Job
from store.tables.maintenance import MaintenanceRunRow
from store.tables.tenant import PLATFORM

_BATCH: Final = 200
_LOOK_SECONDS: Final = 0.1
_PATIENCE_SECONDS: Final = 8.0
"""How long a caller is kept waiting for work; the gateway gives up after 15 s."""

_TELLING_SECONDS: Final = 11.0
"""How long a call over all tenants goes on to leave runs to the job worker and tell of them."""

JOB: Final = "maintain_tenant"
"""The deferred task that runs maintenance of one tenant to its end."""

EVERYWHERE_JOB: Final = "maintain_everywhere"
"""The deferred task that queues maintenance of every tenant."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run, the churn model's parameters in use, and whether they were fitted to the tenant's own contacts."""

    row: MaintenanceRunRow
    model: churn.Parameters
    fitted: bool


async def request_maintenance(services: Services, tenant_ids: Sequence[str] | None, *, wait: bool) -> list[Run]:
    """Has maintenance run for these tenants, or for all active ones. Returns the run of each.

    With `wait` it works on them itself for as long as a caller may be kept waiting; the job worker does the rest. Where
    all tenants are so many that even leaving them to it takes too long, those last are queued without being told of.
    """
    begun = time.monotonic()
    ends_at = begun + (_PATIENCE_SECONDS if wait else 0.0)
    runs = []
    for tenant_id in await _active(services) if tenant_ids is None else tenant_ids:
        now = time.monotonic()
        if tenant_ids is None and now >= begun + _TELLING_SECONDS:
            await _queue(services, PLATFORM, _everywhere(services.clock()))
            break
        if now >= ends_at:
            run = await _leave(services, tenant_id)
        else:
            run = await _to_its_end(services, tenant_id, ends_at)
        if run.row.status == "running":
            await _queue(services, tenant_id)
        runs.append(run)
    return runs


async def _to_its_end(services: Services, tenant_id: str, ends_at: float) -> Run:
    """A run of the tenant as it ended; one that another works on is waited for. Still running after `ends_at`."""
    run = await run_maintenance(services, tenant_id, ends_at=ends_at)
    while run.row.status == "running" and time.monotonic() < ends_at:
        await asyncio.sleep(_LOOK_SECONDS)
        run = (
            await run_maintenance(services, tenant_id, ends_at=ends_at)
            if _is_free(services, run)
            else (await last_run(services, tenant_id) or run)
        )
    return run


def _is_free(services: Services, run: Run) -> bool:
    """Whether whoever worked on the run gave no sign of life for so long that it may be taken up."""
    return run.row.held_until <= services.clock()


async def maintain_everywhere(services: Services) -> None:
    """Queues maintenance of every active tenant; for the schedule."""
    for tenant_id in await _active(services):
        await _queue(services, tenant_id)


async def maintain(services: Services, tenant_id: str) -> None:
    """Runs maintenance to its end; for the job worker. Comes again where somebody holds the run, who may have died."""
    run = await run_maintenance(services, tenant_id)
    if run.row.status == "running":
        await _queue(services, tenant_id, replace(_job(tenant_id), not_before=run.row.held_until))


async def run_maintenance(
    services: Services, tenant_id: str, *, ends_at: float | None = None, batch: int = _BATCH
) -> Run:
    """Runs maintenance to its end, or takes up a run that broke off; one under way elsewhere is returned as it is.

    After `ends_at` (of `time.monotonic()`) no further batch is begun, and the run is left for whoever comes next.
    """
    run, is_ours = await services.database.run(tenant_id, lambda tx: _enter(tx, services.clock()))
    if is_ours:
        run = await _work(services, tenant_id, run, ends_at, batch)
    return await _told(services, tenant_id, run)


async def last_run(services: Services, tenant_id: str) -> Run | None:
    """The run that began last; None where there was none."""
    async with services.database.transaction(tenant_id) as tx:
        row = await maintenance.latest(tx)
    return None if row is None else await _told(services, tenant_id, row)


async def _leave(services: Services, tenant_id: str) -> Run:
    """Begins a run, unless one is under way, for whoever takes it up."""

    async def work(tx: Transaction) -> Run:
        row, _ = await _enter(tx, services.clock(), hold=timedelta())
        return await _with_model(tx, row)

    return await services.database.run(tenant_id, work)


async def _told(services: Services, tenant_id: str, row: MaintenanceRunRow) -> Run:
    async with services.database.transaction(tenant_id) as tx:
        return await _with_model(tx, row)


async def _with_model(tx: Transaction, row: MaintenanceRunRow) -> Run:
    held = await churn_models.get(tx)
    return Run(row, await parameters(tx), fitted=held is not None and held.fitted)


async def _active(services: Services) -> list[str]:
    return [tenant.tenant_id async for tenant in every_tenant(services.database) if tenant.status == "active"]


async def _queue(services: Services, tenant_id: str, job: Job | None = None) -> None:
    """Leaves the tenant's work, or another job, to the job worker, unless it waits for it already."""
    wanted = job or _job(tenant_id)
    try:
        await services.database.run(tenant_id, lambda tx: queue.put_unless_waiting(tx, wanted))
    except UniqueViolation:
        # Somebody left it there at this very moment.
        return


def _job(tenant_id: str) -> Job:
    return Job(JOB, {"tenant_id": tenant_id}, name=f"{JOB}/{tenant_id}")


def _everywhere(now: datetime) -> Job:
    return Job(EVERYWHERE_JOB, {"timestamp": int(now.timestamp())}, name=EVERYWHERE_JOB)


async def _work(
    services: Services, tenant_id: str, run: MaintenanceRunRow, ends_at: float | None, batch: int
) -> MaintenanceRunRow:
    if run.after_contact is None and (ends_at is None or time.monotonic() < ends_at):
        await fit(services, tenant_id)
    since = await _since(services, tenant_id)
    run_id, more = run.run_id, True
    while more:
        if ends_at is not None and time.monotonic() >= ends_at:
            free = {"held_until": services.clock()}
            return await services.database.run(tenant_id, partial(maintenance.advance, run_id=run_id, changes=free))
        page, run = await step(services, tenant_id, run, since, batch)
        more = len(page) == batch
    logs = await retention.forget_old_turns_of(services.database, tenant_id, services.clock())
    await renew_due(services, tenant_id)
    keys = await forget_expired_of(services.database, tenant_id, services.clock())
    await remove_lapsed(services.database, tenant_id, services.clock())
    await services.database.run(tenant_id, lambda tx: merges.spend(tx, services.clock()))
    # No id of a contact outlasts the run.
    finished = {"status": "completed", "finished_at": services.clock(), "after_contact": None}
    return await services.database.run(
        tenant_id, lambda tx: maintenance.advance(tx, run_id, finished, logs_removed=logs, keys_removed=keys)
    )


async def _enter(tx: Transaction, now: datetime, hold: timedelta = HOLD) -> tuple[MaintenanceRunRow, bool]:
    """The run to work on, held for so long, and whether it is this caller's to do."""
    latest = await maintenance.latest(tx, lock=True)
    if latest is not None and latest.status == "running":
        if latest.held_until > now:
            return latest, False
        return await maintenance.advance(tx, latest.run_id, {"held_until": now + hold}), True
    run = MaintenanceRunRow(
        tx.tenant_id, ids.new("mnt", now), "running", now, None, None, now + hold, 0, 0, 0, 0, 0, 0, 0, 0
    )
    await maintenance.begin(tx, run)
    return run, True


async def _since(services: Services, tenant_id: str) -> datetime:
    async with services.database.transaction(tenant_id) as tx:
        finished = await maintenance.last_finished(tx)
    return finished or services.clock()
