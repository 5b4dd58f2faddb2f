"""Calls: listed, shown, deleted; and figures about them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from server.domain.errors import FieldViolation, InvalidInput, NotFound
from server.usecases import audit, call_effects, paging
from server.usecases.contacts import MOST
from server.usecases.services import Services
from server.usecases.snapshots import Change
from store import call_figures, call_pages, calls, contacts, pagination, tenants
from store.call_figures import Figures, Span
from store.call_pages import Filter
from store.database import Transaction
from store.errors import RetryableConflict
from store.tables.call import CallRow

LONGEST: Final = timedelta(days=366)
"""No figures are about more."""

_USUAL: Final = timedelta(days=30)
_TOPICS: Final = 20


@dataclass(frozen=True, slots=True)
class CallPage:
    """One page, the newest first, without transcripts; `limit` as it was applied."""

    calls: list[CallRow]
    limit: int
    next_cursor: str | None


async def list_calls(
    services: Services, tenant_id: str, wanted: Filter, *, limit: int = 20, cursor: str | None = None
) -> CallPage:
    """A page of calls; `limit` is at least 1.

    Raises NotFound for a contact to list them of, and InvalidInput for a cursor of another query.
    """
    limit = min(limit, MOST)
    said = {name: at.isoformat() if isinstance(at, datetime) else at for name, at in asdict(wanted).items()}
    bound = {"list": "calls", **said}
    async with services.database.transaction(tenant_id) as tx:
        # Before the cursor: of a contact that was merged meanwhile it is that of the one that stayed.
        if wanted.contact_id is not None and await contacts.get(tx, wanted.contact_id) is None:
            raise NotFound.contact(wanted.contact_id)
        after = paging.position(bound, cursor, (datetime, str))
        found = await call_pages.page(
            tx, wanted, limit=limit + 1, after=None if after is None else (after[0], after[1])
        )
    shown = found[:limit]
    last = (shown[-1].started_at, shown[-1].call_id) if len(found) > limit else None
    return CallPage(shown, limit, None if last is None else pagination.encode(bound, last))


async def get_call(services: Services, tenant_id: str, call_id: str) -> CallRow:
    """One call, whole. Raises NotFound."""
    async with services.database.transaction(tenant_id) as tx:
        row = await calls.get(tx, call_id)
    if row is None:
        raise NotFound.call(call_id)
    return row


async def delete_call(services: Services, tenant_id: str, call_id: str) -> None:
    """Deletes a call, its touchpoint and the memory of its summary. What is told of it later changes nothing.

    Raises NotFound.
    """
    now = services.clock()
    row = await get_call(services, tenant_id, call_id)

    async def work(tx: Transaction) -> dict[str, Change]:
        await calls.hold(tx, row.provider, row.call_sid)
        held = {}
        if row.contact_id is not None:
            contact = await contacts.get(tx, row.contact_id, lock=True)
            held = {} if contact is None else {contact.contact_id: contact}
        stored = await calls.get(tx, call_id)
        if stored is None:
            raise NotFound.call(call_id)
        if stored.contact_id != row.contact_id:
            raise RetryableConflict("contact")
        changes = await call_effects.follow(tx, stored, None, held, remember=False, now=now)
        await calls.delete(tx, call_id)
        await audit.record(tx, target=call_id)
        return changes

    await services.snapshots.change_many(tenant_id, [row.contact_id] if row.contact_id else [], work)


@dataclass(frozen=True, slots=True)
class CallAnalytics:
    """Figures of all calls, of each day of the tenant's zone in order, and the most frequent topics."""

    totals: Figures
    days: Sequence[tuple[date, Figures]]
    topics: Sequence[tuple[str, int]]


async def call_analytics(
    services: Services, tenant_id: str, *, start: datetime | None, end: datetime | None, agent_id: str | None
) -> CallAnalytics:
    """Figures about the calls that began in [start, end), by default of the last 30 days. Raises InvalidInput."""
    end = end or services.clock()
    span = Span(start or end - _USUAL, end, agent_id)
    _check(span)
    async with services.database.transaction(tenant_id, isolation="REPEATABLE READ") as tx:
        zone = await tenants.time_zone(tx)
        found = await call_figures.by_day(tx, span, zone)
        topics = await call_figures.topics(tx, span, _TOPICS)
    first = span.start.astimezone(ZoneInfo(zone)).date()
    last = (span.end - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).date()
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return CallAnalytics(
        totals=Figures.sum(list(found.values())),
        days=[(day, found.get(day, Figures())) for day in days],
        topics=topics,
    )


def _check(span: Span) -> None:
    if span.start >= span.end:
        raise InvalidInput([FieldViolation("start", "must be before end")])
    if span.end - span.start > LONGEST:
        raise InvalidInput([FieldViolation("end", f"must be at most {LONGEST.days} days after start")])
