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

_KNOWN_WITHIN: Final = 0.5
"""The standard error that the mean rate (its logarithm) and the mean chance to leave (its log-odds) may have: they are
then known to within a factor of about 1.6. A tenant whose contacts all came in the last days does not get there."""

_LIMITS: Final = {
    "rate": (-14.0, 14.0),
    "r": (np.log(0.02), np.log(500.0)),
    "leaving": (-9.0, 9.0),
    "certainty": (np.log(0.02), np.log(500.0)),
}
_AT_LIMIT: Final = 0.01

_TOLERANCE: Final = 1e-5
"""Minuit stops some 1e-8 below the highest log-likelihood, so that a fit repeats to four digits whatever it started from."""

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

    Costs about 150 evaluations of the likelihood: a second for 100,000 contacts. Raises ValueError for histories that
    cannot be: unequal lengths, a negative x, times that are not finite, or not 0 ≤ t_x ≤ T.
    """
    times, last, age = _checked(x, t_x, T)
    if len(times) < MIN_CONTACTS:
        return Fit(prior, len(times), "too_few_contacts")
    # In the unit of the mean age every parameter is of the order of one, whatever unit the caller's times have.
    unit = float(age.mean()) or 1.0
    last, age = last / unit, age / unit

    def cost(rate: float, r: float, leaving: float, certainty: float) -> float:
        return -float(log_likelihood(_parameters(rate, r, leaving, certainty), times, last, age).sum())

    start = float(np.log((times.sum() + 1) / (age.sum() + 1)))
    found = Minuit(cost, rate=start, r=0.0, leaving=-1.0, certainty=1.0)
    found.errordef = Minuit.LIKELIHOOD
    found.tol = _TOLERANCE
    for name, limits in _LIMITS.items():
        found.limits[name] = limits
    found.migrad()
    found.hesse()
    if not (found.valid and found.accurate):
        return Fit(prior, len(times), "not_converged")
    if not _pinned_down(found):
        return Fit(prior, len(times), "too_uncertain")
    return Fit(_parameters(*found.values, unit=unit), len(times))


def _parameters(rate: float, r: float, leaving: float, certainty: float, *, unit: float = 1.0) -> Parameters:
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


def _pinned_down(found: Minuit) -> bool:
    """Whether the means are known well enough and the shapes are no artefact.

    A shape at its upper limit is a sound answer: all contacts have one rate, or one chance to leave. At its lower
    limit a few contacts have it all; such fits come from histories that are too short.
    """
    shapes_real = all(found.values[name] > _LIMITS[name][0] + _AT_LIMIT for name in ("r", "certainty"))
    means_known = all(found.errors[name] <= _KNOWN_WITHIN for name in ("rate", "leaving"))
    return shapes_real and means_known


def _checked(
    x: npt.ArrayLike,
    t_x: npt.ArrayLike,
    T: npt.ArrayLike,
) -> tuple[npt.NDArray[np.intp], FloatArray, FloatArray]:
    times = np.asarray(x, dtype=np.intp)
    last, age = np.asarray(t_x, dtype=np.float64), np.asarray(T, dtype=np.float64)
    if not (times.ndim == 1 and times.shape == last.shape == age.shape):
        raise ValueError("x, t_x and T are lists of one length")
    if not (np.all(times >= 0) and np.all(last >= 0) and np.all(last <= age) and np.all(np.isfinite(age))):
        raise ValueError("a history has x ≥ 0 and 0 ≤ t_x ≤ T, all finite")
    return times, last, age
