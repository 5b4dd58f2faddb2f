"""Habits are told where they are well supported, in the contact's own zone, and nowhere else."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.patterns import (
    SHARE,
    WINDOW,
    Feeling,
    Session,
    recent,
    usual_days,
    usual_hours,
    usual_moods,
)
from server.domain.words import Mood

MONDAY = date(2026, 2, 2)
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [ZoneInfo(n) for n in ("UTC", "Asia/Kolkata", "America/Los_Angeles", "Pacific/Auckland", "Europe/Berlin")]


def at(day: int, clock: str, zone: ZoneInfo = BERLIN) -> datetime:
    """A local time, `day` days after a Monday."""
    return datetime.combine(MONDAY + timedelta(days=day), time.fromisoformat(clock), tzinfo=zone).astimezone(UTC)


def sessions(times: Sequence[datetime]) -> list[Session]:
    return [Session(t, t + timedelta(minutes=10)) for t in times]


def told(days: Sequence[int], clock: str = "22:30", zone: ZoneInfo = BERLIN) -> str | None:
    found = usual_hours(sessions([at(d, clock, zone) for d in days]), zone)
    return None if found is None else found.content


def test_usual_hours_are_told_as_people_say_them() -> None:
    late = [at(2 * n, ("22:10", "23:40")[n % 2]) for n in range(10)]
    found = usual_hours(sessions(late), BERLIN)
    assert found is not None
    assert (found.content, found.value) == ("Usually chats between 10pm and midnight", "22:00-00:00")
    around_midnight = [at(2 * n, ("23:40", "00:20")[n % 2]) for n in range(10)]
    found = usual_hours(sessions(around_midnight), BERLIN)
    assert found is not None
    assert found.content == "Usually chats between 11pm and 1am"


def test_hours_need_eight_sessions_over_two_weeks_and_most_of_them() -> None:
    assert told([2 * n for n in range(8)]) is not None
    assert told([2 * n for n in range(7)]) is None
    assert told(list(range(8))) is None
    scattered = [at(2 * n, f"{(5 * n) % 24:02}:00") for n in range(24)]
    assert usual_hours(sessions(scattered), BERLIN) is None


def test_an_odd_session_does_not_hide_the_habit() -> None:
    times = [at(2 * n, "07:20") for n in range(10)] + [at(3 + 5 * n, "15:00") for n in range(4)]
    found = usual_hours(sessions(times), BERLIN)
    assert found is not None
    assert "7am" in found.content or "8am" in found.content
    assert found.confidence == pytest.approx(10 / 14)


@pytest.mark.parametrize("first", [date(2026, 3, 15), date(2026, 10, 12)])
def test_a_habit_stays_one_across_a_change_of_the_clocks(first: date) -> None:
    days = [first + timedelta(days=2 * n) for n in range(14)]
    local = [datetime.combine(day, time(22, 30), tzinfo=BERLIN) for day in days]
    found = usual_hours(sessions([t.astimezone(UTC) for t in local]), BERLIN)
    assert found is not None
    assert found.confidence == 0.95


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 1439)), max_size=40),
    st.sampled_from(ZONES),
    st.sampled_from(ZONES),
)
def test_what_is_told_depends_on_local_time_alone(times: list[tuple[int, int]], one: ZoneInfo, other: ZoneInfo) -> None:
    # Days without a change of the clocks in either zone, and clocks that both have.
    winter = date(2026, 11, 16)

    def in_zone(zone: ZoneInfo) -> list[Session]:
        return sessions(
            [
                datetime.combine(winter + timedelta(days=day), time(minute // 60, minute % 60), tzinfo=zone)
                for day, minute in times
            ]
        )

    assert usual_hours(in_zone(one), one) == usual_hours(in_zone(other), other)
    assert usual_days(in_zone(one), one) == usual_days(in_zone(other), other)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 1439)), max_size=40), st.randoms())
def test_hours_that_are_told_hold_most_sessions_whatever_their_order(
    times: list[tuple[int, int]], random: Random
) -> None:
    given_ = sessions([at(day, f"{minute // 60:02}:{minute % 60:02}") for day, minute in times])
    shuffled = given_[:]
    random.shuffle(shuffled)
    found = usual_hours(given_, BERLIN)
    assert found == usual_hours(shuffled, BERLIN)
    if found is not None:
        first, last = (int(part[:2]) for part in found.value.split("-"))
        width = (last - first) % 24
        inside = sum((s.started_at.astimezone(BERLIN).hour - first) % 24 < width for s in given_)
        assert width <= 4
        assert inside >= SHARE * len(given_)


def days_told(days: Sequence[int]) -> str | None:
    found = usual_days(sessions([at(d, "18:00") for d in days]), BERLIN)
    return None if found is None else found.content


def test_usual_days_are_told_where_they_come_in_most_weeks() -> None:
    sundays = [6 + 7 * n for n in range(9)]
    assert days_told(sundays) == "Usually chats on Sundays"
    weekends = [d for n in range(6) for d in (5 + 7 * n, 6 + 7 * n)]
    assert days_told(weekends) == "Usually chats on weekends"
    two = [d for n in range(6) for d in (7 * n, 3 + 7 * n)]
    assert days_told(two) == "Usually chats on Mondays and Thursdays"
    working = [d + 7 * n for n in range(4) for d in range(5)]
    assert days_told(working) == "Usually chats on weekdays"


def test_days_that_might_be_chance_are_not_told() -> None:
    assert days_told(list(range(40))) is None
    assert days_told([0, 1, 3, 7, 9, 14, 15, 18]) is None
    random = Random(7)
    told_by_chance = sum(days_told(sorted(random.sample(range(56), 10))) is not None for _ in range(300))
    assert told_by_chance <= 6


def feelings(times: Sequence[tuple[int, str]], mood: Mood, sure: float = 0.9) -> list[Feeling]:
    return [Feeling(at(day, clock), mood, sure) for day, clock in times]


SUNDAY_EVENINGS = [(6 + 7 * n, "19:30") for n in range(6)]
OTHER_TIMES = [(d, "12:30") for d in range(40) if d % 7 != 6]


def test_a_mood_that_recurs_at_a_time_of_the_week_is_told() -> None:
    found = usual_moods(feelings(SUNDAY_EVENINGS, "anxious") + feelings(OTHER_TIMES, "neutral"), BERLIN)
    assert [(p.content, p.value, p.attribute) for p in found] == [
        ("Often anxious on Sunday evenings", "anxious", "mood_sunday_evening")
    ]


def test_a_mood_of_every_evening_is_told_once() -> None:
    evenings = [(d, "20:00") for d in range(0, 40, 2)]
    found = usual_moods(feelings(evenings, "happy") + feelings(OTHER_TIMES, "neutral"), BERLIN)
    assert [p.content for p in found] == ["Often happy in the evenings"]


def test_moods_that_are_rare_unsure_or_the_same_at_all_times_are_not_told() -> None:
    calm = feelings(OTHER_TIMES, "neutral")
    assert usual_moods(feelings(SUNDAY_EVENINGS[:3], "anxious") + calm, BERLIN) == []
    assert usual_moods(feelings(SUNDAY_EVENINGS, "anxious", sure=0.3) + calm, BERLIN) == []
    always = [(d, clock) for d in range(40) for clock in ("09:00", "13:00", "19:30")]
    assert usual_moods(feelings(always, "playful"), BERLIN) == []
    half = feelings(SUNDAY_EVENINGS[::2], "sad") + feelings(SUNDAY_EVENINGS[1::2], "neutral") + calm
    assert usual_moods(half, BERLIN) == []


def test_moods_by_chance_are_hardly_ever_told() -> None:
    random = Random(11)
    told_by_chance = 0
    for _ in range(60):
        moods: list[Mood] = random.choices(["neutral", "happy", "sad"], [6, 3, 1], k=120)
        log = [Feeling(at(random.randrange(90), f"{random.randrange(8, 24):02}:00"), mood, 0.9) for mood in moods]
        told_by_chance += bool(usual_moods(log, BERLIN))
    assert told_by_chance <= 3


def test_what_is_long_ago_does_not_count() -> None:
    old = sessions([at(2 * n, "07:00") for n in range(10)])
    new = sessions([at(2 * n + 400, "22:00") for n in range(3)])
    assert recent([*old, *new]) == new
    assert recent([]) == []
    assert all(new[-1].last_turn_at - s.started_at <= WINDOW for s in recent([*old, *new]))


def test_a_log_of_many_thousand_turns_is_no_trouble() -> None:
    many = sessions([at(n % 150, f"{20 + n % 4}:00") for n in range(3_000)])
    assert usual_hours(many, BERLIN) is not None
    assert usual_moods([Feeling(at(n % 150, "20:00"), "happy", 0.9) for n in range(5_000)], BERLIN) is not None
