"""Messages into a silence."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.outreach.inactivity import attempts_in_silence, candidates, days_silent
from tests.unit.outreach_cases import instants, utc

DAY = timedelta(days=1)
LAST = utc(2026, 6, 1, 18, 30)


def due(now: datetime, sent: tuple[datetime, ...] = (), last: datetime | None = LAST) -> list[str]:
    return [found.reason for found in candidates(last, sent, inactivity_days=3, max_attempts=2, now=now)]


def test_the_first_is_due_after_whole_days_at_the_time_the_contact_last_wrote() -> None:
    assert due(LAST + 3 * DAY - timedelta(seconds=1)) == []
    assert due(LAST + 3 * DAY) == ["silent_days:3"]


def test_the_next_follows_after_as_many_days_again_and_then_none() -> None:
    first = LAST + 3 * DAY
    assert due(first + 3 * DAY - timedelta(seconds=1), (first,)) == []
    assert due(first + 3 * DAY, (first,)) == ["silent_days:6"]
    assert due(first + 400 * DAY, (first, first + 3 * DAY)) == []


def test_the_silence_ends_when_the_contact_writes() -> None:
    sent = (LAST + 3 * DAY, LAST + 6 * DAY)
    back = LAST + 7 * DAY
    assert due(back + 2 * DAY, sent, last=back) == []
    assert due(back + 3 * DAY, sent, last=back) == ["silent_days:3"]


def test_a_contact_that_was_never_active_gets_none() -> None:
    assert due(LAST + 100 * DAY, last=None) == []


def test_what_is_long_due_is_due_now_and_only_once() -> None:
    (found,) = candidates(LAST, (), 3, 5, now=LAST + 100 * DAY)
    assert found.at == LAST + 100 * DAY
    assert found.reason == "silent_days:100"
    assert found.expire_on_reply


def test_looking_ahead_shows_the_attempts_to_come() -> None:
    ahead = list(candidates(LAST, (), 3, 5, now=LAST + DAY, until=LAST + 9 * DAY))
    assert [found.at for found in ahead] == [LAST + 3 * DAY, LAST + 6 * DAY, LAST + 9 * DAY]


def test_an_occasion_names_the_silence_and_the_attempt() -> None:
    (early,) = candidates(LAST, (), 3, 2, now=LAST + 3 * DAY)
    (late,) = candidates(LAST, (), 3, 2, now=LAST + 4 * DAY)
    (second,) = candidates(LAST, (LAST + 3 * DAY,), 3, 2, now=LAST + 6 * DAY)
    (other,) = candidates(LAST + timedelta(seconds=1), (), 3, 2, now=LAST + 9 * DAY)
    assert early.occasion == late.occasion
    assert len({early.occasion, second.occasion, other.occasion}) == 3


def test_days_of_silence_are_whole() -> None:
    assert days_silent(LAST, LAST + 2 * DAY - timedelta(seconds=1)) == 1
    assert days_silent(LAST, LAST - DAY) == 0


def test_attempts_of_a_contact_that_never_wrote_all_count() -> None:
    assert attempts_in_silence([LAST, LAST + DAY], None) == 2
    assert attempts_in_silence([LAST - DAY, LAST, LAST + DAY], LAST) == 1


@pytest.mark.parametrize("gone", [0, 1, 7])
def test_who_turns_it_on_late_sends_the_rest_with_the_same_distance(gone: int) -> None:
    now = LAST + (3 + gone) * DAY
    ahead = list(candidates(LAST, (), 3, 3, now=now, until=now + 30 * DAY))
    assert [found.at for found in ahead] == [now, now + 3 * DAY, now + 6 * DAY]


@given(
    instants,
    st.lists(st.integers(-5_000, 5_000), max_size=6),
    st.integers(1, 30),
    st.integers(1, 6),
    st.integers(0, 5_000),
    st.integers(0, 2_000),
)
def test_attempts_keep_their_number_and_distance(
    last: datetime, hours: list[int], days: int, most: int, silent_hours: int, ahead_hours: int
) -> None:
    now = last + timedelta(hours=silent_hours)
    until = now + timedelta(hours=ahead_hours)
    sent = [last + timedelta(hours=h) for h in hours if h <= silent_hours]
    found = [one.at for one in candidates(last, sent, days, most, now, until)]
    inside = sorted(one for one in sent if one > last)
    assert len(found) + len(inside) <= max(most, len(inside))
    assert all(now <= at <= until for at in found)
    assert all(b - a >= days * DAY for a, b in pairwise((inside[-1:] or [last]) + found))
