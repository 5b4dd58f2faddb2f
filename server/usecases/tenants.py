"""Tenants: made, suspended, resumed, deleted whole."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from server import ids
from server.credentials.tenants import CHANGED, GONE
from server.domain.errors import Conflict, InvalidInput, NotFound
from server.domain.zones import check_zone
from server.secrets import Envelope
from server.usecases import audit
from store import tenants
from store.database import Database, Transaction
from store.notifications import notify
from store.redis_link import FAILURES, RedisLink
from store.tables.tenant import PLATFORM, TenantRow

_SETTLE_SECONDS: Final = 1.5
"""Every process refuses the tenant's credentials by then, also one that had lost its way to the notifications."""

_PAUSE_SECONDS: Final = 0.05
_ROUNDS: Final = 40
_SCAN: Final = 1_000


@dataclass(frozen=True, slots=True)
class Administration:
    """What the platform's own operations work with.

    `envelope` encrypts tenants' secrets, None where no master key is set; `private_providers` lets tenants name
    providers on private addresses; `encoder_missing` says what the deployment lacks for a sentence encoder, None
    if nothing.
    """

    database: Database
    redis: RedisLink
    clock: Callable[[], datetime]
    settle_seconds: float = _SETTLE_SECONDS
    envelope: Envelope | None = None
    private_providers: bool = False
    encoder_missing: Callable[[], str | None] = lambda: None


@dataclass(frozen=True, slots=True)
class NewTenant:
    """What is told of a tenant to be made; defaults: an id made here, the id as name, UTC."""

    tenant_id: str | None = None
    name: str | None = None
    time_zone: str | None = None


async def create_tenant(parts: Administration, new: NewTenant) -> tuple[TenantRow, bool]:
    """Makes a tenant; True if it is new. The same again changes nothing, and what is not given is not compared.

    Raises InvalidInput for a reserved id or an unknown time zone, Conflict where the tenant exists otherwise.
    """
    if new.tenant_id == PLATFORM:
        raise InvalidInput.of("tenant_id", f"{PLATFORM} is reserved")
    check_zone(new.time_zone)
    now = parts.clock()
    tenant_id = new.tenant_id or ids.new("tnt", now)
    wanted = TenantRow(tenant_id, new.name or tenant_id, new.time_zone or "UTC", "active", now)

    async def work(tx: Transaction) -> tuple[TenantRow, bool]:
        if await tenants.add(tx, wanted):
            await audit.record(tx, target=tenant_id)
            await notify(tx, CHANGED, tenant=tenant_id)
            return wanted, True
        known = await tenants.get(tx, tenant_id, lock=True)
        if known is None or known.status == "deleting":
            raise Conflict(f"Tenant {tenant_id} is being deleted.", reason="TENANT_EXISTS")
        if new.name not in (None, known.name) or new.time_zone not in (None, known.time_zone):
            raise Conflict(f"Tenant {tenant_id} exists with other settings.", reason="TENANT_EXISTS")
        return known, False

    return await parts.database.run(PLATFORM, work)


async def get_tenant(parts: Administration, tenant_id: str) -> TenantRow:
    """One tenant. Raises NotFound."""
    async with parts.database.transaction(PLATFORM) as tx:
        return await _existing(tx, tenant_id)


async def list_tenants(parts: Administration) -> list[TenantRow]:
    """Every tenant, in the order of their ids."""
    return [tenant async for tenant in every_tenant(parts.database)]


async def every_tenant(database: Database) -> AsyncIterator[TenantRow]:
    """Every tenant, in the order of their ids. Read a page at a time; no transaction is open while one is looked at."""
    after = ""
    while True:
        async with database.transaction(PLATFORM) as tx:
            page = await tenants.every(tx, after=after)
        if not page:
            return
        for tenant in page:
            yield tenant
        after = page[-1].tenant_id


async def suspend_tenant(parts: Administration, tenant_id: str) -> TenantRow:
    """Refuses every credential of the tenant within a second. Raises NotFound; Conflict while it is being deleted."""
    return await _change_status(parts, tenant_id, "suspended")


async def resume_tenant(parts: Administration, tenant_id: str) -> TenantRow:
    """Lets the tenant in again. Raises NotFound; Conflict while it is being deleted."""
    return await _change_status(parts, tenant_id, "active")


async def _change_status(parts: Administration, tenant_id: str, status: str) -> TenantRow:
    async def work(tx: Transaction) -> TenantRow:
        known = await _existing(tx, tenant_id, lock=True)
        if known.status == "deleting":
            raise Conflict(f"Tenant {tenant_id} is being deleted.")
        await audit.record(tx, target=tenant_id)
        if known.status != status:
            await tenants.set_status(tx, tenant_id, status)
            await notify(tx, CHANGED, tenant=tenant_id)
        return replace(known, status=status)

    return await parts.database.run(PLATFORM, work)


async def _existing(tx: Transaction, tenant_id: str, *, lock: bool = False) -> TenantRow:
    found = await tenants.get(tx, tenant_id, lock=lock)
    if found is None:
        raise NotFound(f"Tenant {tenant_id} does not exist.", reason="TENANT_NOT_FOUND")
    return found


@dataclass(slots=True)
class Deleted:
    """Rows deleted by table, and whether every table was found empty of the tenant afterwards."""

    rows: dict[str, int] = field(default_factory=dict)
    verified: bool = False


async def delete_tenant(parts: Administration, tenant_id: str) -> Deleted:
    """Deletes everything of a tenant, verifies that nothing is left, and only then the tenant itself.

    Its credentials are refused from the start, so that nothing new comes in; what was under way then is waited for. A
    deletion that broke off is taken up again by calling this again. The platform's audit log keeps that it was done,
    and the id may be used again afterwards. Raises NotFound.
    """
    await _close(parts, tenant_id)
    closed_at = time.monotonic()
    deleted = Deleted()
    for _ in range(_ROUNDS):
        for name in (*(table.name for table in tenants.OWNED), tenants.JOBS):
            deleted.rows[name] = deleted.rows.get(name, 0) + await _empty(parts, tenant_id, name)
        await asyncio.sleep(max(_PAUSE_SECONDS, closed_at + parts.settle_seconds - time.monotonic()))
        # After the wait: until then somebody may have put in again what was read before.
        await _forget_in_redis(parts, tenant_id)
        async with parts.database.transaction(tenant_id) as tx:
            if not any((await tenants.count(tx)).values()):
                deleted.verified = True
                break
    if deleted.verified:
        await _finish(parts, tenant_id)
    return deleted


async def _close(parts: Administration, tenant_id: str) -> None:
    async def work(tx: Transaction) -> None:
        await _existing(tx, tenant_id, lock=True)
        await tenants.set_status(tx, tenant_id, "deleting")
        await notify(tx, CHANGED, tenant=tenant_id)

    await parts.database.run(PLATFORM, work)


async def _empty(parts: Administration, tenant_id: str, table: str) -> int:
    """Deletes in batches, so that no transaction grows long."""
    removed = 0
    while some := await parts.database.run(tenant_id, lambda tx: tenants.remove_some(tx, table)):
        removed += some
    return removed


async def _finish(parts: Administration, tenant_id: str) -> None:
    async def work(tx: Transaction) -> None:
        await tenants.remove(tx, tenant_id)
        await audit.record(tx, target=tenant_id)
        await notify(tx, CHANGED, tenant=tenant_id, status=GONE)

    await parts.database.run(PLATFORM, work)


async def _forget_in_redis(parts: Administration, tenant_id: str) -> None:
    """Removes the tenant's keys. Where Redis cannot be asked, every process voids it when it hears that we finished."""
    if not parts.redis.available:
        return
    # Keys hold the tenant as `{tenant/…}`; its id has no character that a pattern would take otherwise.
    try:
        async for key in parts.redis.client.scan_iter(match=f"*{{{tenant_id}/*", count=_SCAN):
            await parts.redis.client.unlink(key)
    except FAILURES:
        parts.redis.report_failure()
