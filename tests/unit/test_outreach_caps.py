"""Caps per local day and week."""

from datetime import datetime, timedelta, tzinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.outreach.caps import Span, local_day, local_week, next_free
from tests.unit.outreach_cases import BEIRUT, BERLIN, utc, zone_and_instant

HOUR = timedelta(hours=1)
caps = st.integers(1, 4)
offsets = st.lists(st.integers(-20_000, 20_000), max_size=30)


def length(span: Span) -> float:
    return (span.end - span.start) / HOUR


def test_days_on_which_clocks_are_set_have_23_or_25_hours() -> None:
    assert length(local_day(utc(2026, 3, 29, 12), BERLIN)) == 23
    assert length(local_day(utc(2026, 10, 25, 12), BERLIN)) == 25
    assert length(local_day(utc(2026, 6, 1, 12), BERLIN)) == 24
    assert length(local_week(utc(2026, 3, 29, 12), BERLIN)) == 7 * 24 - 1


def test_a_day_without_midnight_begins_at_the_gaps_end() -> None:
    assert local_day(utc(2026, 3, 29, 12), BEIRUT).start == utc(2026, 3, 28, 22)


def test_a_week_runs_from_monday_to_sunday() -> None:
    week = local_week(datetime(2026, 6, 3, 12, tzinfo=BERLIN), BERLIN)
    assert week.start == datetime(2026, 6, 1, tzinfo=BERLIN)
    assert week.end == datetime(2026, 6, 8, tzinfo=BERLIN)
    assert datetime(2026, 6, 7, 23, 59, tzinfo=BERLIN) in week


@given(zone_and_instant())
def test_days_and_weeks_hold_their_instant_and_follow_each_other_without_a_break(
    case: tuple[tzinfo, datetime],
) -> None:
    zone, at = case
    for span_of in (local_day, local_week):
        span = span_of(at, zone)
        assert at in span
        assert span_of(span.start, zone) == span
        assert span_of(span.end - timedelta(microseconds=1), zone) == span
        assert span_of(span.end, zone).start == span.end
        assert span_of(span.start - timedelta(microseconds=1), zone).end == span.start


@given(zone_and_instant())
def test_a_day_lies_in_one_week(case: tuple[tzinfo, datetime]) -> None:
    zone, at = case
    day, week = local_day(at, zone), local_week(at, zone)
    assert week.start <= day.start < day.end <= week.end


def test_a_full_day_waits_for_the_next_and_a_full_week_for_monday() -> None:
    noon = datetime(2026, 6, 3, 12, tzinfo=BERLIN)
    two = [noon - HOUR, noon - 2 * HOUR]
    room = next_free(two, noon, BERLIN, per_day=2, per_week=5)
    assert (room.at, room.cap) == (datetime(2026, 6, 4, tzinfo=BERLIN), "daily_cap")
    room = next_free(two, noon, BERLIN, per_day=5, per_week=2)
    assert (room.at, room.cap) == (datetime(2026, 6, 8, tzinfo=BERLIN), "weekly_cap")
    room = next_free(two, noon, BERLIN, per_day=3, per_week=5)
    assert (room.at, room.cap) == (noon, None)


def test_a_day_is_the_contacts_and_not_utcs() -> None:
    late = utc(2026, 6, 2, 22, 30)
    assert next_free([utc(2026, 6, 2, 21, 30)], late, BERLIN, 1, 5).cap is None
    assert next_free([utc(2026, 6, 2, 22, 10)], late, BERLIN, 1, 5).cap == "daily_cap"


def test_a_cap_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        next_free([], utc(2026, 6, 1), BERLIN, 0, 5)


@given(zone_and_instant(), offsets, caps, caps)
def test_where_there_is_room_neither_day_nor_week_is_full(
    case: tuple[tzinfo, datetime], minutes: list[int], per_day: int, per_week: int
) -> None:
    zone, at = case
    sent = [at + timedelta(minutes=m) for m in minutes]
    free = next_free(sent, at, zone, per_day, per_week).at
    assert free >= at
    assert sum(one in local_day(free, zone) for one in sent) < per_day
    assert sum(one in local_week(free, zone) for one in sent) < per_week


@given(zone_and_instant(), offsets, caps, caps, st.floats(0, 1, exclude_max=True))
def test_there_was_no_room_before(
    case: tuple[tzinfo, datetime], minutes: list[int], per_day: int, per_week: int, part: float
) -> None:
    zone, at = case
    sent = [at + timedelta(minutes=m) for m in minutes]
    room = next_free(sent, at, zone, per_day, per_week)
    assert (room.cap is None) == (room.at == at)
    before = at + part * (room.at - at)
    if before < room.at:
        assert next_free(sent, before, zone, per_day, per_week).at == room.at
