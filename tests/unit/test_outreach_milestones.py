"""Streaks, counts, anniversaries and dates."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.contact import State
from server.domain.memory import Memory
from server.domain.outreach.milestones import Life, candidates, usual_time
from server.domain.outreach.quiet_hours import QuietHours
from tests.unit.outreach_cases import BERLIN, quiet_hours, utc, zone_and_instant

NIGHT = QuietHours(time(23), time(7))
DAY = timedelta(days=1)
NOW = utc(2026, 6, 10, 12)
EMPTY = Life(State(), (), UTC, NIGHT)


def hours_at(*busy: int) -> tuple[int, ...]:
    return tuple(10 if hour in busy else 0 for hour in range(24))


def memory(day: datetime, **other: object) -> Memory:
    told = Memory(
        id="mem_1", type="fact", content="Has an exam", importance=0.8, confidence=1.0, occurred_at=utc(2026, 6, 1),
        valid_from=utc(2026, 6, 1), created_at=utc(2026, 6, 1), subject="self", attribute="exam", speaker="contact",
        event_start=day, event_end=day + DAY,
    )  # fmt: skip
    return replace(told, **other)  # type: ignore[arg-type]


def occasions(life: Life, after: datetime = NOW - DAY, until: datetime = NOW) -> list[str]:
    return [found.occasion for found in candidates(life, NOW, after, until)]


def streak(length: int, last: date) -> State:
    return State(streak_days=length, streak_last_day=last, last_active_at=datetime.combine(last, time(9), tzinfo=UTC))


def test_a_streak_is_a_milestone_on_the_day_it_is_reached_and_the_next() -> None:
    today = NOW.date()
    assert occasions(replace(EMPTY, state=streak(6, today))) == []
    assert occasions(replace(EMPTY, state=streak(7, today))) == ["milestone:streak:7"]
    assert occasions(replace(EMPTY, state=streak(8, today))) == ["milestone:streak:7"]
    assert occasions(replace(EMPTY, state=streak(9, today))) == []
    assert occasions(replace(EMPTY, state=streak(30, today - DAY))) == ["milestone:streak:30"]
    assert occasions(replace(EMPTY, state=streak(365, today - 2 * DAY))) == []


def test_a_streak_is_due_when_the_contact_usually_writes_next() -> None:
    state = replace(streak(7, NOW.date()), hours=hours_at(21))
    (found,) = candidates(replace(EMPTY, state=state), NOW, NOW - DAY, NOW)
    assert (found.at, found.reason, found.expire_on_reply) == (utc(2026, 6, 10, 21), "streak:7", False)
    late = replace(state, last_active_at=utc(2026, 6, 10, 21, 5))
    (found,) = candidates(replace(EMPTY, state=late), NOW, NOW - DAY, NOW)
    assert found.at == utc(2026, 6, 11, 21)


@pytest.mark.parametrize(
    ("messages", "found"),
    [
        (99, []), (100, ["milestone:messages:100"]), (149, ["milestone:messages:100"]), (150, []), (499, []),
        (500, ["milestone:messages:500"]), (1_004, ["milestone:messages:1000"]), (1_600, []),
        (5_400, ["milestone:messages:5000"]), (10_000, ["milestone:messages:10000"]),
    ],
)  # fmt: skip
def test_counts_are_news_while_they_are_new(messages: int, found: list[str]) -> None:
    state = State(total_messages=messages, last_active_at=NOW - timedelta(hours=1))
    assert occasions(replace(EMPTY, state=state)) == found
    assert occasions(replace(EMPTY, state=replace(state, last_active_at=NOW - 3 * DAY))) == []


def test_anniversaries_come_after_a_month_and_each_year() -> None:
    life = replace(EMPTY, state=State(first_active_at=utc(2025, 1, 31, 18)))
    found = candidates(life, NOW, utc(2025, 2, 1), utc(2028, 2, 1))
    assert [(one.reason, one.at) for one in found] == [
        ("anniversary:1m", utc(2025, 2, 28, 10)),
        ("anniversary:1y", utc(2026, 1, 31, 10)),
        ("anniversary:2y", utc(2027, 1, 31, 10)),
        ("anniversary:3y", utc(2028, 1, 31, 10)),
    ]


def test_an_anniversary_of_the_29th_of_february_is_on_the_28th_in_other_years() -> None:
    life = replace(EMPTY, state=State(first_active_at=utc(2024, 2, 29, 18)))
    found = candidates(life, NOW, utc(2024, 12, 1), utc(2028, 12, 1))
    assert [one.at.date() for one in found] == [
        date(2025, 2, 28), date(2026, 2, 28), date(2027, 2, 28), date(2028, 2, 29),
    ]  # fmt: skip


def test_a_dormant_contact_has_no_anniversary() -> None:
    state = State(total_sessions=12, active_days=12, first_active_at=NOW - 365 * DAY, last_active_at=NOW - 300 * DAY)
    assert occasions(replace(EMPTY, state=state)) == []
    assert occasions(replace(EMPTY, state=replace(state, last_active_at=NOW - DAY))) == ["milestone:anniversary:1y"]


def test_what_the_contact_told_of_is_due_on_its_day() -> None:
    life = replace(EMPTY, memories=(memory(utc(2026, 6, 10)),))
    (found,) = candidates(life, NOW, NOW - DAY, NOW)
    assert (found.occasion, found.reason) == ("milestone:date:2026-06-10", "date")
    assert (found.at, found.memory_ids) == (utc(2026, 6, 10, 10), ("mem_1",))
    assert occasions(life, NOW, NOW + 30 * DAY) == []


def test_a_date_can_be_due_some_days_before() -> None:
    life = replace(EMPTY, memories=(memory(utc(2026, 6, 12)),), lead_days=2)
    (found,) = candidates(life, NOW, NOW - DAY, NOW)
    assert found.at == utc(2026, 6, 10, 10)


def test_a_day_of_several_memories_is_one_message() -> None:
    two = (memory(utc(2026, 6, 10)), memory(utc(2026, 6, 10, 15), id="mem_2", event_end=utc(2026, 6, 10, 16)))
    (found,) = candidates(replace(EMPTY, memories=two), NOW, NOW - DAY, NOW)
    assert found.memory_ids == ("mem_1", "mem_2")


@pytest.mark.parametrize(
    "other",
    [
        {"occurred_at": utc(2026, 6, 10, 8)},  # it was told on the day itself
        {"occurred_at": utc(2026, 6, 20)},  # it was over when it was told
        {"speaker": "assistant"},
        {"status": "superseded"},
        {"importance": 0.25},
        {"event_end": utc(2026, 6, 17)},  # a week is no date
        {"event_start": None},
    ],
)
def test_what_is_no_date_to_come_is_no_milestone(other: dict[str, object]) -> None:
    assert (
        occasions(replace(EMPTY, memories=(memory(utc(2026, 6, 10), **other),)), NOW - 20 * DAY, NOW + 20 * DAY) == []
    )


def test_the_day_stays_the_same_when_the_contact_has_moved() -> None:
    told_in_berlin = memory(datetime(2026, 6, 10, tzinfo=BERLIN))
    for name in ("Europe/Lisbon", "Asia/Kolkata", "America/New_York"):
        life = replace(EMPTY, memories=(told_in_berlin,), zone=ZoneInfo(name))
        assert occasions(life, NOW - 2 * DAY, NOW + 2 * DAY) == ["milestone:date:2026-06-10"]


def birthday(day: datetime, subject: str = "self", **other: object) -> Memory:
    return memory(day, attribute="birthday", subject=subject, **other)


def test_a_birthday_comes_each_year() -> None:
    life = replace(EMPTY, memories=(birthday(utc(2026, 8, 3)),))
    found = candidates(life, NOW, NOW, utc(2029, 1, 1))
    assert [(one.reason, one.at) for one in found] == [
        ("birthday:self", utc(2026, 8, 3, 10)),
        ("birthday:self", utc(2027, 8, 3, 10)),
        ("birthday:self", utc(2028, 8, 3, 10)),
    ]
    assert len({one.occasion for one in found}) == 3


def test_a_birthday_that_is_told_on_the_day_comes_again_next_year() -> None:
    life = replace(EMPTY, memories=(birthday(utc(2026, 6, 10), occurred_at=utc(2026, 6, 10, 8)),))
    assert [one.at.year for one in candidates(life, NOW, NOW - DAY, NOW + 400 * DAY)] == [2027]


def test_a_birthday_on_the_29th_of_february_is_on_the_28th_in_other_years() -> None:
    life = replace(EMPTY, memories=(birthday(utc(1996, 2, 29)),))
    found = candidates(life, NOW, NOW, utc(2028, 12, 1))
    assert [one.at.date() for one in found] == [date(2027, 2, 28), date(2028, 2, 29)]


def test_somebody_elses_birthday_is_told_apart_and_not_named() -> None:
    (found,) = candidates(replace(EMPTY, memories=(birthday(utc(2026, 6, 10), "anna"),)), NOW, NOW - DAY, NOW)
    assert found.occasion == "milestone:birthday:other:2026-06-10"
    assert found.reason == "birthday:other"


def test_a_birthday_is_not_also_a_date() -> None:
    both = (birthday(utc(2026, 6, 10)), memory(utc(2026, 6, 10), id="mem_2", type="episode", attribute=None))
    assert occasions(replace(EMPTY, memories=both)) == ["milestone:birthday:self:2026-06-10"]


@pytest.mark.parametrize(
    ("hours", "quiet", "at"),
    [
        ((), NIGHT, time(10)),
        ((21,), NIGHT, time(21)),
        ((23,), NIGHT, time(10)),
        ((0, 23, 8), NIGHT, time(8)),
        ((), QuietHours(time(9), time(14)), time(14)),
        ((10,), QuietHours(time(9), time(8)), time(8)),
    ],
)
def test_the_time_of_day_is_the_contacts_own_or_ten(hours: Sequence[int], quiet: QuietHours, at: time) -> None:
    assert usual_time(State(hours=hours_at(*hours)), quiet) == at


@st.composite
def lives(draw: st.DrawFn) -> tuple[Life, datetime]:
    zone, now = draw(zone_and_instant())
    days = st.integers(-400, 400).map(lambda d: now + timedelta(days=d))
    told = st.builds(
        memory,
        days,
        id=st.uuids().map(str),
        occurred_at=days,
        attribute=st.sampled_from(["birthday", "exam"]),
    )
    state = State(
        total_messages=draw(st.integers(0, 2_000)),
        streak_days=draw(st.integers(1, 400)),
        streak_last_day=(now - timedelta(days=draw(st.integers(0, 2)))).date(),
        first_active_at=draw(days),
        last_active_at=draw(days),
        hours=tuple(draw(st.lists(st.integers(0, 9), min_size=24, max_size=24))),
    )
    memories = tuple(draw(st.lists(told, max_size=6)))
    return Life(state, memories, zone, draw(quiet_hours), draw(st.integers(0, 3))), now


def _dated(life: Life, after: datetime, until: datetime, zone: tzinfo) -> dict[str, datetime]:
    found = candidates(life, after, after, until)
    assert not any(life.quiet.is_quiet(one.at, zone) for one in found)
    assert len({one.occasion for one in found}) == len(found)
    return {one.occasion: one.at for one in found if one.reason.split(":")[0] not in ("streak", "messages")}


@given(lives(), st.lists(st.integers(1, 20_000), min_size=1, max_size=5))
def test_looking_in_steps_finds_each_date_once_and_never_in_quiet_hours(
    case: tuple[Life, datetime], minutes: list[int]
) -> None:
    life, now = case
    stops = [now]
    for step in minutes:
        stops.append(stops[-1] + timedelta(minutes=step))
    whole = _dated(life, stops[0], stops[-1], life.zone)
    parts = [_dated(life, a, b, life.zone) for a, b in pairwise(stops)]
    assert {key: at for part in parts for key, at in part.items()} == whole
    assert sum(map(len, parts)) == len(whole)
