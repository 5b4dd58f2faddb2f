"""What the tests of outreach share: zones and instants at random, with the days on which clocks are set among them."""

from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from server.domain.outreach.quiet_hours import QuietHours
from server.domain.zones import known_zones

BERLIN = ZoneInfo("Europe/Berlin")
"""Clocks go forward on 29 March 2026 from 02:00 to 03:00, and back on 25 October 2026 from 03:00 to 02:00."""

LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
"""Clocks go forward by half an hour on 4 October 2026 from 02:00 to 02:30."""

BEIRUT = ZoneInfo("Asia/Beirut")
"""Clocks go forward at midnight: 29 March 2026 begins at 01:00."""

HAVANA = ZoneInfo("America/Havana")
"""Clocks go back on 1 November 2026 from 01:00 to 00:00: that day has two midnights."""

APIA = ZoneInfo("Pacific/Apia")
"""There was no 30 December 2011."""

ST_JOHNS = ZoneInfo("America/St_Johns")
"""Clocks went back on 7 November 2010 from 00:01 to 23:01 of the 6th."""

_ODD = (BERLIN, LORD_HOWE, BEIRUT, HAVANA, APIA, ST_JOHNS)


def on_the_clock(text: str) -> datetime:
    """A local time without a zone."""
    return datetime.fromisoformat(text)


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


zones: st.SearchStrategy[tzinfo] = st.sampled_from(sorted(known_zones())).map(ZoneInfo) | st.sampled_from(_ODD)

instants = st.integers(0, 65 * 365 * 86_400).map(lambda seconds: utc(1975, 1, 1) + timedelta(seconds=seconds))


@cache
def changes(zone: tzinfo, year: int) -> list[datetime]:
    """The instants of a year at which the zone's clocks are set."""
    found = []
    low = utc(year, 1, 1)
    while low.year == year:
        high = low + timedelta(days=5)
        if low.astimezone(zone).utcoffset() != high.astimezone(zone).utcoffset():
            before, after = low, high
            while after - before > timedelta(seconds=1):
                middle = before + (after - before) // 2
                same = middle.astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset()
                before, after = (middle, after) if same else (before, middle)
            found.append(after.replace(microsecond=0))
        low = high
    return found


@st.composite
def zone_and_instant(draw: st.DrawFn) -> tuple[tzinfo, datetime]:
    """A zone and an instant, as likely as not within a day and a half of a change of its clocks."""
    zone = draw(zones)
    near = draw(st.booleans()) and changes(zone, draw(st.integers(1990, 2036)))
    if not near:
        return zone, draw(instants)
    return zone, draw(st.sampled_from(near)) + timedelta(minutes=draw(st.integers(-2_160, 2_160)))


clocks = st.builds(time, st.integers(0, 23), st.sampled_from([0, 0, 15, 30, 59]))

quiet_hours = st.builds(QuietHours, clocks, clocks)
