"""What a run of maintenance does: the tenant's churn model is fitted, then contacts are gone through batch by batch."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from server.domain import keeping, relationship
from server.domain.decay import HALF_LIFE_DAYS
from server.domain.errors import NotFound
from server.usecases import records
from server.usecases.churn import history_of, risks
from server.usecases.churn_model import parameters
from server.usecases.services import Services
from server.usecases.snapshots import Change, build
from store import analytics, churn_models, contacts, maintenance, memories, tenants
from store.database import Transaction
from store.tables.contact import ContactRow
from store.tables.maintenance import ChurnModelRow, MaintenanceRunRow

HOLD: Final = timedelta(seconds=60)
"""Whoever works on a run says so again within this time; after it the run may be taken up by another."""

_NOTABLE: Final = 0.001
"""A change of a risk below this is not written."""


async def fit(services: Services, tenant_id: str) -> None:
    """Fits the churn model to the tenant's contacts; where they do not settle it, what holds so far stays."""
    # Imported where it is needed: the optimiser is megabytes that a server has no use for until it fits.
    from server.domain.churn.fitting import fit as fitted  # noqa: PLC0415

    now = services.clock()
    async with services.database.transaction(tenant_id) as tx:
        lives, held = await analytics.lives(tx), await parameters(tx)
    found = await asyncio.to_thread(lambda: fitted(*history_of(lives, now), prior=held))
    if found.kept_because is not None:
        return
    model = found.parameters
    row = ChurnModelRow(
        tenant_id, model.r, model.alpha, model.a, model.b, fitted=True, contacts=found.contacts, fitted_at=now
    )
    await services.database.run(tenant_id, lambda tx: churn_models.put(tx, row))


async def step(
    services: Services, tenant_id: str, run: MaintenanceRunRow, since: datetime, batch: int
) -> tuple[list[str], MaintenanceRunRow]:
    """One batch: first the memories, contact by contact; then risks and progress, in one transaction.

    What changed is counted against `since`. Returns the ids of the batch and the run as it stands then.
    """
    now = services.clock()
    async with services.database.transaction(tenant_id) as tx:
        page = await contacts.ids_after(tx, run.after_contact or "", batch)
        untidy = await maintenance.untidy(
            tx, page, now, minor=keeping.MINOR, faint=keeping.FAINT, half_lives={**HALF_LIFE_DAYS}
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
            {"held_until": now + HOLD, "after_contact": page[-1] if page else run.after_contact},
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
