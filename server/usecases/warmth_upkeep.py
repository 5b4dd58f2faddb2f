"""Keeping stored warmth true: what is due by the schedule, everything where constants change, one when asked."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from server.domain.errors import NotFound
from server.domain.warmth import Config, Kind
from server.domain.warmth import ledger as ledgers
from server.domain.warmth.rules import check
from server.usecases import audit, warmth
from server.usecases.services import Services
from server.usecases.snapshots import Change
from store import contacts, queue, tenants
from store import warmth as store
from store.database import Transaction
from store.queue import Job
from store.tables.contact import ContactRow
from store.tables.tenant import PLATFORM
from store.tables.warmth import WarmthConfigRow

JOB: Final = "recompute_warmth"
"""The deferred task that works the warmth of all contacts of a tenant out anew."""

_BATCH: Final = 200
_TENANTS: Final = 200


@dataclass(frozen=True, slots=True)
class Recomputed:
    """How many contacts were worked out anew, how many of them have another score, and whether others follow."""

    recomputed: int
    changed: int
    queued: bool


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """What of the constants is to be another; what is None stays, as do the points of kinds that are not named."""

    fresh_days: float | None = None
    half_life_days: float | None = None
    daily_cap: int | None = None
    hot_from: float | None = None
    warm_from: float | None = None
    cool_from: float | None = None
    points: Mapping[Kind, tuple[float, float]] | None = None


async def recompute(services: Services, tenant_id: str, contact_id: str | None) -> Recomputed:
    """Works out the warmth of one contact now, or has it done for all in the background. Raises NotFound."""
    if contact_id is None:

        async def queue_all(tx: Transaction) -> None:
            await queue_recompute(tx)
            await audit.record(tx, target=tenant_id)

        await services.database.run(tenant_id, queue_all)
        return Recomputed(0, 0, queued=True)
    changed = await _recompute_one(services, tenant_id, contact_id, audited=True)
    return Recomputed(1, int(changed), queued=False)


async def get_config(services: Services, tenant_id: str) -> Config:
    """The tenant's constants."""
    async with services.database.transaction(tenant_id) as tx:
        return (await warmth.constants(tx))[0]


async def update_config(services: Services, tenant_id: str, change: ConfigChange) -> Config:
    """Changes constants; all contacts are worked out anew in the background. Raises InvalidInput, naming the fields."""
    now = services.clock()

    async def work(tx: Transaction) -> Config:
        await tenants.get(tx, tenant_id, lock=True)
        before, _ = await warmth.constants(tx)
        after = _changed(before, change)
        check(after)
        if after != before:
            await store.put_constants(tx, _row(tenant_id, after, now))
            await queue_recompute(tx)
        await audit.record(tx, target=tenant_id)
        return after

    return await services.database.run(tenant_id, work)


async def queue_recompute(tx: Transaction) -> None:
    """Has the warmth of all of the tenant's contacts worked out anew, once the transaction has committed."""
    # Whoever holds the tenant's row is alone to see whether such a job waits.
    await tenants.get(tx, tx.tenant_id, lock=True)
    await queue.put_unless_waiting(tx, Job(JOB, {"tenant_id": tx.tenant_id}, name=f"{JOB}/{tx.tenant_id}"))


async def recompute_all(services: Services, tenant_id: str) -> Recomputed:
    """Works out the warmth of all contacts of a tenant, one short transaction each; for the job worker."""
    done = changed = 0
    after = ""
    while True:
        async with services.database.transaction(tenant_id) as tx:
            page = await contacts.ids_after(tx, after, _BATCH)
        if not page:
            return Recomputed(done, changed, queued=False)
        for contact_id in page:
            try:
                changed += await _recompute_one(services, tenant_id, contact_id)
            except NotFound:
                continue
            done += 1
        after = page[-1]


async def _recompute_one(services: Services, tenant_id: str, contact_id: str, *, audited: bool = False) -> bool:
    """Whether the contact has another score now. Raises NotFound."""
    scores: list[float] = []

    async def work(tx: Transaction) -> Change:
        row = await contacts.get(tx, contact_id, lock=True)
        if row is None:
            raise NotFound.contact(contact_id)
        now = services.clock()
        config, zone = await warmth.constants(tx)
        columns = await warmth.columns_anew(tx, contact_id, config, zone, now)
        scores[:] = [row.warmth, columns["warmth"]]
        if audited:
            await audit.record(tx, target=contact_id)
        return Change(await contacts.change(tx, contact_id, columns) or 0)

    await services.snapshots.change(tenant_id, contact_id, work)
    return scores[0] != scores[1]


async def renew_everywhere(services: Services) -> int:
    """Renews what is due of every active tenant; one with nothing due costs a glance. Returns of how many contacts."""
    renewed, after = 0, ""
    while True:
        async with services.database.transaction(PLATFORM) as tx:
            page = await tenants.every(tx, after=after, limit=_TENANTS)
            active = [row.tenant_id for row in page if row.status == "active" and row.tenant_id != PLATFORM]
            due = await store.with_due(tx, active, services.clock())
        if not page:
            return renewed
        for tenant_id in due:
            renewed += await renew_due(services, tenant_id)
        after = page[-1].tenant_id


async def renew_due(services: Services, tenant_id: str, *, batch: int = _BATCH) -> int:
    """Renews the stored warmth of the tenant's contacts where it is due, in batches. Returns of how many."""
    renewed, now = 0, services.clock()
    while True:
        async with services.database.transaction(tenant_id) as tx:
            config, zone = await warmth.constants(tx)
            rows = await contacts.by_ids(tx, await store.due(tx, now, batch))
            current = {i: row for i, row in rows.items() if ledgers.of_these(tuple(row.touches), config, zone)}
            if current:
                renewed += await store.renew(tx, [_renewed(row, now) for row in current.values()])
        # The others were worked out with other constants, or never.
        for contact_id in rows.keys() - current.keys():
            try:
                await _recompute_one(services, tenant_id, contact_id)
            except NotFound:
                continue
            renewed += 1
        if len(rows) < batch:
            return renewed


def _renewed(row: ContactRow, now: datetime) -> dict[str, Any]:
    stored = ledgers.renewed(tuple(row.touches), warmth.stored_of(row), now)
    return {"contact_id": row.contact_id, "version": row.version, **warmth.stored_columns(stored)}


def _changed(config: Config, change: ConfigChange) -> Config:
    given = {
        name: value
        for name in ("fresh_days", "half_life_days", "daily_cap", "hot_from", "warm_from", "cool_from")
        if (value := getattr(change, name)) is not None
    }
    return replace(config, **given).with_points(change.points or {})


def _row(tenant_id: str, config: Config, now: datetime) -> WarmthConfigRow:
    points: dict[str, list[float]] = {kind: [base, top] for kind, base, top in config.points}
    return WarmthConfigRow(
        tenant_id, config.fresh_days, config.half_life_days, config.daily_cap, config.hot_from, config.warm_from,
        config.cool_from, points, now,
    )  # fmt: skip
