"""What analytics are added up from: daily counts by contact, sessions, and the contacts themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, and_, cast, exists, func, select, text

from store.contacts import silence_limits
from store.database import Transaction
from store.tables.analytics import MOOD_COLUMNS, daily_activity
from store.tables.contact import contact_sessions, contacts

_DAY: Final = text("interval '1 day'")


@dataclass(frozen=True, slots=True)
class Activity:
    """One day: contacts with a turn on it, and turns."""

    active: int
    turns: int


async def activity_by_day(tx: Transaction, first: date, last: date) -> dict[date, Activity]:
    """The days from `first` to `last` on which there was a turn."""
    rows = await tx.execute(
        select(daily_activity.c.day, func.count(), func.sum(daily_activity.c.turns))
        .where(_days(tx, first, last))
        .group_by(daily_activity.c.day)
    )
    return {day: Activity(active, int(turns)) for day, active, turns in rows}


async def active_contacts(tx: Transaction, first: date, last: date) -> int:
    """How many contacts had a turn from `first` to `last`."""
    found = await tx.execute(select(func.count(func.distinct(daily_activity.c.contact_id))).where(_days(tx, first, last)))
    return int(found.scalar_one())


async def new_by_day(tx: Transaction, first: date, last: date, zone: str) -> dict[date, int]:
    """How many contacts had their first turn on each day of `zone`, where any had."""
    start, end = _bounds(first, last, zone)
    day = cast(func.timezone(zone, contacts.c.first_active_at), Date).label("day")
    rows = await tx.execute(
        select(day, func.count())
        .where(
            contacts.c.tenant_id == tx.tenant_id,
            contacts.c.first_active_at >= start,
            contacts.c.first_active_at < end,
        )
        .group_by(text("day"))
    )
    return {on: count for on, count in rows}


async def churned_contacts(tx: Transaction, first: date, zone: str, now: datetime) -> int:
    """How many contacts fell dormant from the start of `first` to `now`."""
    start, _ = _bounds(first, first, zone)
    _, dormant_days = silence_limits()
    dormant_at = contacts.c.last_active_at + dormant_days * _DAY
    found = await tx.execute(
        select(func.count()).where(
            contacts.c.tenant_id == tx.tenant_id,
            contacts.c.stage != "new",
            # Nobody falls dormant before thirty days, so the index leaves out whoever was active since.
            func.coalesce(contacts.c.last_active_at, contacts.c.created_at) < now - timedelta(days=30),
            dormant_at >= start,
            dormant_at < now,
        )
    )
    return int(found.scalar_one())


@dataclass(frozen=True, slots=True)
class SessionFigures:
    """Sessions: how many, their turns, and the seconds from each one's first turn to its last, added up."""

    sessions: int
    turns: int
    seconds: float


async def sessions(tx: Transaction, first: date, last: date, zone: str) -> SessionFigures:
    """The sessions that began on the days from `first` to `last` of `zone`."""
    start, end = _bounds(first, last, zone)
    lasted = func.extract("epoch", contact_sessions.c.last_turn_at - contact_sessions.c.started_at)
    row = await tx.execute(
        select(func.count(), func.coalesce(func.sum(contact_sessions.c.turns), 0), func.coalesce(func.sum(lasted), 0))
        .where(
            contact_sessions.c.tenant_id == tx.tenant_id,
            contact_sessions.c.started_at >= start,
            contact_sessions.c.started_at < end,
        )
    )  # fmt: skip
    count, turns, seconds = row.one()
    return SessionFigures(count, int(turns), float(seconds))


async def cohort(tx: Transaction, first: date, last: date, after: int, until: int, zone: str) -> tuple[int, int]:
    """Of the contacts first active on the days from `first` to `last`: how many, and how many came back.

    To have come back is to have had a turn from `after` to `until` days after the day of the first turn.
    """
    start, end = _bounds(first, last, zone)
    began = cast(func.timezone(zone, contacts.c.first_active_at), Date)
    came_back = exists().where(
        daily_activity.c.tenant_id == contacts.c.tenant_id,
        daily_activity.c.contact_id == contacts.c.contact_id,
        daily_activity.c.day.between(began + after, began + until),
    )
    row = await tx.execute(
        select(func.count(), func.count().filter(came_back)).where(
            contacts.c.tenant_id == tx.tenant_id,
            contacts.c.first_active_at >= start,
            contacts.c.first_active_at < end,
        )
    )
    size, back = row.one()
    return size, back


async def moods_by_day(tx: Transaction, first: date, last: date) -> dict[date, dict[str, int]]:
    """How often each mood was found on each day, where any was."""
    rows = await tx.execute(
        select(daily_activity.c.day, *(func.sum(daily_activity.c[mood]) for mood in MOOD_COLUMNS))
        .where(_days(tx, first, last))
        .group_by(daily_activity.c.day)
    )
    return {day: {mood: int(n) for mood, n in zip(MOOD_COLUMNS, counts, strict=True)} for day, *counts in rows}


@dataclass(frozen=True, slots=True)
class Lives:
    """Every contact that ever wrote, in columns of the same order: what a churn model needs to know of it."""

    contact_ids: Sequence[str]
    active_days: Sequence[int]
    first_active_at: Sequence[datetime]
    last_active_at: Sequence[datetime]


async def lives(tx: Transaction) -> Lives:
    """The lives of all contacts of the tenant that ever wrote."""
    rows = await tx.execute(
        select(
            contacts.c.contact_id, contacts.c.active_days, contacts.c.first_active_at, contacts.c.last_active_at
        ).where(contacts.c.tenant_id == tx.tenant_id, contacts.c.last_active_at.is_not(None))
    )
    columns: list[Any] = [list(column) for column in zip(*rows.all(), strict=True)] or [[], [], [], []]
    return Lives(*columns)


def _days(tx: Transaction, first: date, last: date) -> ColumnElement[bool]:
    return and_(daily_activity.c.tenant_id == tx.tenant_id, daily_activity.c.day.between(first, last))


def _bounds(first: date, last: date, zone: str) -> tuple[datetime, datetime]:
    """The instants at which `first` begins and `last` ends in `zone`."""
    local = ZoneInfo(zone)
    return datetime.combine(first, time(), local), datetime.combine(last + timedelta(days=1), time(), local)
