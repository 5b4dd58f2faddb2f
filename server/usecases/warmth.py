"""Warmth of contacts: worked out from their touches, and kept in their rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from server.domain.warmth import (
    CHAT_QUALITY,
    DEFAULT,
    Band,
    Config,
    Kind,
    Ledger,
    Touch,
    band_of,
    chat_touches,
    score_of,
)
from server.domain.warmth import ledger as ledgers
from server.domain.warmth.course import values
from server.domain.warmth.rules import Counted, counted
from store import contacts, warmth
from store.database import Database, Transaction
from store.tables.contact import ContactRow
from store.tables.warmth import WarmthConfigRow
from store.warmth import TouchRow

_UNCOUNTED: Final = 3
"""So many touches of a kind and day that do not count for the daily cap are told of."""

_AHEAD: Final = timedelta(days=366)
"""Nothing is recorded further ahead than minutes; what an import brings may be."""


NO_WARMTH: Final = {
    "warmth": 0.0, "warmth_band": "cold", "warmth_changes_at": None, "warmth_band_until": None,
    "warmth_fell_at": None, "last_touch_at": None, "touches": list[float](),
}  # fmt: skip
"""The columns of a contact of whom nothing is known."""


@dataclass(frozen=True, slots=True)
class Turned:
    """A chat turn that the tables do not hold yet: its day in the tenant's zone, and when it was."""

    day: date
    at: datetime


def config_of(row: WarmthConfigRow | None) -> Config:
    """A tenant's constants; the defaults where it has none of its own."""
    if row is None:
        return DEFAULT
    return config_from(
        [row.fresh_days, row.half_life_days, row.daily_cap, row.hot_from, row.warm_from, row.cool_from, row.points]
    )


def config_from(columns: Sequence[Any] | None) -> Config:
    """The constants in the order of `store.warmth.CONFIG_ARRAY`; the defaults for None."""
    if columns is None:
        return DEFAULT
    *numbers, points = columns
    return Config(*numbers).with_points({cast(Kind, kind): (base, top) for kind, (base, top) in points.items()})


async def constants(tx: Transaction) -> tuple[Config, str]:
    """The tenant's constants, and the IANA zone of its days."""
    row, zone = await warmth.constants(tx)
    return config_of(row), zone


async def recompute_contact(
    tx: Transaction, contact_id: str, now: datetime, touched: Sequence[datetime] | None = None
) -> int | None:
    """Works the contact's warmth out from its touches, stores it and moves the contact's version on.

    `touched` is when the touches were that came, went or changed (of a touch that moved both times): where all are of
    the last days, only those days are read. Without it all touches are.

    Returns the new version; None where the tenant has no such contact. The caller holds the contact, and runs inside
    `Snapshots.change`, so that the next context on any process shows it.
    """
    config, zone = await constants(tx)
    if touched:
        columns = await _columns_since(tx, contact_id, config, zone, now, min(touched))
        if columns is not None:
            return await contacts.change(tx, contact_id, columns)
    columns = await columns_anew(tx, contact_id, config, zone, now)
    return await contacts.change(tx, contact_id, columns)


async def _columns_since(
    tx: Transaction, contact_id: str, config: Config, zone: str, now: datetime, touched: datetime
) -> dict[str, Any] | None:
    """The columns that keep the contact's warmth, with only the days since a touch read; None where more must be."""
    row = await contacts.get(tx, contact_id)
    if row is None:
        return None
    day = datetime.combine(touched.astimezone(ZoneInfo(zone)).date(), time(), ZoneInfo(zone))
    known = tuple(row.touches)
    if not ledgers.lists_from(known, config, zone, day):
        return None
    since = day - timedelta(microseconds=1)
    found = await warmth.touches(
        tx, [contact_id], zone, since=since, split=now, until=now + _AHEAD, most=config.daily_cap
    )
    # The day that the moment before is in comes along.
    rows = [one for one in found[contact_id] if one.day >= day.date()]
    anew, _ = ledger_of(rows, config, zone, now)
    if not ledgers.lists_from(anew, config, zone, day):
        return None
    ledger = ledgers.replaced(known, anew, day, now)
    last = await warmth.last_touch(tx, contact_id, now)
    stored = ledgers.renewed(ledger, stored_of(row), now)
    return {**stored_columns(stored), "last_touch_at": last, "touches": [*ledger]}


async def columns_anew(
    tx: Transaction, contact_id: str, config: Config, zone: str, now: datetime, turned: Turned | None = None
) -> dict[str, Any]:
    """The columns of the contact's row that keep its warmth, from its touches and the turn that is being taken in."""
    since = now - timedelta(days=config.horizon_days)
    found = await warmth.touches(
        tx, [contact_id], zone, since=since, split=now, until=now + _AHEAD, most=config.daily_cap
    )
    rows = found[contact_id]
    if turned is not None:
        rows = _with(rows, turned)
    ledger, touches = ledger_of(rows, config, zone, now)
    last = await warmth.last_touch(tx, contact_id, now)
    if turned is not None and turned.at <= now:
        last = max(last or turned.at, turned.at)
    return {**stored_columns(ledgers.anew(touches, ledger, config, now)), "last_touch_at": last, "touches": [*ledger]}


async def warmth_as_of(database: Database, tenant_id: str, contact_id: str, at: datetime) -> tuple[float, Band]:
    """The score and its band at a moment that may be long ago, by the touches that are known now."""
    async with database.transaction(tenant_id) as tx:
        config, zone = await constants(tx)
        touches = await touches_until(tx, [contact_id], config, zone, split=at, until=at)
        return score_at(config, touches[contact_id], at)


async def touches_until(
    tx: Transaction, contact_ids: Sequence[str], config: Config, zone: str, *, split: datetime, until: datetime
) -> dict[str, list[Touch]]:
    """Of each contact the touches up to a moment that can count at `split` or then, and some that found no room."""
    since = split - timedelta(days=config.horizon_days)
    most = config.daily_cap + _UNCOUNTED
    found = await warmth.touches(tx, contact_ids, zone, since=since, split=split, until=until, most=most)
    return {
        contact_id: [touch for touch in touches_of(rows, config) if touch.at <= until]
        for contact_id, rows in found.items()
    }


def score_at(config: Config, touches: Sequence[Touch], at: datetime) -> tuple[float, Band]:
    """The score and its band at a moment, of touches among which are all that can count then."""
    kept = counted([touch for touch in touches if touch.at <= at], config, at)
    score = score_of(values(kept, config, [at])[0])
    return score, band_of(score, config.hot_from, config.warm_from, config.cool_from)


def ledger_of(rows: Sequence[TouchRow], config: Config, zone: str, now: datetime) -> tuple[Ledger, list[Counted]]:
    """The compact state of what the store holds, and the touches that count."""
    kept = counted(touches_of(rows, config), config, now)
    chats = [row for row in rows if row.interaction_id is None]
    newest = max(chats, key=lambda row: row.day, default=None)
    messages = [row.day for row in rows if row.interaction_id is not None and row.kind == "message"]
    chat = None if newest is None else (newest.day, newest.occurred_at, newest.turns)
    return ledgers.of_touches(kept, chat, max(messages, default=None), config, zone, now), kept


def touches_of(rows: Sequence[TouchRow], config: Config) -> list[Touch]:
    """Rows of the store as touches."""
    found: list[Touch] = []
    for row in rows:
        if row.interaction_id is None:
            found += chat_touches(row.day, row.occurred_at, row.turns, config)
        else:
            found.append(Touch(row.interaction_id, cast(Kind, row.kind), row.occurred_at, row.quality or 0.0, row.day))
    return found


def stored_columns(stored: ledgers.Stored) -> dict[str, Any]:
    """The columns that lists sort and filter by."""
    return {
        "warmth": stored.warmth,
        "warmth_band": stored.warmth_band,
        "warmth_changes_at": stored.warmth_changes_at,
        "warmth_band_until": stored.warmth_band_until,
        "warmth_fell_at": stored.warmth_fell_at,
    }


def stored_of(row: ContactRow) -> ledgers.Stored:
    """What the contact's row holds for lists."""
    return ledgers.Stored(
        row.warmth, cast(Any, row.warmth_band), row.warmth_changes_at, row.warmth_band_until, row.warmth_fell_at
    )


def _with(rows: list[TouchRow], turned: Turned) -> list[TouchRow]:
    """The rows with one more turn."""
    for i, row in enumerate(rows):
        if row.interaction_id is None and row.day == turned.day:
            one = replace(row, turns=row.turns + 1, occurred_at=min(row.occurred_at, turned.at))
            return [*rows[:i], one, *rows[i + 1 :]]
    return [*rows, TouchRow(None, "message", turned.at, CHAT_QUALITY, turned.day, 1)]
