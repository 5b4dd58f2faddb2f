"""Touchpoints: listed, recorded, shown, changed, removed. Each change moves the contact's warmth with it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from server import ids
from server.domain import interaction, metadata
from server.domain.errors import Conflict, InvalidInput, NotFound, Unavailable
from server.domain.interaction import InteractionChange, NewInteraction
from server.domain.warmth import quality
from server.usecases import audit
from server.usecases.contacts import MOST
from server.usecases.services import Services
from server.usecases.snapshots import Change
from server.usecases.warmth import recompute_contact
from store import contacts, interaction_pages, interactions, pagination
from store.database import Transaction
from store.errors import RetryableConflict
from store.interaction_pages import Filter, Order
from store.interactions import Named
from store.tables.interaction import InteractionRow

OWN: Final = frozenset({"api", "import"})
"""The origins of touchpoints that are recorded as such; those of other surfaces are changed and removed there."""


USUAL: Final = 20
"""Of a page that is asked for without a limit."""

NEWEST_FIRST: Final = "created_at:desc"
"""The order of a list that asks for none."""

_LOOKS: Final = 5
"""How often the contact of a touchpoint is looked up anew while contacts are merged."""


@dataclass(frozen=True, slots=True)
class InteractionQuery:
    """Which touchpoints to list; None means all. `start` is inclusive, `end` exclusive, `limit` at least 1."""

    contact_id: str | None = None
    kind: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    sort: str = NEWEST_FIRST
    limit: int = USUAL
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class InteractionPage:
    """One page in the order asked for; `limit` and `sort` as they were applied."""

    interactions: list[Named]
    limit: int
    sort: str
    next_cursor: str | None


async def list_interactions(services: Services, tenant_id: str, query: InteractionQuery) -> InteractionPage:
    """A page of touchpoints.

    Raises InvalidInput for what is neither a cursor of this query nor a time, NotFound for a contact to list them of.
    """
    limit = min(query.limit, MOST)
    wanted = Filter(query.contact_id, query.kind, query.start, query.end)
    order = Order.of(query.sort)
    bound = {
        "list": "interactions", "contact": query.contact_id, "kind": query.kind, "sort": query.sort,
        "start": _said(query.start), "end": _said(query.end),
    }  # fmt: skip
    async with services.database.transaction(tenant_id) as tx:
        try:
            after = None if query.cursor is None else _position(bound, query.cursor)
            found = await interaction_pages.page(tx, wanted, order, limit=limit + 1, after=after)
        except InvalidInput:
            # Of a contact that was merged meanwhile the cursor is that of the one that stayed.
            await _refuse_unknown(tx, query.contact_id)
            raise
        if not found:
            await _refuse_unknown(tx, query.contact_id)
    page = found[:limit]
    more = len(found) > limit
    last = (getattr(page[-1].row, order.field), page[-1].row.interaction_id) if more else None
    return InteractionPage(page, limit, query.sort, None if last is None else pagination.encode(bound, last))


async def _refuse_unknown(tx: Transaction, contact_id: str | None) -> None:
    if contact_id is not None and await contacts.get(tx, contact_id) is None:
        raise NotFound.contact(contact_id)


def _said(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _position(bound: Mapping[str, Any], cursor: str) -> tuple[datetime, str | None]:
    """Where the list goes on: behind one touchpoint, or behind all of an instant."""
    try:
        at, interaction_id = pagination.decode(dict(bound), cursor, (datetime, str))
        return at, interaction_id
    except pagination.BadCursor as error:
        at = pagination.instant(cursor)
        if at is None:
            raise InvalidInput.of("cursor", "is neither a cursor of this query nor an RFC 3339 time") from error
        return at, None


@dataclass(frozen=True, slots=True)
class Recorded:
    """The touchpoint as it is stored; `created` is False where it was known by its external id."""

    named: Named
    created: bool


async def create_interaction(services: Services, tenant_id: str, new: NewInteraction) -> Recorded:
    """Records a touchpoint, once per external id. Raises InvalidInput, NotFound for the contact."""
    now = services.clock()
    interaction.check(new.metadata, new.occurred_at, now)
    row = new_row(tenant_id, new, now)
    result: list[Recorded] = []

    async def work(tx: Transaction) -> Change:
        result.clear()
        contact = await contacts.get(tx, new.contact_id, lock=True)
        if contact is None:
            raise NotFound.contact(new.contact_id)
        known = await _known(tx, new.external_id)
        if known is None:
            if not await interactions.add(tx, [row]):
                # The same came in at once with another contact, and was stored first.
                raise RetryableConflict("external id")
            await audit.record(tx, target=row.interaction_id)
            result.append(Recorded(Named(row, contact.display_name), created=True))
            return Change(await _moved(tx, new.contact_id, now, row.occurred_at))
        result.append(Recorded(known, created=False))
        return Change(contact.version, services.snapshots.held(tenant_id, new.contact_id, contact.version))

    await services.snapshots.change(tenant_id, new.contact_id, work)
    return result[0]


async def _known(tx: Transaction, external_id: str | None) -> Named | None:
    return None if external_id is None else await interactions.by_external_id(tx, external_id)


def new_row(tenant_id: str, new: NewInteraction, now: datetime) -> InteractionRow:
    """The row of a touchpoint that is told of now, for the first time."""
    given = dict(new.metadata)
    return InteractionRow(
        tenant_id=tenant_id,
        interaction_id=ids.new("int", now),
        contact_id=new.contact_id,
        kind=new.kind,
        content=new.content or None,
        metadata=given,
        origin="api",
        origin_id=None,
        external_id=new.external_id,
        quality=quality(new.kind, given),
        occurred_at=new.occurred_at or now,
        created_at=now,
        updated_at=now,
    )


async def get_interaction(services: Services, tenant_id: str, interaction_id: str) -> Named:
    """One touchpoint. Raises NotFound."""
    async with services.database.transaction(tenant_id) as tx:
        return _existing(interaction_id, await interactions.get(tx, interaction_id))


async def update_interaction(
    services: Services, tenant_id: str, interaction_id: str, change: InteractionChange
) -> Named:
    """Changes a touchpoint; what it says already changes nothing, nor when it was last changed.

    Raises InvalidInput, NotFound; Conflict for one that another surface recorded.
    """
    now = services.clock()
    interaction.check(None, change.occurred_at, now)
    result: list[Named] = []

    async def work(tx: Transaction, stored: Named) -> Change | None:
        result.clear()
        row = _changed(stored.row, change)
        if row == stored.row:
            result.append(stored)
            return None
        row = replace(row, updated_at=now)
        await interactions.put(tx, row)
        await audit.record(tx, target=interaction_id)
        result.append(replace(stored, row=row))
        return Change(await _moved(tx, row.contact_id, now, stored.row.occurred_at, row.occurred_at))

    await _on_one(services, tenant_id, interaction_id, work)
    return result[0]


def _changed(row: InteractionRow, change: InteractionChange) -> InteractionRow:
    given = row.metadata if change.metadata is None else metadata.merged(row.metadata, change.metadata)
    metadata.check("metadata", given)
    kind = change.kind or row.kind
    return replace(
        row,
        kind=kind,
        content=row.content if change.content is None else change.content or None,
        metadata=given,
        quality=quality(kind, given),
        occurred_at=change.occurred_at or row.occurred_at,
    )


async def delete_interaction(services: Services, tenant_id: str, interaction_id: str) -> None:
    """Removes a touchpoint, and what it gave to the warmth.

    Raises NotFound; Conflict for one that another surface recorded.
    """
    now = services.clock()

    async def work(tx: Transaction, stored: Named) -> Change:
        await interactions.delete(tx, interaction_id)
        await audit.record(tx, target=interaction_id)
        return Change(await _moved(tx, stored.row.contact_id, now, stored.row.occurred_at), erases=True)

    await _on_one(services, tenant_id, interaction_id, work)


async def _on_one(
    services: Services,
    tenant_id: str,
    interaction_id: str,
    work: Callable[[Transaction, Named], Awaitable[Change | None]],
) -> None:
    """Does `work` on a touchpoint of our own that is held with its contact; it returns None where nothing changed."""
    for _ in range(_LOOKS):
        contact_id = (await get_interaction(services, tenant_id, interaction_id)).row.contact_id

        async def held(tx: Transaction, contact_id: str = contact_id) -> Change:
            contact = await contacts.get(tx, contact_id, lock=True)
            stored = _existing(interaction_id, await interactions.get(tx, interaction_id, lock=True))
            if contact is None or stored.row.contact_id != contact_id:
                raise _Elsewhere
            _refuse_of_other_surface(stored.row)
            done = await work(tx, stored)
            kept = services.snapshots.held(tenant_id, contact_id, contact.version)
            return Change(contact.version, kept) if done is None else done

        try:
            return await services.snapshots.change(tenant_id, contact_id, held)
        except _Elsewhere:
            continue
    raise Unavailable("The interaction's contact is being merged; try again.")


class _Elsewhere(Exception):
    """The touchpoint belongs to another contact than a moment ago: they were merged."""


def _refuse_of_other_surface(row: InteractionRow) -> None:
    if row.origin not in OWN:
        raise Conflict(
            f"Interaction {row.interaction_id} was recorded by another surface and is changed there.",
            details={"origin": row.origin, "origin_id": row.origin_id or ""},
        )


async def _moved(tx: Transaction, contact_id: str, now: datetime, *touched: datetime) -> int:
    """The contact's version with its warmth of now; `touched` is when touches came or went. The caller holds it."""
    return await recompute_contact(tx, contact_id, now, touched) or 0


def _existing(interaction_id: str, named: Named | None) -> Named:
    if named is None:
        raise NotFound.interaction(interaction_id)
    return named
