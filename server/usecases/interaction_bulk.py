"""Many touchpoints at once, each of which stands or falls by itself."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from server.domain import interaction
from server.domain.errors import InvalidInput, KithError, NotFound, Unavailable
from server.domain.interaction import NewInteraction
from server.usecases import audit
from server.usecases.interactions import new_row
from server.usecases.leads import leads
from server.usecases.services import Services
from server.usecases.snapshots import Change
from server.usecases.warmth import columns_anew, constants
from store import contacts, interactions
from store.database import Transaction
from store.errors import StoreError
from store.interactions import Named
from store.tables.interaction import InteractionRow

log: Final = logging.getLogger(__name__)

AT_ONCE: Final = 25
"""Contacts that one transaction holds: few enough that a turn of one of them does not wait long."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one touchpoint: as it is stored, or why it is not."""

    status: Literal["created", "existing", "failed"]
    named: Named | None = None
    error: KithError | None = None


@dataclass(slots=True)
class _Bulk:
    """A bulk creation under way: the rows that wait, and the outcomes, by their place in the request."""

    waiting: dict[int, InteractionRow] = field(default_factory=dict)
    outcomes: dict[int, Outcome] = field(default_factory=dict)

    def settle(self, index: int, outcome: Outcome) -> None:
        del self.waiting[index]
        self.outcomes[index] = outcome


async def create_interactions(
    services: Services, tenant_id: str, items: Sequence[NewInteraction | InvalidInput]
) -> list[Outcome]:
    """Records touchpoints; one that was refused already is told of in its place. Returns an outcome for each.

    A wrong one keeps no other from being recorded. Of several with one external id the first good one is recorded, and
    the others find it. Raises Unavailable, or what the store raises, where nothing could be done at all.
    """
    now = services.clock()
    bulk = _Bulk()
    for index, item in enumerate(items):
        _take(bulk, tenant_id, index, item, now)
    while bulk.waiting:
        async with services.database.transaction(tenant_id) as tx:
            await _settle_known(tx, bulk)
        # Whatever was not stored, as its id was taken in the meantime, is found by the next look.
        for group in _groups(bulk.waiting):
            await _store(services, tenant_id, bulk, group, now)
    return [bulk.outcomes[index] for index in range(len(items))]


def _take(bulk: _Bulk, tenant_id: str, index: int, item: NewInteraction | InvalidInput, now: datetime) -> None:
    try:
        if isinstance(item, InvalidInput):
            raise item
        interaction.check(item.metadata, item.occurred_at, now, f"items[{index}].")
    except InvalidInput as error:
        bulk.outcomes[index] = Outcome("failed", error=error)
        return
    row = new_row(tenant_id, item, now)
    # A microsecond apart, so that they are listed in the order of the request.
    recorded = now + timedelta(microseconds=index)
    bulk.waiting[index] = replace(row, created_at=recorded, updated_at=recorded)


async def _settle_known(tx: Transaction, bulk: _Bulk) -> None:
    """Settles what has no contact, and what is stored already."""
    rows = bulk.waiting.values()
    there = await contacts.names(tx, {row.contact_id for row in rows})
    led = await leads(tx, {row.contact_id for row in rows} - set(there))
    known = await interactions.by_external_ids(tx, list({row.external_id for row in rows if row.external_id}))
    for index, row in list(bulk.waiting.items()):
        if row.contact_id in led:
            bulk.waiting[index] = replace(row, contact_id=led[row.contact_id])
        elif row.contact_id not in there:
            bulk.settle(index, Outcome("failed", error=NotFound.contact(row.contact_id)))
        if row.external_id is not None and row.external_id in known and index in bulk.waiting:
            bulk.settle(index, Outcome("existing", known[row.external_id]))


def _groups(waiting: Mapping[int, InteractionRow]) -> list[dict[int, InteractionRow]]:
    """The rows to store now, no external id twice, in groups of a few contacts each, in the order of their ids."""
    taken: set[str] = set()
    of_contact: dict[str, dict[int, InteractionRow]] = {}
    for index, row in waiting.items():
        if row.external_id is not None:
            if row.external_id in taken:
                continue
            taken.add(row.external_id)
        of_contact.setdefault(row.contact_id, {})[index] = row
    in_order = sorted(of_contact)
    return [
        {index: row for contact_id in in_order[at : at + AT_ONCE] for index, row in of_contact[contact_id].items()}
        for at in range(0, len(in_order), AT_ONCE)
    ]


async def _store(
    services: Services, tenant_id: str, bulk: _Bulk, group: Mapping[int, InteractionRow], now: datetime
) -> None:
    """Stores the rows of a few contacts, all or none of them."""
    contact_ids = sorted({row.contact_id for row in group.values()})
    stored: dict[int, Named] = {}

    async def work(tx: Transaction) -> dict[str, Change]:
        stored.clear()
        there = await contacts.names(tx, contact_ids, lock=True)
        good = {index: row for index, row in group.items() if row.contact_id in there}
        added = await interactions.add(tx, list(good.values()))
        stored.update({i: Named(row, there[row.contact_id]) for i, row in good.items() if row.interaction_id in added})
        await audit.record_all(tx, [named.row.interaction_id for named in stored.values()])
        touched = sorted({named.row.contact_id for named in stored.values()})
        config, zone = await constants(tx)
        columns = {i: await columns_anew(tx, i, config, zone, now) for i in touched}
        return {i: Change(await contacts.change(tx, i, columns[i]) or 0) for i in touched}

    try:
        await services.snapshots.change_many(tenant_id, contact_ids, work)
    except StoreError as error:
        if not any(outcome.status == "created" for outcome in bulk.outcomes.values()):
            raise
        log.warning("part of a bulk creation was not stored", extra={"cause": type(error).__name__})
        for index in group:
            bulk.settle(index, Outcome("failed", error=Unavailable("A store did not answer; try this one again.")))
        return
    for index, named in stored.items():
        bulk.settle(index, Outcome("created", named))
