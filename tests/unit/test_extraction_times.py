"""Time expressions against the time they were said at."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.extraction.times import resolve

WEDNESDAY = datetime(2026, 4, 15, 10, tzinfo=UTC)


def days(text: str) -> tuple[date, int] | None:
    found = resolve(text, WEDNESDAY, UTC)
    return None if found is None else (found.start.date(), (found.end - found.start).days)


@pytest.mark.parametrize(
    ("text", "first", "length"),
    [
        ("I saw her yesterday", date(2026, 4, 14), 1),
        ("last night was wild", date(2026, 4, 14), 1),
        ("see you tomorrow", date(2026, 4, 16), 1),
        ("the day before yesterday", date(2026, 4, 13), 1),
        ("dinner next Friday", date(2026, 4, 24), 1),
        ("this Friday I will rest", date(2026, 4, 17), 1),
        ("we met last Friday", date(2026, 4, 10), 1),
        ("I went there on Monday", date(2026, 4, 13), 1),
        ("the exam is on Monday", date(2026, 4, 20), 1),
        ("last week I ran", date(2026, 4, 6), 7),
        ("next week", date(2026, 4, 20), 7),
        ("last weekend", date(2026, 4, 11), 2),
        ("last month", date(2026, 3, 1), 31),
        ("last year", date(2025, 1, 1), 365),
        ("two years ago", date(2024, 1, 1), 366),
        ("three days ago", date(2026, 4, 12), 1),
        ("two weeks ago", date(2026, 3, 29), 7),
        ("in 3 days", date(2026, 4, 18), 1),
        ("my birthday is on 12 May", date(2026, 5, 12), 1),
        ("born on May 12th, 1990", date(1990, 5, 12), 1),
        ("on 2026-07-01", date(2026, 7, 1), 1),
        ("we moved in 2019", date(2019, 1, 1), 365),
        ("I started in March", date(2026, 3, 1), 31),
        ("last summer was hot", date(2025, 6, 1), 92),
    ],
)
def test_an_expression_becomes_its_days(text: str, first: date, length: int) -> None:
    assert days(text) == (first, length)


@pytest.mark.parametrize(
    "text", ["I may go", "we march on", "sun and sea", "no time here", "at 5", "12/05 or so", "the 31 February show"]
)
def test_what_is_no_date_stays_none(text: str) -> None:
    assert days(text) is None


def test_an_hour_narrows_the_day() -> None:
    found = resolve("call me tomorrow at 5", WEDNESDAY, ZoneInfo("Europe/Berlin"))
    assert found is not None
    assert found.start == datetime(2026, 4, 16, 15, tzinfo=UTC)
    assert found.end - found.start == timedelta(hours=1)


def test_a_day_is_the_contacts_local_day_even_when_the_clocks_change() -> None:
    found = resolve("today", datetime(2026, 3, 29, 9, tzinfo=UTC), ZoneInfo("Europe/Berlin"))
    assert found is not None
    assert (found.start, found.end) == (datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC))


_PIECES = st.sampled_from(
    (
        "last next this on in ago yesterday may 12 30 31 february friday weeks 2 years a few of 1999 year summer at 25 "
        "5pm tomorrow"
    ).split()
)

_TIMES = st.builds(lambda days: datetime(1, 2, 1, tzinfo=UTC) + timedelta(days=days), st.integers(0, 3_648_000))


@given(st.lists(_PIECES, max_size=8), _TIMES)
def test_any_words_at_any_time_give_a_sound_interval_or_none(words: list[str], at: datetime) -> None:
    found = resolve(" ".join(words), at, UTC)
    assert found is None or found.start < found.end
