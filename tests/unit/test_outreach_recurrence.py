"""Cron in the tenant's zone."""

from datetime import datetime, timedelta, tzinfo
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.outreach.recurrence import BadCron, candidates, slots, validate
from tests.unit.outreach_cases import APIA, BERLIN, LORD_HOWE, utc, zone_and_instant

_hours = st.sampled_from(["*", "2", "0", "0,2,3", "1-4", "*/3", "23"])
_days = st.sampled_from(["*", "*", "1", "29", "L", "*/2"])
expressions = st.builds(
    "{} {} {} * {}".format, st.integers(0, 59), _hours, _days, st.sampled_from(["*", "*", "1-5", "SUN"])
)


@pytest.mark.parametrize("expression", ["0 8 * * *", " 30  9 * * MON-FRI ", "0 9 29 2 *", "0 9 L * *", "5 */2 1 1-6 *"])
def test_five_fields_are_taken(expression: str) -> None:
    assert validate(expression) == " ".join(expression.split())


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("0 8 * *", "five fields"),
        ("0 0 8 * * *", "five fields"),
        ("@daily", "five fields"),
        ("", "five fields"),
        ("* * * * *", "once an hour"),
        ("*/15 8 * * *", "once an hour"),
        ("0,30 8 * * *", "once an hour"),
        ("0 25 * * *", "hour"),
        ("0 8 31 2 *", "day of month"),
        ("0 8 30 2 *", "day of month"),
        ("0 8 31 4,6,9,11 *", "day of month"),
        ("0 8 * 13 *", "month"),
        ("0 8 * * 9", "day of week"),
        ("61 8 * * *", "minute"),
        ("every day at eight sharp", "minute"),
    ],
)
def test_what_cannot_be_used_is_refused_with_what_to_change(expression: str, says: str) -> None:
    with pytest.raises(BadCron, match=says):
        validate(expression)


@given(st.text("0123456789*/-,L#W?MONJA ", max_size=40) | st.text(max_size=20))
def test_nothing_but_a_bad_expression_is_said_of_any_text(text: str) -> None:
    try:
        assert len(validate(text).split()) == 5
    except BadCron as error:
        assert str(error)


def test_a_daily_slot_keeps_its_local_time_across_changes() -> None:
    found = list(slots("0 8 * * *", BERLIN, utc(2026, 3, 28), utc(2026, 3, 30, 12)))
    assert [slot.at for slot in found] == [utc(2026, 3, 28, 7), utc(2026, 3, 29, 6), utc(2026, 3, 30, 6)]
    assert [slot.key for slot in found] == ["2026-03-28T08:00", "2026-03-29T08:00", "2026-03-30T08:00"]


def test_a_slot_in_a_gap_fires_at_the_gaps_end() -> None:
    (slot,) = slots("30 2 * * *", BERLIN, utc(2026, 3, 29), utc(2026, 3, 29, 23))
    assert (slot.key, slot.at) == ("2026-03-29T02:30", utc(2026, 3, 29, 1))
    (slot,) = slots("15 2 * * *", LORD_HOWE, utc(2026, 10, 3, 12), utc(2026, 10, 4, 12))
    assert slot.at == utc(2026, 10, 3, 15, 30)


def test_a_slot_in_a_repeated_hour_fires_the_first_time_only() -> None:
    (slot,) = slots("30 2 * * *", BERLIN, utc(2026, 10, 24, 12), utc(2026, 10, 25, 12))
    assert (slot.key, slot.at) == ("2026-10-25T02:30", utc(2026, 10, 25, 0, 30))
    assert list(slots("30 2 * * *", BERLIN, utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 12))) == []


def test_slots_that_a_gap_moves_together_fire_once() -> None:
    found = list(slots("0 * * * *", BERLIN, utc(2026, 3, 29, 0), utc(2026, 3, 29, 2)))
    assert [(slot.key, slot.at) for slot in found] == [
        ("2026-03-29T03:00", utc(2026, 3, 29, 1)),
        ("2026-03-29T04:00", utc(2026, 3, 29, 2)),
    ]
    (lost, kept) = slots("0 8 30,31 12 *", APIA, utc(2011, 12, 29), utc(2012, 1, 2))
    assert (lost.at, kept.at) == (utc(2011, 12, 30, 10), utc(2011, 12, 30, 18))


def test_a_leap_day_comes_every_fourth_year() -> None:
    found = list(slots("0 9 29 2 *", BERLIN, utc(2026, 1, 1), utc(2034, 1, 1)))
    assert [slot.key for slot in found] == ["2028-02-29T09:00", "2032-02-29T09:00"]


def test_a_message_of_a_slot_is_known_by_its_local_time() -> None:
    (found,) = candidates("0 8 * * *", BERLIN, utc(2026, 6, 1), utc(2026, 6, 1, 12))
    assert (found.kind, found.occasion, found.reason) == (
        "recurring",
        "recurring:2026-06-01T08:00",
        "slot:2026-06-01T08:00",
    )


@given(expressions, zone_and_instant(), st.integers(0, 96))
def test_slots_are_unique_in_order_and_inside(expression: str, case: tuple[tzinfo, datetime], hours: int) -> None:
    zone, after = case
    until = after + timedelta(hours=hours)
    found = list(slots(validate(expression), zone, after, until))
    assert all(after < slot.at <= until for slot in found)
    assert all(a.at < b.at and a.key < b.key for a, b in pairwise(found))


@given(expressions, zone_and_instant(), st.lists(st.integers(1, 2_000), min_size=1, max_size=6))
def test_looking_in_steps_finds_each_slot_once(
    expression: str, case: tuple[tzinfo, datetime], steps: list[int]
) -> None:
    zone, after = case
    stops = [after]
    for minutes in steps:
        stops.append(stops[-1] + timedelta(minutes=minutes))
    stepwise = [slot for a, b in pairwise(stops) for slot in slots(expression, zone, a, b)]
    assert stepwise == list(slots(expression, zone, after, stops[-1]))


@given(expressions, zone_and_instant())
def test_a_slot_shows_its_local_time_unless_that_was_skipped(expression: str, case: tuple[tzinfo, datetime]) -> None:
    zone, after = case
    for slot in slots(expression, zone, after, after + timedelta(days=3)):
        asked, shown = datetime.fromisoformat(slot.key), slot.at.astimezone(zone).replace(tzinfo=None)
        earlier = (slot.at - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)
        assert asked == shown or earlier < asked < shown
