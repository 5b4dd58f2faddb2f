"""The churn model says what its sources say, and behaves as a risk should."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.churn import PRIOR, Parameters, churn_risk, histories, mbgnbd, p_alive, risk_of
from server.domain.churn import bgnbd as parent
from server.domain.churn.mbgnbd import p_silent
from server.domain.contact import State

NOW = datetime(2031, 5, 4, 18, tzinfo=UTC)

shapes = st.floats(0.02, 500)
populations = st.builds(Parameters, r=shapes, alpha=st.floats(0.02, 5_000), a=shapes, b=shapes)
times = st.floats(0, 5_000)


@st.composite
def came(draw: st.DrawFn) -> tuple[int, float, float]:
    """A history: x, t_x, T in days."""
    x = draw(st.integers(0, 2_000))
    t_x = draw(times) if x else 0.0
    return x, t_x, t_x + draw(times)


def averaged(
    population: Parameters, x: int, t_x: float, T: float, *, parent_model: bool = False
) -> tuple[float, float]:
    """Likelihood of a history and of (history, still there), summed up over a grid of rates and chances to leave."""
    grid_rate = (np.arange(6_000) + 0.5) * (30 / 6_000)
    grid_chance = ((np.arange(1_500) + 0.5) / 1_500)[:, None]
    rates = grid_rate ** (population.r - 1) * np.exp(-population.alpha * grid_rate)
    chances = grid_chance ** (population.a - 1) * (1 - grid_chance) ** (population.b - 1)
    weights = rates / rates.sum() * (chances / chances.sum())
    stays = x if parent_model else x + 1
    there = grid_rate**x * (1 - grid_chance) ** stays * np.exp(-grid_rate * T)
    left = grid_rate**x * grid_chance * (1 - grid_chance) ** max(stays - 1, 0) * np.exp(-grid_rate * t_x)
    if parent_model and x == 0:
        left = np.zeros(1)
    return float((weights * (there + left)).sum()), float((weights * there).sum())


POPULATION = Parameters(r=2.0, alpha=3.0, a=2.0, b=3.0)
HISTORIES = [(0, 0.0, 0.0), (0, 0.0, 9.0), (1, 0.5, 9.0), (4, 6.0, 6.0), (7, 10.0, 16.0)]


@pytest.mark.parametrize("history", HISTORIES)
def test_likelihood_and_p_alive_are_the_averages_over_all_rates_and_chances(history: tuple[int, float, float]) -> None:
    likelihood, there = averaged(POPULATION, *history)
    x, t_x, age = (np.array([part]) for part in history)
    assert mbgnbd.log_likelihood(POPULATION, x, t_x, age)[0] == pytest.approx(np.log(likelihood), abs=5e-4)
    assert p_alive(POPULATION, *history) == pytest.approx(there / likelihood, abs=5e-4)


@pytest.mark.parametrize("history", HISTORIES)
def test_so_they_are_for_the_parent_model(history: tuple[int, float, float]) -> None:
    likelihood, there = averaged(POPULATION, *history, parent_model=True)
    x, t_x, age = (np.array([part]) for part in history)
    assert parent.log_likelihood(POPULATION, x, t_x, age)[0] == pytest.approx(np.log(likelihood), abs=5e-4)
    assert parent.p_alive(POPULATION, *history) == pytest.approx(there / likelihood, abs=5e-4)


def test_p_alive_is_what_an_independent_implementation_gives() -> None:
    # ModifiedBetaGeoFitter and BetaGeoFitter of the package lifetimes, with these parameters.
    mbg, bg = Parameters(0.525, 6.183, 0.891, 1.614), Parameters(0.243, 4.414, 0.793, 2.426)
    x, t_x, age = [2, 0, 1, 7], [30.43, 0, 1.71, 29.43], [38.86] * 4
    assert p_alive(mbg, x, t_x, age) == pytest.approx([0.7062022651, 0.3897350809, 0.1708364843, 0.6227238142])
    assert parent.p_alive(bg, x, t_x, age) == pytest.approx([0.7265785701, 1.0, 0.2121009854, 0.6417563459])


@given(populations, came())
def test_a_risk_is_a_probability_and_the_rest_of_p_alive(
    population: Parameters, history: tuple[int, float, float]
) -> None:
    alive, risk = float(p_alive(population, *history)), float(churn_risk(population, *history))
    assert 0 <= alive <= 1
    assert 0 <= risk <= 1
    assert alive + risk == pytest.approx(1)


@given(populations, came(), times)
def test_more_silence_never_lowers_the_risk(
    population: Parameters, history: tuple[int, float, float], more: float
) -> None:
    x, t_x, age = history
    assert churn_risk(population, x, t_x, age + more) >= churn_risk(population, x, t_x, age)


@given(populations, st.lists(came(), min_size=1, max_size=20))
def test_many_at_once_are_as_each_alone(population: Parameters, contacts: list[tuple[int, float, float]]) -> None:
    x, t_x, age = (np.array(column) for column in zip(*contacts, strict=True))
    assert churn_risk(population, x, t_x, age) == pytest.approx([churn_risk(population, *each) for each in contacts])
    singly = [mbgnbd.log_likelihood(population, *(np.array([part]) for part in each))[0] for each in contacts]
    assert mbgnbd.log_likelihood(population, x, t_x, age) == pytest.approx(singly)


@given(populations, came(), st.floats(0.01, 100))
def test_the_unit_of_time_does_not_matter(
    population: Parameters, history: tuple[int, float, float], unit: float
) -> None:
    x, t_x, age = history
    scaled = replace(population, alpha=population.alpha * unit)
    assert churn_risk(scaled, x, t_x * unit, age * unit) == pytest.approx(churn_risk(population, *history), rel=1e-6)


@given(populations, times)
def test_who_came_once_can_leave_which_the_parent_model_denies(population: Parameters, silence: float) -> None:
    assert churn_risk(population, 0, 0, 0) == pytest.approx(population.a / (population.a + population.b))
    assert churn_risk(population, 0, 0, silence) > 0
    assert parent.p_alive(population, 0, 0, silence) == 1


@given(populations, came(), times, times)
def test_the_longer_the_span_ahead_the_closer_its_silence_comes_to_having_left(
    population: Parameters, history: tuple[int, float, float], ahead: float, further: float
) -> None:
    short, long = p_silent(population, *history, ahead), p_silent(population, *history, ahead + further)
    assert p_silent(population, *history, 0.0) == pytest.approx(1)
    assert churn_risk(population, *history) - 1e-9 <= long <= short + 1e-9
    assert p_silent(population, *history, 1e300) == pytest.approx(churn_risk(population, *history), abs=1e-3)


def test_silence_weighs_more_on_a_daily_contact_than_on_a_weekly_one() -> None:
    assert churn_risk(PRIOR, 60, 60, 70) > 0.95
    assert churn_risk(PRIOR, 9, 60, 70) < 0.3


@pytest.mark.parametrize(
    ("x", "t_x", "silent_days"),
    [
        pytest.param(20, 20, 5, id="daily"),
        pytest.param(0, 0, 9, id="came on one day"),
        pytest.param(26, 182, 28, id="weekly"),
    ],
)
def test_the_prior_has_them_pass_the_reports_threshold_when_a_friend_would_worry(
    x: int, t_x: int, silent_days: int
) -> None:
    assert churn_risk(PRIOR, x, t_x, t_x + silent_days - 1) < 0.6
    assert churn_risk(PRIOR, x, t_x, t_x + silent_days) > 0.6


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan"), float("inf")])
def test_parameters_are_positive_and_finite(wrong: float) -> None:
    for name in ("r", "alpha", "a", "b"):
        with pytest.raises(ValueError, match="positive"):
            replace(PRIOR, **{name: wrong})


def contact(active_days: int, first_days_ago: float, last_days_ago: float) -> State:
    return State(
        active_days=active_days,
        first_active_at=NOW - timedelta(days=first_days_ago),
        last_active_at=NOW - timedelta(days=last_days_ago),
    )


def test_a_contacts_risk_counts_its_days_and_its_silence() -> None:
    assert risk_of(contact(21, 25, 5), PRIOR, NOW) == pytest.approx(float(churn_risk(PRIOR, 20, 20, 25)))
    assert risk_of(contact(21, 25, 5), PRIOR, NOW + timedelta(days=3)) > risk_of(contact(21, 25, 5), PRIOR, NOW)


def test_a_contact_that_never_came_has_not_left() -> None:
    assert risk_of(State(), PRIOR, NOW) == 0


def test_hours_within_a_first_day_are_not_silence() -> None:
    assert risk_of(contact(1, 3.4, 3), PRIOR, NOW) == pytest.approx(float(churn_risk(PRIOR, 0, 0, 3)))


def test_a_turn_from_the_future_counts_as_now() -> None:
    assert risk_of(contact(3, 4, -1), PRIOR, NOW) == pytest.approx(float(churn_risk(PRIOR, 2, 5, 5)))


def test_histories_of_many_contacts_are_those_of_each() -> None:
    now = NOW.timestamp()
    x, t_x, age = histories([1, 4, 9], [now - 86_400] * 3, [now - 43_200] * 3, now)
    assert x.tolist() == [0, 3, 8]
    assert t_x.tolist() == [0, 0.5, 0.5]
    assert age.tolist() == [0.5, 1, 1]
