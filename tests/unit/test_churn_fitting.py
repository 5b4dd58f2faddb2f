"""A fit finds what a population is like, and says so where it cannot."""

import numpy as np
import pytest

from server.domain.churn import PRIOR, Parameters, churn_risk
from server.domain.churn.fitting import MIN_CONTACTS, Fit, fit
from server.domain.churn.rising import FloatArray
from server.measuring.churn import auc

TRUTH = Parameters(r=0.8, alpha=5.0, a=0.9, b=3.0)

Histories = tuple[np.ndarray, FloatArray, FloatArray]


def simulated(seed: int, contacts: int, truth: Parameters = TRUTH, days: float = 180) -> tuple[Histories, np.ndarray]:
    """Histories of contacts that first came within the last `days`, and which of them have left."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(contacts):
        age, rate, leaving = rng.uniform(0, days), rng.gamma(truth.r, 1 / truth.alpha), rng.beta(truth.a, truth.b)
        x, last, gone = 0, 0.0, rng.random() < leaving
        while not gone and (at := last + rng.exponential(1 / rate)) <= age:
            x, last, gone = x + 1, at, rng.random() < leaving
        rows.append((x, last, age, gone))
    x, t_x, ages, left = (np.array(column) for column in zip(*rows, strict=True))
    return (x, t_x, ages), left


def why_kept(*history: object) -> str | None:
    found = fit(*history)  # type: ignore[arg-type]
    assert (found.parameters is PRIOR) == (found.kept_because is not None)
    return found.kept_because


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_recovers_a_simulated_population(seed: int) -> None:
    histories, left = simulated(seed, 2_000)
    found = fit(*histories)
    assert found.kept_because is None
    assert found.contacts == 2_000
    fitted = found.parameters
    assert fitted.r / fitted.alpha == pytest.approx(TRUTH.r / TRUTH.alpha, rel=0.1)
    assert fitted.a / (fitted.a + fitted.b) == pytest.approx(TRUTH.a / (TRUTH.a + TRUTH.b), rel=0.15)
    for name in ("r", "alpha", "a", "b"):
        assert getattr(fitted, name) == pytest.approx(getattr(TRUTH, name), rel=0.35), name
    assert auc(churn_risk(fitted, *histories), left) > auc(churn_risk(TRUTH, *histories), left) - 0.01


def test_risks_of_a_fitted_population_come_true() -> None:
    histories, left = simulated(5, 2_000)
    risk = churn_risk(fit(*histories).parameters, *histories)
    for low in (0.0, 0.2, 0.4, 0.6, 0.8):
        band = (risk >= low) & (risk < low + 0.2)
        assert left[band].mean() == pytest.approx(risk[band].mean(), abs=0.1)


def test_neither_the_order_of_contacts_nor_the_unit_of_time_matters() -> None:
    (x, t_x, age), _ = simulated(4, 500)
    days, turned = fit(x, t_x, age).parameters, fit(x[::-1], t_x[::-1], age[::-1]).parameters
    weeks = fit(x, t_x / 7, age / 7).parameters
    for name in ("r", "alpha", "a", "b"):
        assert getattr(turned, name) == pytest.approx(getattr(days, name), rel=1e-3)
        assert getattr(weeks, name) * (7 if name == "alpha" else 1) == pytest.approx(getattr(days, name), rel=1e-3)


def test_a_hundred_contacts_are_enough_and_99_are_not() -> None:
    (x, t_x, age), _ = simulated(6, MIN_CONTACTS)
    assert MIN_CONTACTS == 100
    assert why_kept(x, t_x, age) is None
    assert why_kept(x[1:], t_x[1:], age[1:]) == "too_few_contacts"
    assert fit([], [], []) == Fit(PRIOR, 0, "too_few_contacts")


def test_another_prior_can_be_kept() -> None:
    assert fit([], [], [], prior=TRUTH).parameters is TRUTH


def test_contacts_of_one_rate_are_a_sound_fit() -> None:
    histories, _ = simulated(7, 1_000, Parameters(r=2_000.0, alpha=8_000.0, a=0.9, b=3.0))
    found = fit(*histories)
    assert found.kept_because is None
    assert found.parameters.r / found.parameters.alpha == pytest.approx(0.25, rel=0.05)


def test_the_prior_is_kept_while_everybody_has_only_just_come() -> None:
    nothing = np.zeros(200)
    assert why_kept(nothing, nothing, nothing) is not None


def test_the_prior_is_kept_while_nobody_has_come_back() -> None:
    nothing = np.zeros(200)
    assert why_kept(nothing, nothing, np.linspace(1, 30, 200)) is not None


def test_the_prior_is_kept_while_nobody_has_left() -> None:
    days = np.arange(500) % 30
    assert why_kept(days, days, days + 0.5) is not None


@pytest.mark.parametrize("seed", range(5))
def test_the_prior_is_kept_for_a_tenant_of_three_days(seed: int) -> None:
    (x, t_x, age), _ = simulated(seed, 300, PRIOR, days=3)
    x = np.minimum(x, t_x.astype(int))  # many times on a day are one
    assert why_kept(x, np.where(x > 0, t_x, 0), age) is not None


@pytest.mark.parametrize(
    ("x", "t_x", "age"),
    [
        pytest.param([1, 2], [1.0], [2.0], id="unequal lengths"),
        pytest.param([-1], [0.0], [2.0], id="negative x"),
        pytest.param([1.5], [1.0], [2.0], id="half a day"),
        pytest.param([1], [3.0], [2.0], id="last after now"),
        pytest.param([1], [-1.0], [2.0], id="last before first"),
        pytest.param([1], [1.0], [float("inf")], id="infinite age"),
        pytest.param([1], [float("nan")], [2.0], id="not a number"),
        pytest.param(1, 1.0, 2.0, id="no list"),
    ],
)
def test_histories_that_cannot_be_are_refused(x: object, t_x: object, age: object) -> None:
    with pytest.raises(ValueError, match=r"T|^x "):
        fit(x, t_x, age)  # type: ignore[arg-type]
