"""A contact's history as the churn model counts it: (x, t_x, T) in days, from what the contact's row holds."""

from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from server.domain.churn.mbgnbd import churn_risk
from server.domain.churn.parameters import Parameters
from server.domain.churn.rising import FloatArray
from server.domain.contact import State

_DAY: Final = 86_400.0


def histories(
    active_days: npt.ArrayLike, first_active: npt.ArrayLike, last_active: npt.ArrayLike, now: float
) -> tuple[npt.NDArray[np.intp], FloatArray, FloatArray]:
    """(x, t_x, T) of contacts that came at least once; the three arrays are what `churn_risk` and `fit` take.

    `active_days` counts local days with a turn; the instants are seconds since 1970. Many sessions on a day are one
    coming: what is modelled is the rhythm of days. The clock of a contact seen on one day only starts with their last
    turn of that day, so that their silence counts from there. Instants out of order (a turn from a clock that runs
    ahead) count as no time at all.
    """
    x = np.maximum(np.asarray(active_days, dtype=np.intp) - 1, 0)
    first, last = np.asarray(first_active, dtype=np.float64), np.asarray(last_active, dtype=np.float64)
    t_x = np.where(x > 0, np.maximum(last - first, 0.0), 0.0) / _DAY
    return x, t_x, t_x + np.maximum(now - last, 0.0) / _DAY


def risk_of(state: State, parameters: Parameters, now: datetime) -> float:
    """The churn risk in [0, 1] of one contact at `now`; 0 for one who never came, because nobody left."""
    if state.first_active_at is None or state.last_active_at is None:
        return 0.0
    came = histories(
        state.active_days, state.first_active_at.timestamp(), state.last_active_at.timestamp(), now.timestamp()
    )
    return float(churn_risk(parameters, *came))
