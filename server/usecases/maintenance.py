"""Maintenance of a tenant: what time has done to its contacts is worked out and tidied up, batch by batch.

Stage, streak and strength are evaluated when they are read, so nothing that is shown waits for a run. A run keeps what lists
sort by (churn risk), ends memories whose time is over, lets faded ones go, and counts what changed since the last run.
It can break off anywhere: whoever comes next goes on after the last batch. Two at once do the work once.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from server import ids
from server.domain import churn, keeping, relationship
from server.domain.churn.fitting import fit
from server.domain.decay import HALF_LIFE_DAYS
from server.domain.errors import NotFound
from server.usecases import records, retention
from server.usecases.churn import history_of, parameters, risks
from server.usecases.idempotency import forget_expired_of
from server.usecases.services import Services
from server.usecases.snapshots import Change, build
from store import analytics, churn_models, contacts, maintenance, memories, tenants
from store.database import Transaction
from store.tables.contact import ContactRow
from store.tables.maintenance import ChurnModelRow, MaintenanceRunRow
from store.tables.tenant import PLATFORM

_HOLD: Final = timedelta(seconds=60)
"""Whoever works on a run says so again within this time; after it the run may be taken up by another."""

_BATCH: Final = 200
_NOTABLE: Final = 0.001
"""A change of a risk below this is not written."""


async def run_maintenance(services: Services, tenant_id: str, *, batch: int = _BATCH) -> MaintenanceRunRow:
    """Runs maintenance to its end, or takes up a run that broke off; one that is under way elsewhere is returned as is."""
    run, is_ours = await services.database.run(tenant_id, lambda tx: _enter(tx, services.clock()))
    if not is_ours:
        return run
    if run.after_contact is None:
        await _fit(services, tenant_id)
    last = await _since(services, tenant_id)
    while True:
        page, run = await _step(services, tenant_id, run, last, batch)
        if len(page) < batch:
            break
    logs = await retention.forget_old_turns_of(services.database, tenant_id, services.clock())
    keys = await forget_expired_of(services.database, tenant_id, services.clock())
    finished = {"status": "completed", "finished_at": services.clock()}
    return await services.database.run(
        tenant_id,
        lambda tx: maintenance.advance(tx, run.run_id, finished, logs_removed=logs, keys_removed=keys),
    )


async def run_maintenance_everywhere(services: Services, each: Callable[[MaintenanceRunRow], None]) -> None:
    """Runs maintenance of every active tenant, one after the other; `each` hears of every run as it ends."""
    after = ""
    while True:
        async with services.database.transaction(PLATFORM) as tx:
            page = await tenants.every(tx, after=after)
        if not page:
            return
        for tenant in page:
            if tenant.status == "active":
                each(await run_maintenance(services, tenant.tenant_id))
        after = page[-1].tenant_id


async def last_run(services: Services, tenant_id: str) -> MaintenanceRunRow | None:
    """The run that began last; None where there was none."""
    async with services.database.transaction(tenant_id) as tx:
        return await maintenance.latest(tx)


async def model_in_use(services: Services, tenant_id: str) -> tuple[churn.Parameters, bool]:
    """The churn model's parameters, and whether they were fitted to the tenant's own contacts."""
    async with services.database.transaction(tenant_id) as tx:
        row = await churn_models.get(tx)
        return await parameters(tx), row is not None and row.fitted


async def _enter(tx: Transaction, now: datetime) -> tuple[MaintenanceRunRow, bool]:
    """The run to work on, and whether it is this caller's to do."""
    latest = await maintenance.latest(tx, lock=True)
    if latest is not None and latest.status == "running":
        if latest.held_until > now:
            return latest, False
        return await maintenance.advance(tx, latest.run_id, {"held_until": now + _HOLD}), True
    run = MaintenanceRunRow(
        tx.tenant_id, ids.new("mnt", now), "running", now, None, None, now + _HOLD, 0, 0, 0, 0, 0, 0, 0, 0
    )
    await maintenance.begin(tx, run)
    return run, True


async def _since(services: Services, tenant_id: str) -> datetime:
    async with services.database.transaction(tenant_id) as tx:
        finished = await maintenance.last_finished(tx)
    return finished or services.clock()


async def _fit(services: Services, tenant_id: str) -> None:
    """Fits the churn model to the tenant's contacts; where they do not settle it, what holds so far stays."""
    now = services.clock()
    async with services.database.transaction(tenant_id) as tx:
        lives, held = await analytics.lives(tx), await parameters(tx)
    found = await asyncio.to_thread(fit, *history_of(lives, now), prior=held)
    if found.kept_because is not None:
        return
    model = found.parameters
    row = ChurnModelRow(
        tenant_id, model.r, model.alpha, model.a, model.b, fitted=True, contacts=found.contacts, fitted_at=now
    )
    await services.database.run(tenant_id, lambda tx: churn_models.put(tx, row))


async def _step(
    services: Services, tenant_id: str, run: MaintenanceRunRow, since: datetime, batch: int
) -> tuple[list[str], MaintenanceRunRow]:
    """One batch: first the memories, contact by contact; then risks and progress, in one transaction."""
    now = services.clock()
    async with services.database.transaction(tenant_id) as tx:
        page = await maintenance.contact_ids(tx, run.after_contact or "", batch)
        untidy = await maintenance.untidy(
            tx, page, now, minor=keeping.MINOR, faint=keeping.FAINT, half_lives=HALF_LIFE_DAYS
        )
    pruned = expired = 0
    for contact in untidy:
        gone, over = await _tidy(services, tenant_id, contact.contact_id, now)
        pruned, expired = pruned + gone, expired + over

    async def work(tx: Transaction) -> MaintenanceRunRow:
        rows = list((await contacts.by_ids(tx, page)).values())
        changed = await _renew_risks(tx, rows, now)
        zone = await tenants.time_zone(tx)
        return await maintenance.advance(
            tx,
            run.run_id,
            {"held_until": now + _HOLD, "after_contact": page[-1] if page else run.after_contact},
            contacts=len(page),
            churn_updated=changed,
            stages_changed=sum(_stage_changed(row, since, now) for row in rows),
            streaks_ended=sum(_streak_ended(row, zone, since, now) for row in rows),
            memories_pruned=pruned,
            memories_expired=expired,
        )

    return page, await services.database.run(tenant_id, work)


async def _renew_risks(tx: Transaction, rows: list[ContactRow], now: datetime) -> int:
    alive = [row for row in rows if row.first_active_at is not None and row.last_active_at is not None]
    lives = analytics.Lives(
        [row.contact_id for row in alive],
        [row.active_days for row in alive],
        [row.first_active_at for row in alive if row.first_active_at],
        [row.last_active_at for row in alive if row.last_active_at],
    )
    found = risks(await parameters(tx), lives, now)
    changed = [(row.contact_id, float(risk)) for row, risk in zip(alive, found, strict=True)
               if abs(row.churn_risk - risk) > _NOTABLE]  # fmt: skip
    if changed:
        await maintenance.set_risks(tx, [i for i, _ in changed], [risk for _, risk in changed])
    return len(changed)


async def _tidy(services: Services, tenant_id: str, contact_id: str, now: datetime) -> tuple[int, int]:
    """Lets spent memories of a contact go and ends those that are over. Returns how many of each."""
    counts = [(0, 0)]

    async def work(tx: Transaction) -> Change:
        counts[0] = (0, 0)
        row = await contacts.get(tx, contact_id, lock=True)
        held = await build(tx, contact_id)
        if row is None or held is None:
            raise NotFound.contact(contact_id)
        over = {m.id: replace(m, status="expired") for m in held.memories if keeping.is_over(m, now)}
        spent = [m.id for m in held.memories if m.id not in over and keeping.is_spent(m, now)]
        if not over and not spent:
            return Change(row.version, held)
        await memories.remove(tx, contact_id, spent)
        for memory_id, memory in over.items():
            await memories.change(tx, contact_id, memory_id, {"status": memory.status})
        version = await contacts.change(tx, contact_id, {})
        counts[0] = (len(spent), len(over))
        return Change(version or 0, erases=bool(spent))

    try:
        await services.snapshots.change(tenant_id, contact_id, work)
    except NotFound:
        # Erased meanwhile.
        return 0, 0
    return counts[0]


def _stage_changed(row: ContactRow, since: datetime, now: datetime) -> bool:
    state = records.state(row)
    return relationship.stage_now(state, since) != relationship.stage_now(state, now)


def _streak_ended(row: ContactRow, tenant_zone: str, since: datetime, now: datetime) -> bool:
    state, zone = records.state(row), ZoneInfo(row.time_zone or tenant_zone)
    before, after = (relationship.active_streak(state, at.astimezone(zone).date()) for at in (since, now))
    return before > 0 and after == 0
