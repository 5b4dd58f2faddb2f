"""The MBG/NBD model: who has left, judged from how often and how lately they came.

Batislam, Denizel and Filiztekin (2007), "Empirical validation and comparison of models for customer base analysis",
International Journal of Research in Marketing 24. It differs from its parent (bgnbd.py) in that a contact can also
leave right after their first day; the parent takes whoever came only once for present for ever.

A contact's history: `x` is on how many days they came again after the first, `t_x` the time from the first to the last
of these days, `T` the time from the first to now; 0 ≤ t_x ≤ T, and t_x = 0 where x = 0. Times are in the unit of
`Parameters.alpha`. Each is a number or an array, and arrays of one shape give an array.
"""

import numpy as np
import numpy.typing as npt

from server.domain.churn.parameters import Parameters
from server.domain.churn.rising import FloatArray, log_rising


def log_likelihood(parameters: Parameters, x: npt.NDArray[np.intp], t_x: FloatArray, T: FloatArray) -> FloatArray:
    """The log-likelihood of each history.

    A contact with rate λ and chance p came x times again and stayed each time but perhaps the last: the likelihood is
    λ^x (1 − p)^x · [(1 − p) e^(−λT) + p e^(−λ t_x)]. Averaged over the Gamma of λ and the Beta of p its two terms are

        K · (b + x) / (α + T)^(r+x)   and   K · a / (α + t_x)^(r+x),
        K = α^r · Γ(r+x)/Γ(r) · Γ(b+x)/Γ(b) · Γ(a+b)/Γ(a+b+x+1).
    """
    r, alpha, a, b = parameters.r, parameters.alpha, parameters.a, parameters.b
    most = int(x.max(initial=0)) + 1
    shared = (log_rising(r, most) + log_rising(b, most))[x] - log_rising(a + b, most)[x + 1] + r * np.log(alpha)
    stayed = np.log(b + x) - (r + x) * np.log(alpha + T)
    left = np.log(a) - (r + x) * np.log(alpha + t_x)
    return np.asarray(shared + np.logaddexp(stayed, left))


def p_alive(parameters: Parameters, x: npt.ArrayLike, t_x: npt.ArrayLike, T: npt.ArrayLike) -> FloatArray:
    """The probability in [0, 1] that a contact has not left: 1 / (1 + a/(b+x) · ((α+T)/(α+t_x))^(r+x))."""
    return np.exp(-np.logaddexp(0.0, _log_odds_gone(parameters, x, t_x, T)))


def churn_risk(parameters: Parameters, x: npt.ArrayLike, t_x: npt.ArrayLike, T: npt.ArrayLike) -> FloatArray:
    """The probability in [0, 1] that a contact has left: 1 − p_alive, also exact where that is nearly 1."""
    return np.exp(-np.logaddexp(0.0, -_log_odds_gone(parameters, x, t_x, T)))


def p_silent(
    parameters: Parameters, x: npt.ArrayLike, t_x: npt.ArrayLike, T: npt.ArrayLike, ahead: float
) -> FloatArray:
    """The probability in [0, 1] that a contact does not come within the next `ahead` units of time, gone or not.

    The rate of one who has not left is Gamma(r + x, α + T) by then, so they stay silent with ((α+T)/(α+T+ahead))^(r+x).
    """
    waited = parameters.alpha + np.asarray(T, dtype=np.float64)
    silent = (waited / (waited + ahead)) ** (parameters.r + np.asarray(x, dtype=np.float64))
    return 1.0 - p_alive(parameters, x, t_x, T) * (1.0 - silent)


def _log_odds_gone(parameters: Parameters, x: npt.ArrayLike, t_x: npt.ArrayLike, T: npt.ArrayLike) -> FloatArray:
    times = np.asarray(x, dtype=np.float64)
    last, age = np.asarray(t_x, dtype=np.float64), np.asarray(T, dtype=np.float64)
    silence = np.log1p((age - last) / (parameters.alpha + last))
    return np.asarray(np.log(parameters.a / (parameters.b + times)) + (parameters.r + times) * silence)
