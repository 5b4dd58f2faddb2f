"""A contact carried whole: exported in one piece or batch by batch, and made again from an export."""

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from server.domain.errors import Conflict, FieldViolation, InvalidInput, NotFound
from server.domain.zones import check_zone
from server.usecases import audit
from server.usecases.contacts import id_taken
from server.usecases.ingest import AHEAD, EARLIEST
from server.usecases.services import Services
from store import contact_data, contacts, receipts, tenants
from store.contact_data import EXPORTED, Record
from store.database import Transaction
from store.errors import UniqueViolation
from store.outreach import OPEN

_BATCH: Final = 200
"""Rows that are read at once; what an export holds in memory."""

_STORED_AT_ONCE: Final = 2_000


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
    key = _key(name)
    after: Any = None
    while True:
        batch = await contact_data.records(tx, name, contact_id, after=after, limit=_BATCH)
        for record in batch:
            yield record
        if len(batch) < _BATCH:
            return
        after = batch[-1][key]


def _key(name: str) -> str:
    column = EXPORTED[name].key
    if column is None:
        raise ValueError(f"{name} is not exported")
    return column.name


@dataclass(frozen=True, slots=True)
class Imported:
    """How many rows were stored, by name; `created` is False where all of it was there already."""

    contact_id: str
    counts: dict[str, int]
    created: bool


async def import_contact(services: Services, tenant_id: str, archive: Archive) -> Imported:
    """Makes a contact again as it was exported, under the same ids. The same again changes nothing.

    Raises InvalidInput for what no export could hold; Conflict where the id was erased, the id or the (channel,
    external id) is another contact's, or the contact is there and lacks something of the export.
    """
    now = services.clock()
    contact_id = str(archive.contact["contact_id"])
    _check(archive, now)

    async def work(tx: Transaction) -> Imported:
        if await receipts.was_erased(tx, contact_id):
            raise id_taken(contact_id)
        known = await contacts.get(tx, contact_id, lock=True)
        if known is not None:
            mine = archive.contact
            if (known.channel, known.external_id, known.created_at) != (
                mine["channel"], mine["external_id"], mine["created_at"],
            ):  # fmt: skip
                raise id_taken(contact_id)
            await _require_all(tx, contact_id, archive)
            return Imported(contact_id, {}, created=False)
        if await contacts.add(tx, {**archive.contact, "version": 1}) is None:
            raise Conflict(
                "Another contact has the external_id of the export on its channel.", reason="CONTACT_ID_TAKEN"
            )
        # Whoever erased this id a moment ago held it until we could insert it.
        if await receipts.was_erased(tx, contact_id):
            raise id_taken(contact_id)
        for name, rows in archive.tables.items():
            for start in range(0, len(rows), _STORED_AT_ONCE):
                await contact_data.add(tx, name, contact_id, rows[start : start + _STORED_AT_ONCE])
        await audit.record(tx, target=contact_id)
        return Imported(contact_id, {name: len(rows) for name, rows in archive.tables.items()}, created=True)

    try:
        return await services.database.run(tenant_id, work)
    except UniqueViolation:
        # The same import may have come in at once: looked at again, it is known.
        try:
            return await services.database.run(tenant_id, work)
        except UniqueViolation as error:
            raise Conflict("Another contact has one of the export's triggers.") from error


async def _require_all(tx: Transaction, contact_id: str, archive: Archive) -> None:
    for name, rows in archive.tables.items():
        keys = [row[_key(name)] for row in rows]
        for start in range(0, len(keys), _STORED_AT_ONCE):
            if not await contact_data.holds(tx, name, contact_id, keys[start : start + _STORED_AT_ONCE]):
                raise Conflict(
                    f"Contact {contact_id} exists and lacks some of the export's {name}. Nothing was changed.",
                    reason="CONTACT_ID_TAKEN",
                )


_LATER: Final = frozenset(
    {"event_start", "event_end", "valid_to", "scheduled_at", "expires_at", "due_at", "claimed_until"}
)
"""Instants that may lie ahead, or long ago: what is told of or planned, not what was done."""

_DAY: Final = timedelta(days=1)


def _check(archive: Archive, now: datetime) -> None:
    """Raises InvalidInput for what the contract's own constraints cannot say."""
    check_zone(archive.contact["time_zone"])
    wrong = list(_misplaced("stored_state", archive.contact, now))
    for name, rows in archive.tables.items():
        for i, row in enumerate(rows):
            wrong += _misplaced(f"{name}[{i}]", row, now)
        wrong += _repeated(name, _key(name), [row[_key(name)] for row in rows])
    wrong += _repeated("interaction_logs", "turn_id", [row["turn_id"] for row in archive.tables["interaction_logs"]])
    wrong += _repeated("triggers", "occasion", [row["occasion"] for row in archive.tables["triggers"]])
    still_open = [row["dedupe_key"] for row in archive.tables["triggers"] if row["status"] in OPEN]
    wrong += _repeated("triggers", "dedupe_key", still_open)
    if wrong:
        raise InvalidInput(wrong)


def _misplaced(path: str, row: Record, now: datetime) -> Iterator[FieldViolation]:
    """Instants and days at which nothing can have been done."""
    for column, value in row.items():
        if isinstance(value, datetime):
            if column not in _LATER and not EARLIEST <= value <= now + AHEAD:
                yield FieldViolation(f"{path}.{column}", "must be between 1970 and now")
        elif isinstance(value, date) and not EARLIEST.date() - _DAY <= value <= now.date() + 2 * _DAY:
            yield FieldViolation(f"{path}.{column}", "must be between 1970 and now")


def _repeated(name: str, column: str, values: list[Any]) -> Iterator[FieldViolation]:
    counts = Counter(value for value in values if value is not None)
    if any(times > 1 for times in counts.values()):
        yield FieldViolation(name, f"must not have the same {column} twice")
