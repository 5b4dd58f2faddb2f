"""What is told of calls is taken in: kept as an event, folded into the call, and followed by the call's contact.

The call, its contact where nobody knew the number, its touchpoint, the memory of its summary and the contact's warmth
are one transaction. Whoever is told of one call at once waits for each other; a contact is held before its rows are
written, so that nothing late brings back what was erased.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any, Final

from server import callers, ids
from server.domain import calls as domain
from server.domain import metadata, phone
from server.domain.calls import Call, Event, Told
from server.domain.errors import FieldViolation, InvalidInput, NotFound, Unavailable
from server.domain.phone import Number
from server.domain.turn import AHEAD, EARLIEST
from server.usecases import audit, call_effects
from server.usecases.identities import contact_of_number, owner_of_number
from server.usecases.services import Services
from server.usecases.snapshots import Change
from store import call_settings, calls, contacts, merges
from store.calls import Gone
from store.database import Transaction
from store.errors import RetryableConflict, UniqueViolation
from store.tables.call import CallEventRow, CallRow, CallSettingsRow
from store.tables.contact import ContactRow

_ATTEMPTS: Final = 10
_OF_CALL: Final = tuple(field.name for field in fields(Call) if field.name not in ("contact_id", "created_at"))


@dataclass(frozen=True, slots=True)
class Result:
    """The call as it is stored; `created` is False where it was known, or is not kept because it was erased."""

    call: CallRow
    created: bool


async def tell(services: Services, tenant_id: str, told: Told, *, anew: bool = False) -> Result:
    """Takes in what was told of a call; told again, late or out of order it ends up the same.

    The call of an erased contact, or a deleted call, is not brought back: the answer holds what tells calls apart and
    nothing is stored. With `anew` a call that was deleted by itself may be recorded again. Raises InvalidInput, and
    NotFound for a contact that was named.
    """
    return await _Telling(services, tenant_id, told, anew=anew).run()


async def tell_more(services: Services, tenant_id: str, call_id: str, told: Told) -> Result:
    """Takes in more about a known call, as of now; `told` need not name the call. Raises as `tell`, and NotFound."""
    async with services.database.transaction(tenant_id) as tx:
        row = await calls.get(tx, call_id)
    if row is None:
        raise NotFound.call(call_id)
    of_call = replace(told, provider=row.provider, call_sid=row.call_sid, at=services.clock())
    return await _Telling(services, tenant_id, of_call, known_as=call_id).run()


class _Elsewhere(Exception):
    """Contacts turned out to be touched whose change was not announced."""

    def __init__(self, contact_ids: set[str]) -> None:
        super().__init__("other contacts")
        self.contact_ids = contact_ids


class _Telling:
    """One thing told, on its way into the store."""

    def __init__(
        self, services: Services, tenant_id: str, told: Told, *, anew: bool = False, known_as: str | None = None
    ) -> None:
        self._services = services
        self._tenant_id = tenant_id
        self._told = told
        self._anew = anew
        self._known_as = known_as
        self._now = services.clock()
        self._announced: set[str] = set()
        self._result: Result | None = None

    async def run(self) -> Result:
        _check(self._told, self._now)
        for _ in range(_ATTEMPTS):
            try:
                await self._services.snapshots.change_many(self._tenant_id, self._announced, self._work)
            except _Elsewhere as other:
                self._announced |= other.contact_ids
            except UniqueViolation:
                # The same number was made known by another call at this very moment.
                continue
            else:
                assert self._result is not None  # noqa: S101 (set by every way through `_work`)
                return self._result
        raise Unavailable("The call's contact kept changing; try again.")

    async def _work(self, tx: Transaction) -> dict[str, Change]:
        told, settings = self._told, await call_settings.get(tx)
        told = _read_number(told, settings.default_region)
        await calls.hold(tx, told.provider, told.call_sid)
        row = await calls.by_sid(tx, told.provider, told.call_sid)
        gone = None if row is not None else await calls.gone(tx, told.provider, told.call_sid)
        if row is None and self._known_as is not None:
            raise NotFound.call(self._known_as)
        if gone is not None and (gone.erased or not self._anew):
            self._result = Result(_shadow(self._tenant_id, gone, told, self._now), created=False)
            return {}
        stored = [] if row is None else await _events_of(tx, row.call_id)
        # One that was imported has only itself to tell.
        itself = [_itself(row)] if row is not None and not stored else []
        known = [*stored, *itself]
        event = Event(domain.key_of(told), told, self._now)
        if row is not None and any(one.key == event.key for one in known):
            self._result = Result(row, created=False)
            return {}
        return await self._take_in(tx, row, known, [*itself, event], settings)

    async def _take_in(
        self,
        tx: Transaction,
        row: CallRow | None,
        known: Sequence[Event],
        new: Sequence[Event],
        settings: CallSettingsRow,
    ) -> dict[str, Change]:
        """`known` is what was told before, `new` what is to be stored."""
        before = domain.fold(known) if known else None
        call = domain.fold([*known, *new])
        lapsed = _lapsed(settings, call, self._now)
        call = domain.kept(call, lapsed)
        contact_id, held = await self._contacts(tx, row, before, call)
        call_id = await self._call_id(tx, row)
        stored = _row(tx.tenant_id, call_id, contact_id, self._told, call)
        await calls.put(tx, stored)
        if row is not None and row.contact_id != contact_id:
            await calls.attach_events(tx, call_id, contact_id)
        events = [replace(one, told=domain.without(one.told, lapsed)) for one in new]
        await calls.add_events(tx, [_event_row(tx.tenant_id, call_id, contact_id, one) for one in events])
        if lapsed and row is not None:
            # What is to be removed is found by the call, which does not have it any more.
            await calls.strip_events(tx, call_id, lapsed)
        if callers.known() is not None:
            await audit.record(tx, target=call_id)
        self._result = Result(stored, created=row is None)
        changes = await call_effects.follow(tx, row, stored, held, remember=settings.remember_summaries, now=self._now)
        # Of a contact that was made just now nobody holds anything yet.
        return {one: change for one, change in changes.items() if one in self._announced}

    async def _call_id(self, tx: Transaction, row: CallRow | None) -> str:
        if row is not None:
            return row.call_id
        if self._anew:
            await calls.forget_gone(tx, self._told.provider, self._told.call_sid)
        return ids.new("call", self._now)

    async def _contacts(
        self, tx: Transaction, row: CallRow | None, before: Call | None, call: Call
    ) -> tuple[str | None, dict[str, ContactRow]]:
        """The call's contact; and the contacts that it is, and was, with, held."""
        earlier = None if row is None else row.contact_id
        contact_id, made = await self._contact_of(tx, earlier, before, call)
        touched = {one for one in (contact_id, earlier) if one is not None}
        if unannounced := {one for one in touched - self._announced if not (made and one == contact_id)}:
            raise _Elsewhere(unannounced)
        held: dict[str, ContactRow] = {}
        for one in sorted(touched):
            contact = await contacts.get(tx, one, lock=True)
            if contact is None:
                # One that was merged away while we waited is led on by the next attempt.
                if one == self._told.contact_id and await merges.leads_to(tx, one) is None:
                    raise NotFound.contact(one)
                raise RetryableConflict("contact")
            held[one] = contact
        if row is not None:
            # It may have been erased, or moved by a merge, while we waited for the contact.
            again = await calls.get(tx, row.call_id)
            if again is None or again.contact_id != earlier:
                raise RetryableConflict("call")
        return contact_id, held

    async def _contact_of(
        self, tx: Transaction, earlier: str | None, before: Call | None, call: Call
    ) -> tuple[str | None, bool]:
        told_so = (call.contact_id, call.caller_number)
        if earlier is not None and before is not None and told_so == (before.contact_id, before.caller_number):
            # Also where that contact has since been merged into another, and the call with it.
            return earlier, False
        if call.contact_id is not None:
            # Told before or after it was merged into another.
            return await merges.leads_to(tx, call.contact_id) or call.contact_id, False
        if call.caller_number is None or domain.withheld(call.caller_number):
            return earlier, False
        owner = await owner_of_number(tx, call.caller_number)
        if owner is not None:
            return owner, False
        number = Number(call.caller_number, call.number_unreadable)
        raw = self._told.caller_number or call.caller_number
        return await contact_of_number(tx, number, call.caller_name, self._now, raw)


def _check(told: Told, now: datetime) -> None:
    wrong: list[FieldViolation] = []
    for name in ("started_at", "ended_at"):
        at = getattr(told, name)
        if at is not None and at > now + AHEAD:
            wrong.append(FieldViolation(name, "must be at most 5 minutes ahead"))
        if at is not None and at < EARLIEST:
            wrong.append(FieldViolation(name, "must not be before 1970"))
    if wrong:
        raise InvalidInput(wrong)
    metadata.check("collected_data", told.collected_data)


def _read_number(told: Told, region: str | None) -> Told:
    if told.caller_number is None:
        return told
    number = phone.read(told.caller_number, region)
    return replace(told, caller_number=number.value, number_unreadable=number.unreadable)


async def _events_of(tx: Transaction, call_id: str) -> list[Event]:
    found = await calls.events(tx, call_id)
    return [Event(one.event_key, domain.from_json(one.told), one.received_at) for one in found]


def _itself(row: CallRow) -> Event:
    names = {field.name for field in fields(Told)} & {field.name for field in fields(CallRow)}
    said = {name: getattr(row, name) for name in names}
    told = Told(**{**said, "topics": tuple(row.topics)})
    return Event(domain.key_of(told), told, row.created_at)


def _lapsed(settings: CallSettingsRow, call: Call, now: datetime) -> frozenset[domain.Lapsing]:
    """What of the call the tenant keeps no longer."""
    kept: dict[domain.Lapsing, int | None] = {
        "recording_url": settings.recording_retention_days,
        "transcript": settings.transcript_retention_days,
    }
    return frozenset(
        name for name, days in kept.items() if days is not None and call.started_at < now - timedelta(days=days)
    )


def _row(tenant_id: str, call_id: str, contact_id: str | None, told: Told, call: Call) -> CallRow:
    said: dict[str, Any] = {name: getattr(call, name) for name in _OF_CALL}
    return CallRow(
        tenant_id=tenant_id,
        call_id=call_id,
        contact_id=contact_id,
        provider=told.provider,
        call_sid=told.call_sid,
        created_at=call.created_at,
        **{**said, "topics": list(call.topics), "collected_data": dict(call.collected_data)},
    )


def _event_row(tenant_id: str, call_id: str, contact_id: str | None, event: Event) -> CallEventRow:
    return CallEventRow(tenant_id, call_id, event.key, contact_id, domain.as_json(event.told), event.received_at)


def _shadow(tenant_id: str, gone: Gone, told: Told, now: datetime) -> CallRow:
    """What is answered of a call that is not kept: what tells it apart, and nothing of a person."""
    nameless = Told(told.provider, told.call_sid, direction=told.direction, status=told.status)
    return _row(tenant_id, f"call_{gone.digest.hex()[:26]}", None, nameless, domain.fold([Event("", nameless, now)]))
