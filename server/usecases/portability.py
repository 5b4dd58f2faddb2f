"""A contact carried whole: exported in one piece or batch by batch."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from server.domain.errors import NotFound
from server.usecases import audit
from server.usecases.services import Services
from store import contact_data, tenants
from store.contact_data import EXPORTED, Record
from store.database import Transaction

_BATCH: Final = 200
"""Rows that are read at once; what a streamed export holds in memory."""


@dataclass(frozen=True, slots=True)
class Archive:
    """All of a contact: its own row and, by the names of `store.contact_data.EXPORTED`, what hangs on it."""

    contact: Record
    tables: dict[str, list[Record]]


@dataclass(frozen=True, slots=True)
class Export:
    """Everything that Kith holds of a contact at `now`.

    `zone` is the IANA zone of its days. `mentions` says how many current memories mention each entity.
    """

    archive: Archive
    mentions: dict[str, int]
    zone: str
    now: datetime


async def export_contact(services: Services, tenant_id: str, contact_id: str) -> Export:
    """Everything of one contact as of one instant. Raises NotFound."""
    now = services.clock().astimezone(UTC)
    async with services.database.transaction(tenant_id, isolation="REPEATABLE READ") as tx:
        row = await _contact(tx, contact_id)
        zone = row["time_zone"] or await tenants.time_zone(tx)
        tables = {name: [record async for record in _all(tx, name, contact_id)] for name in EXPORTED}
        mentions = await contact_data.mentions(tx, contact_id)
        await audit.record(tx, target=contact_id)
    tables["memories"].sort(key=lambda memory: (memory["sequence"], memory["memory_id"]))
    tables["interaction_logs"].sort(key=lambda log: (log["occurred_at"], log["interaction_id"]))
    tables["triggers"].sort(key=lambda trigger: (trigger["scheduled_at"], trigger["trigger_id"]))
    return Export(Archive(row, tables), mentions, zone, now)


@dataclass(frozen=True, slots=True)
class Piece:
    """One record of a streamed export: `contact` first, then rows of each table by the key.

    `mentions` is how many current memories mention it, for an entity.
    """

    name: str
    record: Record
    mentions: int = 0


async def stream_contact(services: Services, tenant_id: str, contact_id: str) -> AsyncGenerator[Piece, None]:
    """Everything of one contact as of one instant, a few rows in memory at a time. Raises NotFound before the first.

    The transaction is open until the last record is taken or the iterator is closed.
    """
    # Noted before anything leaves: whoever breaks off has read some of it.
    async with services.database.transaction(tenant_id) as tx:
        await _contact(tx, contact_id)
        await audit.record(tx, target=contact_id)
    async with services.database.transaction(tenant_id, isolation="REPEATABLE READ") as tx:
        yield Piece("contact", await _contact(tx, contact_id))
        mentions = await contact_data.mentions(tx, contact_id)
        for name in EXPORTED:
            async for record in _all(tx, name, contact_id):
                yield Piece(name, record, mentions.get(record["entity_id"], 0) if name == "entities" else 0)


async def _contact(tx: Transaction, contact_id: str) -> Record:
    row = await contact_data.contact(tx, contact_id)
    if row is None:
        raise NotFound.contact(contact_id)
    return row


async def _all(tx: Transaction, name: str, contact_id: str) -> AsyncIterator[Record]:
    key = key_of(name)
    after: Any = None
    while True:
        batch = await contact_data.records(tx, name, contact_id, after=after, limit=_BATCH)
        for record in batch:
            yield record
        if len(batch) < _BATCH:
            return
        after = batch[-1][key]


def key_of(name: str) -> str:
    """The column that tells a contact's rows of an exported table apart."""
    column = EXPORTED[name].key
    if column is None:
        raise ValueError(f"{name} is not exported")
    return column.name
