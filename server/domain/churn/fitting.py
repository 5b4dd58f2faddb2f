"""Fitting the churn model to a tenant's own contacts, by maximum likelihood."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from iminuit import Minuit

from server.domain.churn import mbgnbd
from server.domain.churn.parameters import PRIOR, Parameters
from server.domain.churn.rising import FloatArray

MIN_CONTACTS: Final = 100
"""Fewer contacts than this say too little about four parameters."""

_KNOWN_WITHIN: Final = 1.0
"""The standard error that the mean rate (its logarithm) and the mean chance to leave (its log-odds) may have.

Fits within it tell better than the prior who has left (scripts/weigh_churn_fits.py). Tenants of a few days are mostly
beyond it.
"""

_LIMITS: Final = {
    "rate": (-14.0, 14.0),
    "r": (np.log(0.02), np.log(500.0)),
    "leaving": (-9.0, 9.0),
    "certainty": (np.log(0.02), np.log(500.0)),
}
_AT_LIMIT: Final = 0.01

_TOLERANCE: Final = 1e-5
"""Minuit stops within some 1e-8 of the highest log-likelihood, so that a fit repeats to four digits."""

LogLikelihood = Callable[[Parameters, npt.NDArray[np.intp], FloatArray, FloatArray], FloatArray]

Reason = Literal["too_few_contacts", "not_converged", "too_uncertain"]


@dataclass(frozen=True, slots=True)
class Fit:
    """The parameters to use from now on, in the unit of the times given.

    `kept_because` is None where they were fitted; else they are the prior, and it says why: fewer than MIN_CONTACTS, no
    maximum found, or one that the histories do not pin down (nobody was seen leaving, say, or nobody for long enough).
    """

    parameters: Parameters
    contacts: int
    kept_because: Reason | None = None


def fit(
    x: npt.ArrayLike,
    t_x: npt.ArrayLike,
    T: npt.ArrayLike,
    *,
    prior: Parameters = PRIOR,
    log_likelihood: LogLikelihood = mbgnbd.log_likelihood,
) -> Fit:
    """The most likely parameters for these histories (see mbgnbd.py), or the prior where there are none to be had.

    Holds a core for a second with 100,000 contacts. Raises ValueError for histories that cannot be: unequal lengths,
    an x that is negative or no whole number, times that are not finite, or not 0 ≤ t_x ≤ T.
    """
    times, last, age = _checked(x, t_x, T)
    if len(times) < MIN_CONTACTS:
        return Fit(prior, len(times), "too_few_contacts")
    found, unit = search(times, last, age, log_likelihood)
    if not (found.valid and found.accurate):
        return Fit(prior, len(times), "not_converged")
    if not (shapes_real(found) and _means_known(found)):
        return Fit(prior, len(times), "too_uncertain")
    return Fit(parameters_of(*found.values, unit=unit), len(times))


def search(
    x: npt.NDArray[np.intp],
    t_x: FloatArray,
    T: FloatArray,
    log_likelihood: LogLikelihood = mbgnbd.log_likelihood,
) -> tuple[Minuit, float]:
    """The maximum as Minuit found it, over what `parameters_of` takes, and the unit of time it was sought in."""
    # In the unit of the mean age every parameter is of the order of one, whatever unit the caller's times have.
    unit = float(T.mean()) or 1.0
    last, age = t_x / unit, T / unit

    def cost(rate: float, r: float, leaving: float, certainty: float) -> float:
        return -float(log_likelihood(parameters_of(rate, r, leaving, certainty), x, last, age).sum())

    start = float(np.log((x.sum() + 1) / (age.sum() + 1)))
    found = Minuit(cost, rate=start, r=0.0, leaving=-1.0, certainty=1.0)
    found.errordef = Minuit.LIKELIHOOD
    found.tol = _TOLERANCE
    for name, limits in _LIMITS.items():
        found.limits[name] = limits
    found.migrad()
    found.hesse()
    return found, unit


def parameters_of(rate: float, r: float, leaving: float, certainty: float, *, unit: float = 1.0) -> Parameters:
    """Parameters from what the search varies: ln(r/α), ln r, logit(a/(a+b)), ln(a+b).

    Means and shapes are nearly independent of each other; r and α, or a and b, rise and fall together.
    """
    shape, together = float(np.exp(r)), float(np.exp(certainty))
    return Parameters(
        r=shape,
        alpha=shape / float(np.exp(rate)) * unit,
        a=together / (1.0 + float(np.exp(-leaving))),
        b=together / (1.0 + float(np.exp(leaving))),
    )


def shapes_real(found: Minuit) -> bool:
    """Whether the shapes found are no artefact of histories that are too short.

    A shape at its upper limit is a sound answer: all contacts have one rate, or one chance to leave. At its lower limit
    a few contacts have it all, and such a fit does worse than the prior.
    """
    return all(found.values[name] > _LIMITS[name][0] + _AT_LIMIT for name in ("r", "certainty"))


def _means_known(found: Minuit) -> bool:
    return all(found.errors[name] <= _KNOWN_WITHIN for name in ("rate", "leaving"))


def _checked(
    x: npt.ArrayLike,
    t_x: npt.ArrayLike,
    T: npt.ArrayLike,
) -> tuple[npt.NDArray[np.intp], FloatArray, FloatArray]:
    times, last, age = (np.asarray(each, dtype=np.float64) for each in (x, t_x, T))
    if not (times.ndim == 1 and times.shape == last.shape == age.shape):
        raise ValueError("x, t_x and T are lists of one length")
    if not (np.all(np.isfinite(times)) and np.all(times >= 0) and np.all(times == np.floor(times))):
        raise ValueError("x counts days: whole numbers from 0")
    if not (np.all(last >= 0) and np.all(last <= age) and np.all(np.isfinite(age))):
        raise ValueError("a history has 0 ≤ t_x ≤ T, both finite")
    return times.astype(np.intp), last, age
