"""Local times as instants, also on the days on which clocks are set.

When clocks go forward some local times do not exist (a gap), when they go back some come twice (a repeat): PEP 495. In
a few places midnight itself is skipped or repeated (Beirut, Havana), once a whole day was (Apia, 30 December 2011), and
until 2011 the clocks of St. John's went back from 00:01 into the day before.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

_SECOND: Final = timedelta(seconds=1)


def first_instant(local: datetime, zone: tzinfo) -> datetime:
    """The first instant at which clocks in `zone` show the naive `local`; in a gap the gap's end. UTC.

    Never falls as `local` grows.
    """
    return _instant(local, zone, fold=0)


def last_instant(local: datetime, zone: tzinfo) -> datetime:
    """As `first_instant`, but of a local time that comes twice the second one."""
    return _instant(local, zone, fold=1)


def _instant(local: datetime, zone: tzinfo, fold: int) -> datetime:
    instant = local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local:
        return instant
    # In a gap fold 0 reads the old offset, which gives an instant after the change, and fold 1 one before it.
    before = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return _change_between(before.replace(microsecond=0), after, zone)


def _change_between(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The first whole second of the new offset; offsets change on whole seconds."""
    old = before.astimezone(zone).utcoffset()
    low, high = 0, -((before - after) // _SECOND)
    while high - low > 1:
        middle = (low + high) // 2
        if (before + middle * _SECOND).astimezone(zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return before + high * _SECOND


def start_of_day(day: date, zone: tzinfo) -> datetime:
    """The instant at which a local day begins: its first midnight, or the end of the gap that swallowed it. UTC."""
    return first_instant(datetime.combine(day, time()), zone)


def day_of(at: datetime, zone: tzinfo) -> date:
    """The local day that holds an instant, where days run from `start_of_day` to the next one's.

    It is the date on the clock, except after a day that clocks went back into: a day that began does not end twice.
    """
    day = at.astimezone(zone).date()
    return day + timedelta(days=1) if at >= start_of_day(day + timedelta(days=1), zone) else day
