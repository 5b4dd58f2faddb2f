"""Making a contact again from its export: in one piece, or record by record."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from server.domain.errors import Conflict, FieldViolation, InvalidInput, PermissionDenied
from server.domain.turn import AHEAD, EARLIEST
from server.domain.zones import check_zone
from server.usecases import audit, warmth
from server.usecases.contacts import id_taken, is_spent
from server.usecases.portability import Archive, key_of
from server.usecases.services import Services
from store import contact_data, contacts, merges
from store.contact_data import EXPORTED, Record
from store.database import Transaction
from store.errors import ForeignKeyViolation, UniqueViolation
from store.outreach import OPEN

_BATCH: Final = 1_000
"""Rows that are stored, or looked for, at once."""


@dataclass(frozen=True, slots=True)
class Imported:
    """How many rows were stored, by name; `created` is False where all of it was there already."""

    contact_id: str
    counts: dict[str, int]
    created: bool


async def import_contact(services: Services, tenant_id: str, archive: Archive, *, may_consent: bool) -> Imported:
    """Makes a contact again as it was exported, under the same ids. The same again changes nothing.

    `may_consent` is whether the caller may record that a contact agreed to a channel. What was still to be sent is
    stored as cancelled: whoever exported it still sends it, and here none of outreach's rules looked at it.

    Raises InvalidInput for what no export could hold; PermissionDenied for a channel opted in to without `may_consent`;
    Conflict where the id was erased, the id or the (channel, external id) is another contact's, or the contact is there
    and lacks something of the export.
    """
    _check(archive, services.clock())

    async def work(tx: Transaction) -> Imported:
        under_way = await _begin(tx, archive.contact, may_consent=may_consent)
        for name in EXPORTED:
            rows = archive.tables[name]
            for start in range(0, len(rows), _BATCH):
                await under_way.take(tx, name, rows[start : start + _BATCH])
        return await under_way.finish(tx, services.clock())

    try:
        return await services.database.run(tenant_id, work)
    except ForeignKeyViolation as error:
        raise _of_nothing() from error
    except UniqueViolation:
        # The same import may have come in at once: looked at again, it is known.
        try:
            return await services.database.run(tenant_id, work)
        except UniqueViolation as error:
            raise _not_its_own() from error


@dataclass(frozen=True, slots=True)
class End:
    """The end of a streamed export: how many records of each kind came before it."""

    counts: Mapping[str, int]


async def import_stream(
    services: Services, tenant_id: str, contact: Record, records: AsyncIterator[tuple[str, Record] | End],
    *, may_consent: bool,
) -> Imported:  # fmt: skip
    """Makes a contact again from a streamed export, a batch of rows in memory at a time: all of it, or nothing.

    `records` are names of tables with their rows, and then the end. Raises as `import_contact`; InvalidInput also where
    the end is missing or tells of other records than came, Conflict where a key comes twice.
    """
    now = services.clock()
    _refuse(_of_contact(contact, now))
    counts: Counter[str] = Counter()
    kind, waiting = "", list[Record]()
    ended: Mapping[str, int] | None = None
    try:
        async with services.database.transaction(tenant_id) as tx:
            under_way = await _begin(tx, contact, may_consent=may_consent)
            async for record in records:
                if ended is not None:
                    raise InvalidInput.of("end", "must be the last record")
                if isinstance(record, End):
                    ended = record.counts
                    continue
                name, row = record
                if waiting and (name != kind or len(waiting) == _BATCH):
                    await under_way.take(tx, kind, waiting)
                    waiting = []
                kind = name
                counts[name] += 1
                _refuse(list(_misplaced(f"{name}[{counts[name] - 1}]", row, now)))
                waiting.append(row)
            if waiting:
                await under_way.take(tx, kind, waiting)
            if ended is None or any(ended.get(name, 0) != counts[name] for name in EXPORTED):
                raise InvalidInput.of("end", "must come, and must count the records that came: some are missing")
            return await under_way.finish(tx, now)
    except ForeignKeyViolation as error:
        raise _of_nothing() from error
    except UniqueViolation as error:
        raise _not_its_own() from error


def _of_nothing() -> InvalidInput:
    return InvalidInput.of("readings", "must be of turns that the export holds")


def _not_its_own() -> Conflict:
    return Conflict("Another contact has one of the export's triggers or events, or the export holds something twice.")


@dataclass(slots=True)
class _UnderWay:
    """An import that was begun: it stores, or where the contact is known, only looks whether all of it is there."""

    contact_id: str
    known: bool
    may_consent: bool
    counts: Counter[str] = field(default_factory=Counter)

    async def take(self, tx: Transaction, name: str, rows: list[Record]) -> None:
        """Takes some rows of a table, no key twice."""
        if not self.known:
            if name == "consents" and not self.may_consent:
                _refuse_consent(rows)
            stored = [_closed(row) for row in rows] if name == "triggers" else rows
            await contact_data.add(tx, name, self.contact_id, stored)
            self.counts[name] += len(rows)
        elif not await contact_data.holds(tx, name, self.contact_id, [row[key_of(name)] for row in rows]):
            raise Conflict(
                f"Contact {self.contact_id} exists and lacks some of the export's {name}. Nothing was changed.",
                reason="CONTACT_ID_TAKEN",
            )

    async def finish(self, tx: Transaction, now: datetime) -> Imported:
        """What was done."""
        if self.known:
            return Imported(self.contact_id, {}, created=False)
        # An export does not say it: it follows from the touches.
        await warmth.recompute_contact(tx, self.contact_id, now)
        await audit.record(tx, target=self.contact_id)
        return Imported(self.contact_id, {name: self.counts[name] for name in EXPORTED}, created=True)


def _refuse_consent(rows: list[Record]) -> None:
    if any(row["status"] == "opted_in" for row in rows):
        raise PermissionDenied(
            "The export has a channel that the contact opted in to, and the token lacks the permission outreach:write.",
            details={"permission": "outreach:write"},
        )


def _closed(trigger: Record) -> Record:
    """The trigger, cancelled where it was still to be sent."""
    if trigger["status"] not in OPEN:
        return trigger
    return {**trigger, "status": "cancelled", "failure": "imported", "claimed_until": None}


async def _begin(tx: Transaction, contact: Record, *, may_consent: bool) -> _UnderWay:
    contact_id = str(contact["contact_id"])
    if await is_spent(tx, contact_id):
        raise id_taken(contact_id)
    known = await contacts.get(tx, contact_id, lock=True)
    if known is not None:
        same = all(getattr(known, name) == contact[name] for name in ("channel", "external_id", "created_at"))
        if not same:
            raise id_taken(contact_id)
        return _UnderWay(contact_id, known=True, may_consent=may_consent)
    merged = await merges.stayed_of(tx, str(contact["channel"]), str(contact["external_id"]))
    if merged is not None or await contacts.add(tx, {**contact, "version": 1}) is None:
        raise Conflict("Another contact has the external_id of the export on its channel.", reason="CONTACT_ID_TAKEN")
    # Whoever erased or merged this id a moment ago held it until we could insert it.
    if await is_spent(tx, contact_id):
        raise id_taken(contact_id)
    return _UnderWay(contact_id, known=False, may_consent=may_consent)


_LATER: Final = frozenset(
    {"event_start", "event_end", "valid_to", "scheduled_at", "expires_at", "due_at", "claimed_until"}
)
"""Instants that may lie ahead, or long ago: what is told of or planned, not what was done."""

_DAY: Final = timedelta(days=1)


def _check(archive: Archive, now: datetime) -> None:
    """Raises InvalidInput for what the contract's own constraints cannot say."""
    wrong = _of_contact(archive.contact, now)
    for name, rows in archive.tables.items():
        for i, row in enumerate(rows):
            wrong += _misplaced(f"{name}[{i}]", row, now)
        wrong += _repeated(name, key_of(name), [row[key_of(name)] for row in rows])
    wrong += _repeated("interaction_logs", "turn_id", [row["turn_id"] for row in archive.tables["interaction_logs"]])
    wrong += _repeated("triggers", "occasion", [row["occasion"] for row in archive.tables["triggers"]])
    still_open = [row["dedupe_key"] for row in archive.tables["triggers"] if row["status"] in OPEN]
    wrong += _repeated("triggers", "dedupe_key", still_open)
    _refuse(wrong)


def _refuse(wrong: list[FieldViolation]) -> None:
    if wrong:
        raise InvalidInput(wrong)


def _of_contact(contact: Record, now: datetime) -> list[FieldViolation]:
    check_zone(contact["time_zone"])
    return list(_misplaced("stored_state", contact, now))


def _misplaced(path: str, row: Record, now: datetime) -> Iterator[FieldViolation]:
    """Instants and days at which nothing can have been done, and a claim without its end."""
    if "claimed_until" in row and row["status"] == "claimed" and row["claimed_until"] is None:
        yield FieldViolation(f"{path}.claimed_until", "must be there where the status is claimed")
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
