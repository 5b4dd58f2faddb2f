"""Figures about all contacts of a tenant, over days of the tenant's own time zone."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from server.domain import analytics as rules
from server.domain.analytics import MoodTrend, Period
from server.usecases.services import Services
from store import analytics, tenants
from store.database import Transaction

_WEEK: Final = 7
_MONTH: Final = 30


@dataclass(frozen=True, slots=True)
class Day:
    """One day: contacts with a turn on it, contacts with their first turn on it, turns."""

    date: date
    active: int
    new: int
    messages: int


@dataclass(frozen=True, slots=True)
class Trends:
    """How many wrote, came and went; every share is a fraction of 1, and 0 where there is nothing to divide by."""

    period_days: int
    active_users: int
    active_users_change: float
    new_users: int
    churned_users: int
    total_messages: int
    avg_session_duration_min: float
    avg_messages_per_session: float
    retention_7day: float
    retention_30day: float
    daily: list[Day]


async def get_trends(services: Services, tenant_id: str, days: int) -> Trends:
    """The last `days` days, today included."""
    now = services.clock()
    async with services.database.transaction(tenant_id, isolation="REPEATABLE READ") as tx:
        zone = await tenants.time_zone(tx)
        today = now.astimezone(ZoneInfo(zone)).date()
        period = Period.ending(today, days)
        activity = await analytics.activity_by_day(tx, period.first, period.last)
        new = await analytics.new_by_day(tx, period.first, period.last, zone)
        active = await analytics.active_contacts(tx, period.first, period.last)
        active_before = await analytics.active_contacts(tx, period.before.first, period.before.last)
        sessions = await analytics.sessions(tx, period.first, period.last, zone)
        churned = await analytics.churned_contacts(tx, period.first, zone, now)
        retention = [await _retention(tx, today, span, zone) for span in (_WEEK, _MONTH)]
    nothing = analytics.Activity(0, 0)
    daily = [
        Day(day, activity.get(day, nothing).active, new.get(day, 0), activity.get(day, nothing).turns)
        for day in period.days
    ]
    return Trends(
        period_days=days,
        active_users=active,
        active_users_change=rules.change(active, active_before),
        new_users=sum(day.new for day in daily),
        churned_users=churned,
        total_messages=sum(day.messages for day in daily),
        avg_session_duration_min=round(rules.share(sessions.seconds / 60, sessions.sessions), 2),
        avg_messages_per_session=round(rules.share(sessions.turns, sessions.sessions), 2),
        retention_7day=retention[0],
        retention_30day=retention[1],
        daily=daily,
    )


async def _retention(tx: Transaction, today: date, days: int, zone: str) -> float:
    cohort = rules.cohort_of(today, days)
    size, back = await analytics.cohort(tx, cohort.first, cohort.last, days, 2 * days - 1, zone)
    return rules.share(back, size)


@dataclass(frozen=True, slots=True)
class Moods:
    """How often each mood was found; `distribution` has a share for every mood."""

    period_days: int
    total_classifications: int
    distribution: dict[str, float]
    trend: MoodTrend


async def get_moods(services: Services, tenant_id: str, days: int) -> Moods:
    """The moods of the last `days` days, today included."""
    now: datetime = services.clock()
    async with services.database.transaction(tenant_id) as tx:
        today = now.astimezone(ZoneInfo(await tenants.time_zone(tx))).date()
        period = Period.ending(today, days)
        counts = await analytics.moods_by_day(tx, period.first, period.last)
    total, shares = rules.mood_shares(counts)
    return Moods(days, total, shares, rules.mood_trend(counts, period))
