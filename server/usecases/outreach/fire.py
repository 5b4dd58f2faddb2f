"""One run over what is due: by the built-in schedule and by `POST /internal/outreach/fire` alike."""

import asyncio
import logging
import math
import random
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import partial
from typing import Final

from server.usecases.outreach import occasions
from server.usecases.outreach.delivery import Ending, deliver
from server.usecases.outreach.dispatch import LEASE, Batch, Claimed, claim_due, give_back
from server.usecases.outreach.texts import NoText, text_of
from server.usecases.services import Services
from store import dispatching, outreach_settings, snapshots, tenants
from store.database import Transaction
from store.tables.outreach import ChannelRow, TriggerRow
from store.tables.tenant import PLATFORM

log: Final = logging.getLogger("kith.outreach")

SECONDS: Final = 20.0
"""How long one tenant is worked on; what is left is for the next run."""

_AT_ONCE: Final = 6
"""Deliveries of one tenant under way at once; each needs a connection to the database now and then, as calls do."""

_TENANTS_AT_ONCE: Final = 3
"""So one with a slow provider does not hold up the others."""

_WAITS: Final = 5
_WAIT_SECONDS: Final = 0.05
_TENANTS: Final = 200


@dataclass(slots=True)
class Fired:
    """What a run did, in numbers."""

    tenants: int = 0
    created: int = 0
    sent: int = 0
    withheld: int = 0
    postponed: int = 0
    failed: int = 0
    retrying: int = 0
    expired: int = 0

    def add(self, other: "Fired") -> None:
        """Adds what another run did."""
        for field in fields(Fired):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


async def fire_all(services: Services, *, making: bool = True, seconds: float = math.inf) -> Fired:
    """Every active tenant, a few at once; one that fails does not stop the others. One with nothing due costs a glance.

    With `making`, also triggers from silence and milestones are made; recurring ones always are. After `seconds` no
    further tenant is begun.
    """
    total, after, ends = Fired(), "", time.monotonic() + seconds
    while True:
        async with services.database.transaction(PLATFORM) as tx:
            page = await tenants.every(tx, after=after, limit=_TENANTS)
            active = [row.tenant_id for row in page if row.status == "active" and row.tenant_id != PLATFORM]
            busy = await dispatching.with_work(tx, active, services.clock(), making=making)
        if not page:
            return total
        total.tenants += len(active)
        at_once = asyncio.Semaphore(_TENANTS_AT_ONCE)

        async def one(tenant_id: str, at_once: asyncio.Semaphore = at_once) -> None:
            async with at_once:
                left = ends - time.monotonic()
                if left <= 0:
                    return
                try:
                    done = await fire_tenant(services, tenant_id, making=making, seconds=min(SECONDS, left))
                except Exception as error:
                    log.error("outreach of a tenant failed", extra={"tenant": tenant_id, **_safely(error)})
                    return
                total.add(replace(done, tenants=0))

        async with asyncio.TaskGroup() as group:
            for tenant_id in busy:
                group.create_task(one(tenant_id))
        after = page[-1].tenant_id


async def fire_tenant(services: Services, tenant_id: str, *, making: bool = True, seconds: float = SECONDS) -> Fired:
    """Makes what is due, and sends it. Safe to run twice at once: every message goes out once."""
    ends = time.monotonic() + seconds
    done = Fired(tenants=1)
    done.created += await occasions.make_of_recurrence(services, tenant_id)
    if making:
        done.created += await occasions.make_of_silence(services, tenant_id)
        done.created += await occasions.make_of_milestones(services, tenant_id)
    done.expired += await services.database.run(
        tenant_id, lambda tx: dispatching.expire_held(tx, services.clock())
    )  # fmt: skip
    async with services.database.transaction(tenant_id) as tx:
        channels = {row.channel: row for row in await outreach_settings.channels(tx)}
    waits = 0
    while time.monotonic() < ends:
        batch = await claim_due(services, tenant_id)
        if batch.busy and waits < _WAITS:
            # Somebody else holds the next ones for the moment that deciding takes.
            waits += 1
            await asyncio.sleep(_WAIT_SECONDS * random.random())  # noqa: S311 (spreads load, is no secret)
            continue
        if batch.is_empty:
            break
        waits = 0
        _count(done, batch, await _deliver_all(services, batch.claimed, channels, ends))
    # Last, for what nobody waits for yet must not hold up what is due.
    await _write_held(services, tenant_id, ends)
    return done


async def _deliver_all(
    services: Services, claimed: Sequence[Claimed], channels: dict[str, ChannelRow], ends: float
) -> list[Ending]:
    """How each ended; what was not begun when time was over is given back."""
    at_once = asyncio.Semaphore(_AT_ONCE)

    async def one(item: Claimed) -> Ending:
        async with at_once:
            try:
                if time.monotonic() >= ends:
                    await give_back(services, item)
                    return "lost"
                return await deliver(services, item, channels.get(item.trigger.channel))
            except Exception as error:
                # The claim runs out, and whoever finds it then knows from it how far this came.
                told = {"trigger": item.trigger.trigger_id, **_safely(error)}
                log.error("a message could not be brought further", extra=told)
                return "retrying"

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(item)) for item in claimed]
    return [task.result() for task in tasks]


def _safely(error: Exception) -> dict[str, str]:
    """What an error was and where, without its words: those of a database can hold what a message says."""
    frames = traceback.extract_tb(error.__traceback__)
    return {"error": type(error).__name__, "where": f"{frames[-1].name}:{frames[-1].lineno}" if frames else ""}


def _count(done: Fired, batch: Batch, endings: Sequence[Ending]) -> None:
    done.withheld += batch.withheld
    done.postponed += batch.postponed
    done.expired += batch.expired
    done.sent += endings.count("sent")
    done.failed += endings.count("failed")
    done.retrying += endings.count("retrying")


async def _write_held(services: Services, tenant_id: str, ends: float) -> None:
    """Writes what waits for approval without a text, each claimed first, while there is time."""
    while time.monotonic() < ends:
        until = services.clock() + LEASE
        waiting = await services.database.run(tenant_id, partial(_take_unwritten, until=until))
        if not waiting:
            return
        async with asyncio.TaskGroup() as group:
            for row in waiting:
                group.create_task(_write(services, row, until))


async def _take_unwritten(tx: Transaction, until: datetime) -> list[TriggerRow]:
    return await dispatching.take_unwritten(tx, until - LEASE, until, _AT_ONCE)


async def _write(services: Services, row: TriggerRow, until: datetime) -> None:
    try:
        async with services.database.transaction(row.tenant_id) as tx:
            whole = await snapshots.whole(tx, row.contact_id)
        if whole is None:
            return
        text: str | None
        try:
            text = await text_of(services.outreach, row, whole, services.clock())
        except NoText:
            text = None
        await services.database.run(
            row.tenant_id, lambda tx: dispatching.write_held(tx, row.trigger_id, until, text)
        )  # fmt: skip
    except Exception as error:
        # The claim runs out, and it is written then.
        log.error("a held message could not be written", extra={"trigger": row.trigger_id, **_safely(error)})
