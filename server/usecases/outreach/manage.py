"""Triggers, watched and decided on by people: listed, cancelled, approved, rejected, tried again."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from server.domain.errors import Conflict, InvalidInput, NotFound
from server.usecases import audit, paging
from server.usecases.contacts import MOST
from server.usecases.outreach.schedule import WORTH
from server.usecases.services import Services
from store import contacts, pagination, triggers
from store.database import Transaction
from store.errors import UniqueViolation
from store.tables.outreach import TriggerRow

_ENDED: Final = {
    "claimed": "is on its way to the contact and can no longer be taken back",
    "sent": "was sent and cannot be taken back",
    "failed": "has failed and will not be tried again; there is nothing to take back",
    "expired": "has expired; there is nothing to take back",
}


@dataclass(frozen=True, slots=True)
class TriggerQuery:
    """Which triggers to list; None means all. `limit` is at least 1."""

    contact_id: str | None = None
    status: str | None = None
    trigger_type: str | None = None
    limit: int = 20
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class TriggerPage:
    """One page, newest `scheduled_at` first."""

    triggers: list[TriggerRow]
    total: int
    next_cursor: str | None


async def list_triggers(services: Services, tenant_id: str, query: TriggerQuery) -> TriggerPage:
    """A page of triggers. Raises InvalidInput for a cursor of another query."""
    limit = min(query.limit, MOST)
    bound = {
        "list": "triggers",
        "contact": query.contact_id,
        "status": query.status,
        "type": query.trigger_type,
    }
    after = paging.position(bound, query.cursor, triggers.POSITION)
    async with services.database.transaction(tenant_id) as tx:
        rows, total, last = await triggers.page(
            tx, contact_id=query.contact_id, status=query.status, trigger_type=query.trigger_type, limit=limit,
            after=after,
        )  # fmt: skip
    return TriggerPage(rows, total, None if last is None else pagination.encode(bound, last))


async def get_trigger(services: Services, tenant_id: str, trigger_id: str) -> TriggerRow:
    """One trigger. Raises NotFound."""
    async with services.database.transaction(tenant_id) as tx:
        return _existing(trigger_id, await triggers.get(tx, trigger_id))


async def cancel_trigger(services: Services, tenant_id: str, trigger_id: str) -> TriggerRow:
    """Takes a trigger back; again changes nothing. Raises NotFound; Conflict where it is sent or on its way."""

    async def work(tx: Transaction) -> TriggerRow:
        return await _cancel(tx, _existing(trigger_id, await triggers.get(tx, trigger_id, lock=True)))

    return await services.database.run(tenant_id, work)


async def cancel_by_key(services: Services, tenant_id: str, contact_id: str, dedupe_key: str) -> TriggerRow:
    """Takes the trigger of a dedupe key back. Raises NotFound; Conflict where it is sent or on its way."""

    async def work(tx: Transaction) -> TriggerRow:
        if await contacts.get(tx, contact_id) is None:
            raise NotFound.contact(contact_id)
        found = await triggers.open_under(tx, contact_id, dedupe_key, lock=True)
        found = found or await triggers.last_under(tx, contact_id, dedupe_key)
        if found is None:
            raise NotFound("The contact has no trigger under this dedupe_key.", reason="TRIGGER_NOT_FOUND")
        return await _cancel(tx, found)

    return await services.database.run(tenant_id, work)


async def _cancel(tx: Transaction, row: TriggerRow) -> TriggerRow:
    if row.status in _ENDED:
        raise Conflict(f"Trigger {row.trigger_id} {_ENDED[row.status]}.", details={"status": row.status})
    if row.status != "cancelled":
        await triggers.change(tx, row.trigger_id, status="cancelled")
        await audit.record(tx, target=row.trigger_id)
    return replace(row, status="cancelled")


async def approve_trigger(services: Services, tenant_id: str, trigger_id: str, message: str | None) -> TriggerRow:
    """Lets a held message go out at its time, with another text where one is given.

    Raises NotFound, InvalidInput; Conflict where it is not held, its time is over, or it has no text to approve yet.
    """
    if message is not None and not message.strip():
        raise InvalidInput.of("message", "must not be blank")
    now = services.clock()

    async def work(tx: Transaction, row: TriggerRow) -> TriggerRow:
        if now >= row.expires_at:
            raise Conflict(f"Trigger {row.trigger_id} is no longer worth sending: it expired.")
        if message is None and row.message is None:
            raise Conflict(
                f"Trigger {row.trigger_id} has no text yet that could be approved; it is written within minutes."
                " Try again then, or give the message."
            )
        # Whoever writes it at this moment comes too late.
        changes: dict[str, Any] = {"status": "pending", "claimed_until": None}
        if message is not None:
            changes |= {"message": message, "text_source": "given"}
        await triggers.change(tx, row.trigger_id, **changes)
        return replace(row, **changes)

    return await _of_held(services, tenant_id, trigger_id, work)


async def reject_trigger(services: Services, tenant_id: str, trigger_id: str) -> TriggerRow:
    """Drops a held message. Raises NotFound; Conflict where it is not held."""

    async def work(tx: Transaction, row: TriggerRow) -> TriggerRow:
        await triggers.change(tx, row.trigger_id, status="cancelled", failure="rejected")
        return replace(row, status="cancelled", failure="rejected")

    return await _of_held(services, tenant_id, trigger_id, work)


async def _of_held(
    services: Services,
    tenant_id: str,
    trigger_id: str,
    work: Callable[[Transaction, TriggerRow], Awaitable[TriggerRow]],
) -> TriggerRow:
    async def held(tx: Transaction) -> TriggerRow:
        row = _existing(trigger_id, await triggers.get(tx, trigger_id, lock=True))
        if row.status != "held":
            raise Conflict(
                f"Trigger {trigger_id} does not wait for approval: it is {row.status}.", details={"status": row.status}
            )
        await audit.record(tx, target=trigger_id)
        return await work(tx, row)

    return await services.database.run(tenant_id, held)


async def replay_trigger(services: Services, tenant_id: str, trigger_id: str) -> TriggerRow:
    """Tries a failed message again, from now and with all its tries; at dispatch everything is checked again.

    Of a message whose outcome was never known this is a person's word that it may go out once more.
    Raises NotFound; Conflict where it did not fail, or another trigger is open under its key.
    """
    now = services.clock()

    async def work(tx: Transaction) -> TriggerRow:
        row = _existing(trigger_id, await triggers.get(tx, trigger_id, lock=True))
        if row.status != "failed":
            raise Conflict(
                f"Trigger {trigger_id} did not fail: it is {row.status}.", details={"status": row.status}
            )  # fmt: skip
        again = _afresh(row, now)
        await triggers.change(
            tx, trigger_id, status=again.status, due_at=again.due_at, expires_at=again.expires_at, failure=None,
            attempts=0, outcome_unknown=False, claimed_until=None,
        )  # fmt: skip
        await audit.record(tx, target=trigger_id)
        return again

    try:
        return await services.database.run(tenant_id, work)
    except UniqueViolation as error:
        raise Conflict(f"Another trigger is open under the dedupe_key of {trigger_id}.") from error


def _afresh(row: TriggerRow, now: datetime) -> TriggerRow:
    expires_at = max(row.expires_at, now + WORTH)
    return replace(
        row, status="pending", due_at=now, expires_at=expires_at, failure=None, attempts=0, outcome_unknown=False,
        claimed_until=None,
    )  # fmt: skip


def _existing(trigger_id: str, row: TriggerRow | None) -> TriggerRow:
    if row is None:
        raise NotFound(f"Trigger {trigger_id} does not exist for this tenant.", reason="TRIGGER_NOT_FOUND")
    return row
