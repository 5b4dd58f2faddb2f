"""Contacts: made known, listed, shown, changed, erased."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from server import ids
from server.domain import identity
from server.domain.churn import risk_of
from server.domain.contact import Profile, State
from server.domain.errors import Conflict, InvalidInput, NotFound
from server.domain.snapshot import ContactSnapshot
from server.domain.zones import check_zone
from server.usecases import audit, identities, records
from server.usecases.churn_model import parameters
from server.usecases.outreach.consent import heed_general_refusal
from server.usecases.services import Services
from server.usecases.snapshots import Change
from store import contact_data, contacts, merges, pagination, receipts, tenants, triggers
from store.contacts import Sort
from store.database import Transaction
from store.errors import UniqueViolation
from store.tables.contact import ContactRow
from store.tables.outreach import TriggerRow

_RECENT: Final = 10
"""Triggers that a profile shows."""

MOST: Final = 100
"""A page never holds more; a larger limit is taken as this."""


@dataclass(frozen=True, slots=True)
class NewContact:
    """What a chat engine tells of a contact it meets; ranges are validated by the contract."""

    external_id: str
    channel: str
    display_name: str | None = None
    contact_id: str | None = None
    language: str | None = None
    time_zone: str | None = None


@dataclass(frozen=True, slots=True)
class Created:
    """The contact; `created` is False where it was known before."""

    profile: Profile
    state: State
    zone: str
    now: datetime
    created: bool


async def create_contact(services: Services, tenant_id: str, new: NewContact) -> Created:
    """Makes a contact known, once per (channel, external_id).

    Raises InvalidInput for an unknown time zone, and Conflict where the chosen id is another contact's or was erased.
    """
    check_zone(new.time_zone)
    now = services.clock()
    contact_id = new.contact_id or ids.new("ct", now)

    async def work(tx: Transaction) -> Created:
        zone = new.time_zone or await tenants.time_zone(tx)
        known = await _known(tx, new)
        if known is None:
            if await is_spent(tx, contact_id):
                raise id_taken(contact_id)
            added = await contacts.add(tx, {**_first_columns(new, now), "contact_id": contact_id})
            if added is not None:
                # Whoever erased or merged this id a moment ago held it until we could insert it.
                if await is_spent(tx, contact_id):
                    raise id_taken(contact_id)
                if await merges.stayed_of(tx, new.channel, new.external_id) is not None:
                    raise UniqueViolation("contacts_tenant_id_channel_external_id_key")
                # One that another contact has already stays with it.
                known_by = identity.of_channel(new.channel, new.external_id, await identities.region(tx))
                await identities.give(tx, contact_id, known_by, now)
                await audit.record(tx, target=contact_id)
                return Created(records.profile(added), records.state(added), zone, now, created=True)
            known = await _known(tx, new)
        if known is None or not await _is_called(tx, known, new.contact_id):
            raise id_taken(contact_id)
        return Created(records.profile(known), records.state(known), known.time_zone or zone, now, created=False)

    try:
        return await services.database.run(tenant_id, work)
    except UniqueViolation:
        # The same create may have come in at once: looked at again, it is known.
        try:
            return await services.database.run(tenant_id, work)
        except UniqueViolation as error:
            raise id_taken(contact_id) from error


async def _known(tx: Transaction, new: NewContact) -> ContactRow | None:
    """The contact that has this id on this channel, or had it before another was merged into it."""
    known = await contacts.by_external_id(tx, new.channel, new.external_id)
    if known is None and (stayed := await merges.stayed_of(tx, new.channel, new.external_id)) is not None:
        known = await contacts.get(tx, stayed)
    return known


async def is_spent(tx: Transaction, contact_id: str) -> bool:
    """Whether an id was a contact's that was erased, or went into another."""
    return await receipts.was_erased(tx, contact_id) or await merges.leads_to(tx, contact_id) is not None


async def _is_called(tx: Transaction, known: ContactRow, wanted: str | None) -> bool:
    """Whether the contact has the wanted id, if any, or the id leads to it."""
    return wanted in (None, known.contact_id) or await merges.leads_to(tx, wanted or "") == known.contact_id


def id_taken(contact_id: str) -> Conflict:
    """The refusal of an id that cannot be given to a contact."""
    return Conflict(f"The id {contact_id} belongs to another contact or to an erased one.", reason="CONTACT_ID_TAKEN")


def _first_columns(new: NewContact, now: datetime) -> dict[str, Any]:
    return {
        "external_id": new.external_id,
        "channel": new.channel,
        "display_name": new.display_name,
        "language": new.language or "en",
        "time_zone": new.time_zone,
        "created_at": now,
        "version": 1,
        **records.state_columns(State()),
    }


@dataclass(frozen=True, slots=True)
class ContactQuery:
    """Which contacts to list; `limit` is at least 1, `offset` at least 0. `stage` None means all."""

    sort: Sort = "recent"
    stage: str | None = None
    churn_risk_min: float | None = None
    limit: int = 20
    offset: int = 0
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class ContactPage:
    """One page. `limit` and `offset` are those applied; `zone` is the tenant's."""

    contacts: list[tuple[Profile, State]]
    total: int
    limit: int
    offset: int
    next_cursor: str | None
    zone: str
    now: datetime


async def list_contacts(services: Services, tenant_id: str, query: ContactQuery) -> ContactPage:
    """A page of the tenant's contacts. Raises InvalidInput for a cursor of another query, or with an offset."""
    now, limit = services.clock(), min(query.limit, MOST)
    bound = {"list": "contacts", "sort": query.sort, "stage": query.stage, "churn": query.churn_risk_min}
    after = None
    if query.cursor is not None:
        if query.offset:
            raise InvalidInput.of("offset", "cannot be combined with cursor")
        try:
            after = pagination.decode(bound, query.cursor, contacts.SORT_KINDS[query.sort])
        except pagination.BadCursor as error:
            raise InvalidInput.of("cursor", "is not a cursor of this query") from error
    async with services.database.transaction(tenant_id) as tx:
        zone = await tenants.time_zone(tx)
        rows, total, last = await contacts.page(
            tx, sort=query.sort, stage=query.stage, now=now, tenant_zone=zone, churn_risk_min=query.churn_risk_min,
            limit=limit, offset=query.offset, after=after,
        )  # fmt: skip
    return ContactPage(
        contacts=[(records.profile(row), records.state(row)) for row in rows],
        total=total,
        limit=limit,
        offset=query.offset,
        next_cursor=None if last is None else pagination.encode(bound, last),
        zone=zone,
        now=now,
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """All that a dashboard shows of one contact as of `now`, its churn risk too; `outreach` are its newest triggers."""

    snapshot: ContactSnapshot
    outreach: list[TriggerRow]
    now: datetime


async def get_contact_profile(services: Services, tenant_id: str, contact_id: str) -> Shown:
    """All that a dashboard shows of one contact. Raises NotFound."""
    snapshot, now = await services.snapshots.get(tenant_id, contact_id), services.clock()
    async with services.database.transaction(tenant_id) as tx:
        model = await parameters(tx)
        newest = await triggers.of_contact(tx, contact_id, limit=_RECENT)
    state = replace(snapshot.state, churn_risk=risk_of(snapshot.state, model, now))
    return Shown(replace(snapshot, state=state), newest, now)


CLEARABLE: Final = frozenset({"display_name", "time_zone", "outreach_consent"})
CHANGEABLE: Final = CLEARABLE | {"language"}


async def update_contact(
    services: Services, tenant_id: str, contact_id: str, given: dict[str, Any], mask: frozenset[str] | None
) -> Profile:
    """Changes the given fields; with a mask exactly those it names, and one that is not given is cleared.

    Raises InvalidInput, NotFound.
    """
    if mask is not None:
        for field in mask - CHANGEABLE:
            raise InvalidInput.of("update_mask", f"{field} is not a field that can be changed")
        for field in mask - CLEARABLE - set(given):
            raise InvalidInput.of(field, "cannot be cleared")
        given = {field: given.get(field) for field in mask}
    check_zone(given.get("time_zone"))
    if not given:
        raise InvalidInput.of("update_mask", "nothing to change was given")
    result: list[Profile] = []

    async def work(tx: Transaction) -> Change:
        result.clear()
        version = await contacts.change(tx, contact_id, given)
        row = await contacts.get(tx, contact_id)
        if version is None or row is None:
            raise NotFound.contact(contact_id)
        if given.get("outreach_consent") is False:
            await heed_general_refusal(tx, contact_id)
        await audit.record(tx, target=contact_id)
        result.append(records.profile(row))
        return Change(version)

    await services.snapshots.change(tenant_id, contact_id, work)
    return result[0]


@dataclass(frozen=True, slots=True)
class Erased:
    """How many rows of each kind are gone, see `store.contact_data.TABLES`, and the receipt that stays."""

    counts: dict[str, int]
    receipt_id: str


async def delete_contact(services: Services, tenant_id: str, contact_id: str) -> Erased:
    """Erases the contact from every table, the job queue and every cache, and leaves a receipt. Raises NotFound."""
    now = services.clock()
    result: list[Erased] = []

    async def work(tx: Transaction) -> None:
        result.clear()
        if await contacts.get(tx, contact_id, lock=True) is None:
            raise NotFound.contact(contact_id)
        merged = await merges.merged_ids(tx, contact_id)
        erased = Erased(await contact_data.erase(tx, contact_id), ids.new("era", now))
        # The receipt stands for the contact in the log: an erased id is not written down again.
        await audit.record(tx, target=erased.receipt_id)
        await receipts.leave(tx, erased.receipt_id, "contact", contact_id, erased.counts, now)
        # Their ids are of an erased person too: nothing late may bring one of them back.
        for other_id in merged:
            await receipts.leave(tx, ids.new("era", now), "contact", other_id, {}, now)
        result.append(erased)

    await services.snapshots.change(tenant_id, contact_id, work)
    return result[0]
