"""Quiet hours on the contact's own clock."""

from datetime import datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.outreach.quiet_hours import QuietHours
from tests.unit.outreach_cases import (
    APIA,
    BERLIN,
    HAVANA,
    LORD_HOWE,
    ST_JOHNS,
    clocks,
    quiet_hours,
    utc,
    zone_and_instant,
)

NIGHT = QuietHours(time(23), time(7))
MINUTE = timedelta(minutes=1)


def at(year: int, month: int, day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """A time in Berlin that is there once."""
    return datetime(year, month, day, hour, minute, second, tzinfo=BERLIN)


def test_the_start_is_quiet_and_the_end_is_not() -> None:
    assert not NIGHT.is_quiet(at(2026, 6, 1, 22, 59, 59), BERLIN)
    assert NIGHT.is_quiet(at(2026, 6, 1, 23), BERLIN)
    assert NIGHT.is_quiet(at(2026, 6, 2, 6, 59, 59), BERLIN)
    assert not NIGHT.is_quiet(at(2026, 6, 2, 7), BERLIN)


def test_an_overnight_window_ends_on_the_next_morning() -> None:
    assert NIGHT.end_of(at(2026, 6, 1, 23, 30), BERLIN) == at(2026, 6, 2, 7)
    assert NIGHT.end_of(at(2026, 6, 2, 0, 30), BERLIN) == at(2026, 6, 2, 7)


def test_a_window_within_one_day_leaves_the_night_free() -> None:
    noon = QuietHours(time(12), time(14))
    assert noon.end_of(at(2026, 6, 1, 13), BERLIN) == at(2026, 6, 1, 14)
    assert not noon.is_quiet(at(2026, 6, 1, 23), BERLIN)


def test_they_count_in_the_contacts_zone() -> None:
    noon = utc(2026, 6, 1, 16)
    assert not NIGHT.is_quiet(noon, BERLIN)
    assert NIGHT.is_quiet(noon, ZoneInfo("Asia/Tokyo"))
    assert NIGHT.end_of(noon, ZoneInfo("Asia/Tokyo")) == utc(2026, 6, 1, 22)


@given(clocks, zone_and_instant())
def test_equal_start_and_end_are_never_quiet(clock: time, case: tuple[tzinfo, datetime]) -> None:
    zone, moment = case
    assert not QuietHours(clock, clock).is_quiet(moment, zone)
    assert QuietHours(clock, clock).end_of(moment, zone) == moment


def test_a_window_that_ends_inside_a_gap_ends_at_the_gaps_end() -> None:
    window = QuietHours(time(23), time(2, 30))
    assert window.end_of(utc(2026, 3, 29, 0, 30), BERLIN) == at(2026, 3, 29, 3)
    assert not window.is_quiet(at(2026, 3, 29, 3), BERLIN)
    half_hour = QuietHours(time(1), time(2, 10))
    assert half_hour.end_of(utc(2026, 10, 3, 15, 15), LORD_HOWE) == utc(2026, 10, 3, 15, 30)


def test_a_window_that_starts_inside_a_gap_starts_at_the_gaps_end() -> None:
    window = QuietHours(time(2, 30), time(4))
    assert not window.is_quiet(utc(2026, 3, 29, 0, 59), BERLIN)
    assert window.is_quiet(at(2026, 3, 29, 3), BERLIN)


def test_a_window_that_lies_in_a_gap_does_not_happen() -> None:
    window = QuietHours(time(2, 10), time(2, 50))
    assert not any(window.is_quiet(utc(2026, 3, 29) + m * MINUTE, BERLIN) for m in range(180))


def test_a_window_that_ends_in_a_repeated_hour_ends_when_it_comes_the_second_time() -> None:
    window = QuietHours(time(23), time(2, 30))
    assert window.end_of(utc(2026, 10, 25, 0), BERLIN) == utc(2026, 10, 25, 1, 30)
    assert window.is_quiet(utc(2026, 10, 25, 0, 45), BERLIN)


def test_a_window_that_starts_in_a_repeated_hour_starts_when_it_comes_the_first_time() -> None:
    window = QuietHours(time(2, 30), time(5))
    assert not window.is_quiet(utc(2026, 10, 25, 0, 29), BERLIN)
    assert all(window.is_quiet(utc(2026, 10, 25, 0, 30) + m * MINUTE, BERLIN) for m in range(200))


def test_a_repeated_midnight_is_one_night() -> None:
    until_half_past = QuietHours(time(22), time(0, 30))
    assert until_half_past.end_of(utc(2026, 11, 1, 3), HAVANA) == utc(2026, 11, 1, 5, 30)


def test_a_night_that_began_is_not_over_when_clocks_go_back_across_midnight() -> None:
    # Midnight came at 02:30 UTC, and again an hour later.
    after_midnight = QuietHours(time(0), time(2))
    assert after_midnight.is_quiet(utc(2010, 11, 7, 3), ST_JOHNS)
    assert after_midnight.end_of(utc(2010, 11, 7, 2, 30), ST_JOHNS) == utc(2010, 11, 7, 5, 30)


def test_windows_that_meet_across_a_gap_are_one() -> None:
    nearly_always = QuietHours(time(3), time(2))
    assert nearly_always.end_of(utc(2026, 3, 28, 12), BERLIN) == at(2026, 3, 30, 2)


def test_a_night_before_a_day_that_never_was_lasts_until_the_next_morning() -> None:
    evening = datetime(2011, 12, 29, 23, 30, tzinfo=APIA)
    assert NIGHT.end_of(evening, APIA) == datetime(2011, 12, 31, 7, tzinfo=APIA)


@given(quiet_hours, zone_and_instant())
def test_the_end_is_not_quiet_and_not_earlier(quiet: QuietHours, case: tuple[tzinfo, datetime]) -> None:
    zone, moment = case
    end = quiet.end_of(moment, zone)
    assert not quiet.is_quiet(end, zone)
    assert (end == moment) == (not quiet.is_quiet(moment, zone))
    assert end >= moment


@given(quiet_hours, zone_and_instant(), st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=20))
def test_nothing_between_a_quiet_instant_and_its_end_is_free(
    quiet: QuietHours, case: tuple[tzinfo, datetime], parts: list[float]
) -> None:
    zone, moment = case
    end = quiet.end_of(moment, zone)
    if end == moment:
        return
    between = [moment + part * (end - moment) for part in parts]
    assert all(quiet.is_quiet(one, zone) for one in between if one < end)


@given(quiet_hours, zone_and_instant())
def test_whatever_the_clock_shows_as_quiet_is_quiet(quiet: QuietHours, case: tuple[tzinfo, datetime]) -> None:
    zone, moment = case
    if quiet.covers(moment.astimezone(zone).time()):
        assert quiet.is_quiet(moment, zone)


@given(quiet_hours, zone_and_instant())
def test_on_a_day_like_any_other_the_clock_decides(quiet: QuietHours, case: tuple[tzinfo, datetime]) -> None:
    zone, moment = case
    offsets = {(moment + timedelta(hours=h)).astimezone(zone).utcoffset() for h in range(-72, 73, 1)}
    if len(offsets) == 1:
        assert quiet.is_quiet(moment, zone) == quiet.covers(moment.astimezone(zone).time())


@pytest.mark.parametrize("name", ["Asia/Kolkata", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_day_has_exactly_its_quiet_minutes(name: str) -> None:
    zone = ZoneInfo(name)
    start = datetime(2026, 6, 10, tzinfo=zone)
    assert sum(NIGHT.is_quiet(start + m * MINUTE, zone) for m in range(1_440)) == 8 * 60
