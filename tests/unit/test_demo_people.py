"""The people of a demo are drawn from the seed alone, and live within its days."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from server.demoing.lives import Calendar, Turn, turns
from server.demoing.people import RHYTHMS, person

NOW = datetime(2026, 3, 30, 15, 20, tzinfo=UTC)
CALENDAR = Calendar.until(NOW, 60, "Europe/Lisbon")


def everybody(seed: int, calendar: Calendar = CALENDAR, count: int = 120) -> list[list[Turn]]:
    return [turns(person(seed, calendar.days, number), seed, calendar) for number in range(count)]


def test_the_same_seed_gives_the_same_people_and_turns() -> None:
    assert everybody(7) == everybody(7)
    assert everybody(7) != everybody(8)


def test_more_people_change_nothing_about_the_first() -> None:
    assert everybody(7, count=120)[:30] == everybody(7, count=30)


def test_a_later_end_adds_turns_and_changes_none() -> None:
    longer = Calendar(CALENDAR.first, CALENDAR.days, CALENDAR.start, NOW + timedelta(hours=6))
    assert [life[: len(before)] for life, before in zip(everybody(7, longer), everybody(7), strict=True)] == everybody(
        7
    )


def test_turns_lie_in_order_within_the_days_also_where_clocks_are_set() -> None:
    for life in everybody(7):
        instants = [turn.occurred_at for turn in life]
        assert all(a < b for a, b in pairwise(instants))
        assert all(CALENDAR.start <= at < NOW for at in instants)


def test_turn_ids_are_unique_to_a_person() -> None:
    ids = [turn.turn_id for life in everybody(7) for turn in life]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("days", [7, 30, 365])
def test_everybody_writes_however_long_the_demo_is_and_whenever_it_ends(days: int) -> None:
    for hour in (0, 7, 15, 23):
        assert all(everybody(3, Calendar.until(NOW.replace(hour=hour), days, "Europe/Lisbon"), 60))


def test_there_are_all_rhythms_some_leave_some_return_some_stop_and_some_are_written_to_unasked() -> None:
    people = [person(7, 60, number) for number in range(500)]
    assert {one.rhythm for one in people} == set(RHYTHMS)
    assert any(one.stops for one in people)
    assert any(one.returns_after for one in people)
    said = [turn for life in everybody(7, count=500) for turn in life]
    assert any(turn.message == "STOP" for turn in said)
    assert any(turn.message is None for turn in said)
    assert not any("{" in f"{turn.message}{turn.answer}" for turn in said)


def test_a_calendar_ends_with_the_tenants_own_day() -> None:
    late = Calendar.until(datetime(2026, 6, 1, 23, 30, tzinfo=UTC), 7, "Europe/Lisbon")
    assert late.first.isoformat() == "2026-05-27"
    assert late.start == datetime(2026, 5, 26, 23, 0, tzinfo=UTC)
