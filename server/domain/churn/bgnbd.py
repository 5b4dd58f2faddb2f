"""The BG/NBD model, the parent of the one in use (mbgnbd.py), kept to compare with; histories are as described there.

Fader, Hardie and Lee (2005), "“Counting your customers” the easy way: an alternative to the Pareto/NBD model",
Marketing Science 24. Nobody leaves before they came a second time.
"""

import numpy as np
import numpy.typing as npt

from server.domain.churn.parameters import Parameters
from server.domain.churn.rising import FloatArray, log_rising


def log_likelihood(parameters: Parameters, x: npt.NDArray[np.intp], t_x: FloatArray, T: FloatArray) -> FloatArray:
    """The log-likelihood of each history.

    As in mbgnbd.py with one chance fewer to leave: λ^x (1 − p)^(x−1) · [(1 − p) e^(−λT) + p e^(−λ t_x)] for x > 0, and
    e^(−λT) for x = 0.
    """
    r, alpha, a, b = parameters.r, parameters.alpha, parameters.a, parameters.b
    most = int(x.max(initial=1))
    chances = np.maximum(x - 1, 0)
    came = log_rising(r, most)[x] + r * np.log(alpha)
    stayed = (log_rising(b, most) - log_rising(a + b, most))[x] - (r + x) * np.log(alpha + T)
    leaving = log_rising(b, most)[chances] + np.log(a) - log_rising(a + b, most)[np.maximum(x, 1)]
    left = np.where(x > 0, leaving - (r + x) * np.log(alpha + t_x), -np.inf)
    return np.asarray(came + np.logaddexp(stayed, left))


def p_alive(parameters: Parameters, x: npt.ArrayLike, t_x: npt.ArrayLike, T: npt.ArrayLike) -> FloatArray:
    """The probability that a contact has not left: 1 for x = 0, else 1 / (1 + a/(b+x−1) · ((α+T)/(α+t_x))^(r+x))."""
    times = np.asarray(x, dtype=np.float64)
    last, age = np.asarray(t_x, dtype=np.float64), np.asarray(T, dtype=np.float64)
    silence = np.log1p((age - last) / (parameters.alpha + last))
    chances = parameters.b + np.maximum(times - 1, 0)
    gone = np.log(parameters.a / chances) + (parameters.r + times) * silence
    return np.where(times > 0, np.exp(-np.logaddexp(0.0, gone)), 1.0)
