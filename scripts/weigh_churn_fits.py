"""When to trust a fit of the churn model rather than the prior, on simulated tenants (docs/adr/0011-churn.md).

    python scripts/weigh_churn_fits.py

Tenants of four temperaments, 5 to 90 days old, with 100 or 300 contacts: the model is fitted without its guards, and
fit and prior are asked which of 2,000 further contacts of the tenant have left. Printed is the mean log loss of each,
by how well the fit knows its means. Takes some ten seconds.
"""

from collections import defaultdict
from itertools import product

import numpy as np

from server.domain.churn import PRIOR, Parameters, fitting, p_alive
from server.domain.churn.rising import FloatArray

TEMPERAMENTS = (
    PRIOR,
    Parameters(r=0.6, alpha=6.0, a=0.4, b=3.0),
    Parameters(r=2.0, alpha=3.0, a=1.5, b=2.0),
    Parameters(r=1.0, alpha=8.0, a=0.5, b=4.0),
)
AGES = (5, 10, 20, 45, 90)
BINS = (0.25, 0.5, 0.75, 1.0, 1.5, 3.0, np.inf)

History = tuple[np.ndarray, FloatArray, FloatArray]


def simulate(rng: np.random.Generator, n: int, truth: Parameters, days: float) -> tuple[History, np.ndarray]:
    """Contacts that first came within the last `days`: their histories by days, and who is still there."""
    ages, rates = rng.uniform(0, days, n), rng.gamma(truth.r, 1 / truth.alpha, n)
    rows = [
        _contact(rng, age, rate, leaving)
        for age, rate, leaving in zip(ages, rates, rng.beta(truth.a, truth.b, n), strict=True)
    ]
    x, t_x, alive = (np.array(column) for column in zip(*rows, strict=True))
    return (x, t_x.astype(float), ages), alive


def _contact(rng: np.random.Generator, age: float, rate: float, leaving: float) -> tuple[int, float, bool]:
    at, last, days = 0.0, 0.0, {0}
    while rng.random() >= leaving:
        at += rng.exponential(1 / rate)
        if at > age:
            return len(days) - 1, last if len(days) > 1 else 0.0, True
        last = at
        days.add(int(at))
    return len(days) - 1, last if len(days) > 1 else 0.0, False


def log_loss(parameters: Parameters, history: History, alive: np.ndarray) -> float:
    chance = np.clip(p_alive(parameters, *history), 1e-6, 1 - 1e-6)
    return float(-np.mean(np.log(np.where(alive, chance, 1 - chance))))


def main() -> None:
    rng = np.random.default_rng(3)
    losses: dict[tuple[bool, int], list[tuple[float, float]]] = defaultdict(list)
    for truth, days, n, _ in product(TEMPERAMENTS, AGES, (100, 300), range(8)):
        history, _ = simulate(rng, n, truth, days)
        found, unit = fitting.search(*history)
        if not (found.valid and found.accurate):
            continue
        further, alive = simulate(rng, 2_000, truth, days)
        error = max(found.errors["rate"], found.errors["leaving"])
        key = fitting.shapes_real(found), int(np.searchsorted(BINS, error))
        fitted = log_loss(fitting.parameters_of(*found.values, unit=unit), further, alive)
        losses[key].append((fitted, log_loss(PRIOR, further, alive)))
    print("shapes       standard error  fits  loss of fit  of prior")  # noqa: T201
    for (real, place), pairs in sorted(losses.items(), key=lambda item: (not item[0][0], item[0][1])):
        fit, prior = np.mean(pairs, axis=0)
        shapes = "real" if real else "at low limit"
        print(f"{shapes:12} up to {BINS[place]:8} {len(pairs):5} {fit:12.3f} {prior:9.3f}")  # noqa: T201


if __name__ == "__main__":
    main()
