"""How warm contacts are: with reasons, by day, and who cools down."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, cast
from zoneinfo import ZoneInfo

from server.domain.errors import InvalidInput, NotFound
from server.domain.turn import AHEAD, EARLIEST
from server.domain.warmth import Band, band_of, score_of
from server.domain.warmth.course import values
from server.domain.warmth.report import WEEK, Contribution, Standing, contributions, standing
from server.domain.warmth.rules import counted
from server.usecases import paging, warmth
from server.usecases.contacts import MOST
from server.usecases.services import Services
from store import contacts, pagination
from store import warmth as store
from store.tables.contact import ContactRow

_COOLING: Final = "cooling"
_FALLEN: Final = "fallen"


@dataclass(frozen=True, slots=True)
class Report:
    """A contact's warmth, what gives it, and what the touches give together that are not listed."""

    standing: Standing
    contributions: list[Contribution]
    others: float


async def get_warmth(services: Services, tenant_id: str, contact_id: str, as_of: datetime | None) -> Report:
    """How warm a contact is, or was. Raises NotFound; InvalidInput for a moment ahead."""
    now = services.clock()
    if as_of is not None and not EARLIEST <= as_of <= now + AHEAD:
        raise InvalidInput.of("as_of", "must be between 1970 and now")
    at = as_of or now
    async with services.database.transaction(tenant_id) as tx:
        row = await contacts.get(tx, contact_id)
        if row is None:
            raise NotFound.contact(contact_id)
        config, zone = await warmth.constants(tx)
        found = await warmth.touches_until(tx, [contact_id], config, zone, split=at - WEEK, until=at)
    touches = found[contact_id]
    listed, others = contributions(touches, config, at)
    return Report(standing(touches, config, at, _last(row, at)), listed, others)


@dataclass(frozen=True, slots=True)
class Day:
    """The warmth at the end of a day of the tenant's zone; of today, now."""

    day: date
    score: float
    band: Band


async def get_history(services: Services, tenant_id: str, contact_id: str, days: int) -> list[Day]:
    """How warm a contact was on each of the last `days` days, today included, the oldest first. Raises NotFound."""
    now = services.clock()
    async with services.database.transaction(tenant_id) as tx:
        if await contacts.get(tx, contact_id) is None:
            raise NotFound.contact(contact_id)
        config, zone = await warmth.constants(tx)
        local = ZoneInfo(zone)
        today = now.astimezone(local).date()
        dates = [today - timedelta(days=ago) for ago in range(days - 1, -1, -1)]
        ends = [min(now, datetime.combine(day + timedelta(days=1), time(), local)) for day in dates]
        found = await warmth.touches_until(tx, [contact_id], config, zone, split=ends[0], until=now)
    sums = values(counted(found[contact_id], config, now), config, ends)
    scores = [score_of(value) for value in sums]
    return [
        Day(day, score, band_of(score, config.hot_from, config.warm_from, config.cool_from))
        for day, score in zip(dates, scores, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class LosingTouch:
    """A contact that cools down; `fallen_at` is when it fell from hot or warm, where it did."""

    contact_id: str
    name: str | None
    standing: Standing
    fallen: bool
    fallen_at: datetime | None


@dataclass(frozen=True, slots=True)
class LosingTouchQuery:
    """Who falls to the next band within so many days, and who fell within so many; `limit` is at least 1."""

    within_days: int = 14
    fallen_days: int = 60
    limit: int = 20
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class LosingTouchPage:
    """One page, the most urgent first."""

    contacts: list[LosingTouch]
    limit: int
    next_cursor: str | None


async def list_losing_touch(services: Services, tenant_id: str, query: LosingTouchQuery) -> LosingTouchPage:
    """Those about to fall by when, then the fallen, the latest first; as of when the first page was asked for.

    Raises InvalidInput for a cursor of another query.
    """
    bound = {"list": "losing touch", "within": query.within_days, "fallen": query.fallen_days}
    limit, now = min(query.limit, MOST), services.clock()
    position = paging.position(bound, query.cursor, (str, datetime, str, datetime))
    part, after = _COOLING, None
    if position is not None:
        part, now = position[0], position[3]
        after = (position[1], position[2])
    if part not in (_COOLING, _FALLEN) or (part == _FALLEN and after is None):
        raise InvalidInput.of("cursor", "is not a cursor of this query")
    until, since = _days_from(now, query.within_days), _days_from(now, -query.fallen_days)
    rows: list[tuple[str, datetime, ContactRow]] = []
    async with services.database.transaction(tenant_id) as tx:
        if part == _COOLING:
            found = await store.cooling(tx, until, after, limit + 1)
            rows += [(_COOLING, cast(datetime, row.warmth_band_until), row) for row in found]
            after = None
        if len(rows) <= limit and query.fallen_days:
            found = await store.fallen(tx, since, until, after, limit + 1 - len(rows))
            rows += [(_FALLEN, cast(datetime, row.warmth_fell_at), row) for row in found]
        page = rows[:limit]
        config, zone = await warmth.constants(tx)
        ids = [row.contact_id for _, _, row in page]
        touches = await warmth.touches_until(tx, ids, config, zone, split=now - WEEK, until=now) if ids else {}
    last = page[-1] if len(rows) > limit else None
    return LosingTouchPage(
        [_losing(row, standing(touches[row.contact_id], config, now, _last(row, now)), now) for _, _, row in page],
        limit,
        None if last is None else pagination.encode(bound, (last[0], last[1], last[2].contact_id, now)),
    )


def _losing(row: ContactRow, found: Standing, now: datetime) -> LosingTouch:
    fell = row.warmth_fell_at
    if row.warmth_band in ("hot", "warm") and row.warmth_band_until is not None and row.warmth_band_until <= now:
        # It fell since its row was last renewed.
        fell = row.warmth_band_until
    return LosingTouch(row.contact_id, row.display_name, found, fell is not None, fell)


def _last(row: ContactRow, at: datetime) -> datetime | None:
    """When the last touch was, where the row knows it for that moment."""
    return row.last_touch_at if row.last_touch_at is not None and row.last_touch_at <= at else None


def _days_from(now: datetime, days: int) -> datetime:
    return now + timedelta(days=days)
