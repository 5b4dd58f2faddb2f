"""What follows a try at delivery."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.backoff import seconds_before
from server.domain.outreach.retry import (
    MOST_TRIES,
    Accepted,
    Delivered,
    GiveUp,
    LookUp,
    Rejected,
    Throttled,
    TryAgain,
    Unavailable,
    Unknown,
    next_step,
)
from tests.unit.outreach_cases import utc

NOW = utc(2026, 6, 1, 12)
HOUR = timedelta(hours=1)
draws = st.floats(0, 1)
tries_left = st.integers(1, MOST_TRIES - 1)


def test_what_was_taken_is_delivered_with_the_providers_reference() -> None:
    assert next_step(Accepted("wamid.1"), 1, NOW, 0.5) == Delivered("wamid.1")


def test_what_was_refused_for_good_is_not_tried_again() -> None:
    assert next_step(Rejected(), 1, NOW, 0.5) == GiveUp("provider_rejected")


@given(st.integers(1, 30), draws, st.booleans())
def test_an_unknown_outcome_is_looked_up_and_never_sent_again(tries: int, draw: float, late: bool) -> None:
    step = next_step(Unknown(), tries, NOW, draw, expires_at=NOW if late else None)
    assert isinstance(step, LookUp) if tries < MOST_TRIES else step == GiveUp("outcome_unknown")


@given(tries_left, draws)
def test_waits_are_jittered_over_their_upper_half(tries: int, draw: float) -> None:
    step = next_step(Unavailable(), tries, NOW, draw)
    full = min(3_600.0, 10.0 * 2 ** (tries - 1))
    assert isinstance(step, TryAgain)
    assert full / 2 <= (step.at - NOW).total_seconds() <= full


@given(tries_left, draws, st.integers(0, 200_000))
def test_a_throttled_message_waits_as_long_as_it_was_asked_to(tries: int, draw: float, seconds: int) -> None:
    asked = timedelta(seconds=seconds)
    step = next_step(Throttled(asked), tries, NOW, draw)
    assert isinstance(step, TryAgain)
    assert step.at - NOW >= min(asked, timedelta(days=1))
    assert step.at - NOW <= max(timedelta(days=1, seconds=10), HOUR)


@pytest.mark.parametrize(
    ("outcome", "failure"),
    [
        (Unavailable(), "provider_unavailable"),
        (Throttled(), "provider_throttled"),
        (Throttled(HOUR), "provider_throttled"),
    ],
)
def test_after_the_last_try_it_is_a_dead_letter(outcome: Any, failure: str) -> None:
    step = next_step(outcome, MOST_TRIES, NOW, 0.5)
    assert isinstance(step, GiveUp)
    assert step.failure == failure


def test_what_could_only_be_sent_too_late_is_given_up() -> None:
    assert next_step(Throttled(HOUR), 1, NOW, 0.0, expires_at=NOW + HOUR) == GiveUp("too_late")
    assert isinstance(next_step(Throttled(HOUR), 1, NOW, 0.0, expires_at=NOW + 2 * HOUR), TryAgain)


@given(st.integers(1, 10_000), draws)
def test_a_wait_never_passes_its_bound_or_falls_below_half_the_first(attempt: int, draw: float) -> None:
    assert 1.0 <= seconds_before(attempt, draw) <= 900.0


@given(st.integers(1, 100), draws)
def test_a_later_attempt_never_waits_shorter(attempt: int, draw: float) -> None:
    assert seconds_before(attempt, draw) <= seconds_before(attempt + 1, draw)
