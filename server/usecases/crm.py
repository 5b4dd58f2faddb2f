"""Contacts by their CRM side: listed, made known, found, shown, changed, and their identities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from server.domain import identity, metadata, phone
from server.domain.errors import Conflict, InvalidInput, NotFound
from server.domain.identity import Identity, Kind
from server.domain.warmth import Band
from server.domain.warmth.ledger import falls_to, warmth_at
from server.domain.zones import check_zone
from server.usecases import audit, identities, paging, warmth
from server.usecases.contacts import MOST
from server.usecases.services import Services
from server.usecases.snapshots import Change
from store import contacts, crm_pages, pagination
from store import identities as stored_identities
from store.crm_pages import Filter, Order
from store.database import Transaction
from store.tables.contact import ContactRow
from store.tables.crm import IdentityRow


@dataclass(frozen=True, slots=True)
class Card:
    """A contact as a CRM shows it, its warmth as of the moment it was asked for."""

    row: ContactRow
    identities: list[IdentityRow]
    warmth: float
    band: Band
    next_band_at: datetime | None


@dataclass(frozen=True, slots=True)
class GivenIdentity:
    """An identity as a caller gives it; see `server.domain.identity.read`."""

    kind: Kind
    value: str
    system: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class NewCard:
    """What is told of a contact that is made known; the first of the `identities` is the channel it came by."""

    identities: Sequence[GivenIdentity]
    name: str | None = None
    title: str | None = None
    tags: Sequence[str] = ()
    attributes: Mapping[str, Any] | None = None
    language: str | None = None
    time_zone: str | None = None


@dataclass(frozen=True, slots=True)
class CardChange:
    """What is to change; None stays as it is, an empty text clears. `attributes` are merged key by key."""

    name: str | None = None
    title: str | None = None
    tags: Sequence[str] | None = None
    attributes: Mapping[str, Any] | None = None
    language: str | None = None
    time_zone: str | None = None


@dataclass(frozen=True, slots=True)
class CardQuery:
    """Which contacts to list; `limit` is at least 1."""

    text: str | None = None
    tags: Sequence[str] = ()
    attributes: Sequence[tuple[str, str]] = ()
    band: str | None = None
    warmth_min: float | None = None
    warmth_max: float | None = None
    sort: str = "created_at:desc"
    limit: int = 20
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class CardPage:
    """One page; `limit` and `sort` as they were applied."""

    cards: list[Card]
    limit: int
    sort: str
    next_cursor: str | None


_ATTRIBUTES: Final = "attributes"


async def list_cards(services: Services, tenant_id: str, query: CardQuery) -> CardPage:
    """A page of contacts, by their warmth as it was stored last. Raises InvalidInput for a cursor of another query."""
    limit, order, now = min(query.limit, MOST), Order.of(query.sort), services.clock()
    bound = {
        "list": "crm", "text": query.text, "tags": sorted(query.tags), "attributes": sorted(query.attributes),
        "band": query.band, "min": query.warmth_min, "max": query.warmth_max, "sort": query.sort,
    }  # fmt: skip
    after = paging.position(bound, query.cursor, crm_pages.KINDS[order.field])
    async with services.database.transaction(tenant_id) as tx:
        least, below = (0.0, None) if query.band is None else await _bounds(tx, query.band)
        wanted = Filter(
            text=query.text,
            identity=None if query.text is None else phone.read(query.text, await identities.region(tx)).value,
            tags=query.tags,
            attributes=query.attributes,
            warmth_min=max(least, query.warmth_min or 0) or None,
            warmth_max=query.warmth_max,
            warmth_below=below,
        )
        rows, last = await crm_pages.page(tx, wanted, order, limit=limit, after=after)
        cards = await _cards(tx, rows, now)
    return CardPage(cards, limit, query.sort, None if last is None else pagination.encode(bound, last))


async def get_card(services: Services, tenant_id: str, contact_id: str) -> Card:
    """One contact. Raises NotFound."""
    async with services.database.transaction(tenant_id) as tx:
        return await card_of(tx, contact_id, services.clock())


async def find_card(services: Services, tenant_id: str, given: GivenIdentity) -> Card:
    """The contact that has an identity. Raises InvalidInput for what is none, and NotFound."""
    async with services.database.transaction(tenant_id) as tx:
        found = await _read(tx, given, field="value")
        owner = await identities.owner_of(tx, found.kind, found.value, found.system)
        if owner is None:
            raise NotFound("No contact has this identity.", reason="CONTACT_NOT_FOUND")
        return await card_of(tx, owner, services.clock())


async def card_of(tx: Transaction, contact_id: str, now: datetime) -> Card:
    """One contact, within a transaction. Raises NotFound."""
    row = await contacts.get(tx, contact_id)
    if row is None:
        raise NotFound.contact(contact_id)
    return (await _cards(tx, [row], now))[0]


@dataclass(frozen=True, slots=True)
class Made:
    """The contact; `created` is False where it was known before by its first identity."""

    card: Card
    created: bool


async def create_card(services: Services, tenant_id: str, new: NewCard) -> Made:
    """Makes a contact known, once per first identity; one that was known before stays as it was.

    Raises InvalidInput, and Conflict (IDENTITY_TAKEN) where another contact has one of the other identities.
    """
    check_zone(new.time_zone)
    attributes = metadata.merged({}, new.attributes or {})
    metadata.check(_ATTRIBUTES, attributes)
    now = services.clock()

    async def work(tx: Transaction) -> Made:
        read = [await _read(tx, one, field=f"identities[{i}].value") for i, one in enumerate(new.identities)]
        contact_id, created = await identities.contact_of(
            tx,
            read[0],
            now,
            display_name=new.name,
            title=new.title,
            tags=sorted(new.tags),
            attributes=attributes,
            language=new.language or "en",
            time_zone=new.time_zone,
        )
        if created:
            for i, one in enumerate(read[1:], start=1):
                # A microsecond apart, so that they stay in the order in which they were given.
                if await identities.give(tx, contact_id, one, now + timedelta(microseconds=i)) is None:
                    raise await _taken(tx, one, f"identities[{i}].value")
            await audit.record(tx, target=contact_id)
        return Made(await card_of(tx, contact_id, now), created)

    return await services.database.run(tenant_id, work)


async def update_card(services: Services, tenant_id: str, contact_id: str, change: CardChange) -> Card:
    """Changes a contact. Raises InvalidInput, NotFound."""
    check_zone(change.time_zone or None)
    texts = {"display_name": change.name, "title": change.title, "time_zone": change.time_zone}
    columns: dict[str, Any] = {name: text or None for name, text in texts.items() if text is not None}
    if change.language is not None:
        columns["language"] = change.language
    if change.tags is not None:
        columns["tags"] = sorted(change.tags)
    if not columns and change.attributes is None:
        raise InvalidInput.of("name", "nothing to change was given")
    now = services.clock()
    result: list[Card] = []

    async def work(tx: Transaction) -> Change:
        result.clear()
        row = await contacts.get(tx, contact_id, lock=True)
        if row is None:
            raise NotFound.contact(contact_id)
        changed = dict(columns)
        if change.attributes is not None:
            changed[_ATTRIBUTES] = metadata.merged(row.attributes, change.attributes)
            metadata.check(_ATTRIBUTES, changed[_ATTRIBUTES])
        version = await contacts.change(tx, contact_id, changed)
        if version is None:
            raise NotFound.contact(contact_id)
        await audit.record(tx, target=contact_id)
        result.append(await card_of(tx, contact_id, now))
        return Change(version)

    await services.snapshots.change(tenant_id, contact_id, work)
    return result[0]


@dataclass(frozen=True, slots=True)
class Added:
    """The identity as it is stored; `created` is False where the contact had it before."""

    row: IdentityRow
    created: bool


async def add_identity(services: Services, tenant_id: str, contact_id: str, given: GivenIdentity) -> Added:
    """Gives a contact an identity. Raises InvalidInput, NotFound, and Conflict where another contact has it."""
    now = services.clock()

    async def work(tx: Transaction) -> Added:
        if await contacts.get(tx, contact_id, lock=True) is None:
            raise NotFound.contact(contact_id)
        read = await _read(tx, given, field="value")
        row = await identities.give(tx, contact_id, read, now)
        if row is None:
            raise await _taken(tx, read, "value")
        created = row.created_at == now
        if created:
            await audit.record(tx, target=contact_id)
        return Added(row, created)

    return await services.database.run(tenant_id, work)


async def remove_identity(services: Services, tenant_id: str, contact_id: str, identity_id: str) -> None:
    """Takes an identity from a contact. Raises NotFound for either."""

    async def work(tx: Transaction) -> None:
        if await contacts.get(tx, contact_id, lock=True) is None:
            raise NotFound.contact(contact_id)
        if not await stored_identities.remove(tx, contact_id, identity_id):
            raise NotFound.identity(identity_id)
        await audit.record(tx, target=contact_id)

    await services.database.run(tenant_id, work)


async def _cards(tx: Transaction, rows: Sequence[ContactRow], now: datetime) -> list[Card]:
    known = await stored_identities.of_contacts(tx, [row.contact_id for row in rows])
    cards: list[Card] = []
    for row in rows:
        ledger = tuple(row.touches)
        score, band = warmth_at(ledger, now)
        falls = falls_to(ledger, now)
        cards.append(Card(row, known[row.contact_id], score, band, None if falls is None else falls[1]))
    return cards


async def _read(tx: Transaction, given: GivenIdentity, *, field: str) -> Identity:
    if given.region is not None and not phone.is_region(given.region):
        raise InvalidInput.of(field.replace("value", "region"), "must be the ISO 3166 name of a country, e.g. DE")
    region = given.region or await identities.region(tx)
    return identity.read(given.kind, given.value, system=given.system, region=region, field=field)


async def _bounds(tx: Transaction, band: str) -> tuple[float, float | None]:
    """From which warmth on a contact is in the band, and below which; the index of warmth serves both."""
    config, _ = await warmth.constants(tx)
    least = {"hot": config.hot_from, "warm": config.warm_from, "cool": config.cool_from, "cold": 0.0}
    above = {"hot": None, "warm": config.hot_from, "cool": config.warm_from, "cold": config.cool_from}
    return least[band], above[band]


async def _taken(tx: Transaction, read: Identity, field: str) -> Conflict:
    owner = await identities.owner_of(tx, read.kind, read.value, read.system)
    return Conflict.identity_taken(field, owner or "")
