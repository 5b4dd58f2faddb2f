"""Local times as instants, on the days on which clocks are set."""

from datetime import date, datetime, timedelta, tzinfo
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.outreach.wall_clock import day_of, first_instant, last_instant, start_of_day
from tests.unit.outreach_cases import (
    APIA,
    BEIRUT,
    BERLIN,
    HAVANA,
    LORD_HOWE,
    ST_JOHNS,
    changes,
    on_the_clock,
    utc,
    zone_and_instant,
    zones,
)


@pytest.mark.parametrize(
    ("zone", "local", "instant"),
    [
        (BERLIN, on_the_clock("2026-03-29T02:00"), utc(2026, 3, 29, 1)),
        (BERLIN, on_the_clock("2026-03-29T02:59"), utc(2026, 3, 29, 1)),
        (BERLIN, on_the_clock("2026-03-29T03:00"), utc(2026, 3, 29, 1)),
        (LORD_HOWE, on_the_clock("2026-10-04T02:15"), utc(2026, 10, 3, 15, 30)),
        (BEIRUT, on_the_clock("2026-03-29T00:00"), utc(2026, 3, 28, 22)),
        (APIA, on_the_clock("2011-12-30T18:00"), utc(2011, 12, 30, 10)),
    ],
)
def test_a_time_in_a_gap_is_at_the_gaps_end(zone: tzinfo, local: datetime, instant: datetime) -> None:
    assert first_instant(local, zone) == last_instant(local, zone) == instant


def test_a_repeated_time_has_a_first_and_a_last_instant() -> None:
    local = on_the_clock("2026-10-25T02:30")
    assert first_instant(local, BERLIN) == utc(2026, 10, 25, 0, 30)
    assert last_instant(local, BERLIN) == utc(2026, 10, 25, 1, 30)


def test_a_day_with_two_midnights_begins_at_the_first() -> None:
    assert start_of_day(date(2026, 11, 1), HAVANA) == utc(2026, 11, 1, 4)


def test_a_day_that_clocks_went_back_into_does_not_end_twice() -> None:
    # 23:30 of the 6th for the second time, after the 7th began.
    again = start_of_day(date(2010, 11, 7), ST_JOHNS) + timedelta(minutes=30)
    assert again.astimezone(ST_JOHNS).date() == date(2010, 11, 6)
    assert day_of(again, ST_JOHNS) == date(2010, 11, 7)


@given(zone_and_instant())
def test_an_instants_own_local_time_leads_back_to_it_or_to_its_repetition(case: tuple[tzinfo, datetime]) -> None:
    zone, at = case
    local = at.astimezone(zone).replace(tzinfo=None)
    assert at in (first_instant(local, zone), last_instant(local, zone))


@given(zones, st.integers(1990, 2036), st.lists(st.integers(-3_000, 3_000), min_size=2, max_size=30))
def test_instants_do_not_fall_as_local_times_grow(zone: tzinfo, year: int, minutes: list[int]) -> None:
    for change in changes(zone, year)[:2]:
        around = change.astimezone(zone).replace(tzinfo=None)
        locals_ = [around + timedelta(minutes=m) for m in sorted(minutes)]
        for instant_of in (first_instant, last_instant):
            assert all(a <= b for a, b in pairwise(instant_of(local, zone) for local in locals_))


@given(zone_and_instant())
def test_every_instant_lies_in_the_day_that_holds_it(case: tuple[tzinfo, datetime]) -> None:
    zone, at = case
    day = day_of(at, zone)
    assert start_of_day(day, zone) <= at < start_of_day(day + timedelta(days=1), zone)
