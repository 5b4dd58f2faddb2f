"""How well the churn model does on customers whose later purchases are known.

The CDNOW sample: 2,357 customers who first bought in the first quarter of 1997, and everything they bought until the
end of June 1998 (Fader and Hardie 2001). The model is fitted on the first 39 weeks and asked who buys nothing in the 39
weeks after.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from server.domain.churn import bgnbd, mbgnbd
from server.domain.churn.fitting import Fit, fit
from server.domain.churn.parameters import Parameters
from server.domain.churn.rising import FloatArray
from server.measuring.errors import MeasuringError

_DATA: Final = "lifetimes/datasets/CDNOW_sample.txt"
_CALIBRATION_ENDS: Final = date(1997, 9, 30)
_WEEKS_AHEAD: Final = 39.0


@dataclass(frozen=True, slots=True)
class Customers:
    """Histories in weeks at the end of the first half, as mbgnbd.py has them, and who bought nothing in the second."""

    x: npt.NDArray[np.intp]
    t_x: FloatArray
    T: FloatArray
    silent: npt.NDArray[np.bool_]


def locate() -> Path:
    """The file of purchases inside the package `lifetimes`, which is looked into but not imported.

    Raises MeasuringError that tells how to get the package where it is missing.
    """
    try:
        path = Path(str(distribution("lifetimes").locate_file(_DATA)))
    except PackageNotFoundError as error:
        raise MeasuringError(
            "The CDNOW purchases come with the package lifetimes, which is not installed.\n"
            "  Get it with `pip install 'kith[eval]'`, or the data alone with `pip install --no-deps lifetimes`."
        ) from error
    if not path.is_file():
        raise MeasuringError(f"The package lifetimes has no {_DATA}; version 0.11.3 has it.")
    return path


def read(path: Path) -> Customers:
    """The customers of a file with lines `id, id in the sample, yyyymmdd, CDs, dollars`.

    Purchases of one day count once. Raises MeasuringError that names a malformed line.
    """
    days: dict[str, set[date]] = defaultdict(set)
    for number, line in enumerate(path.read_text(encoding="ascii").splitlines(), start=1):
        try:
            _, customer, day, _, _ = line.split()
            days[customer].add(date.fromisoformat(day))
        except ValueError as error:
            raise MeasuringError(f"{path}:{number} is not a purchase.") from error
    rows = [_row(sorted(each)) for each in days.values()]
    return Customers(
        x=np.array([row[0] for row in rows], dtype=np.intp),
        t_x=np.array([row[1] for row in rows]),
        T=np.array([row[2] for row in rows]),
        silent=np.array([row[3] for row in rows]),
    )


def evaluate(customers: Customers) -> dict[str, object]:
    """The fitted parameters (weeks) and how well those who stay silent are told from those who come back.

    `auc` ranks by the churn risk, `auc_recency` by the time since the last purchase alone, `auc_forecast` by the
    model's probability of silence over the second half, which also knows how seldom a customer buys who has not left.
    `compared` has the BG/NBD model, fitted likewise and ranked by its own risk.
    """
    child = _fitted(fit(customers.x, customers.t_x, customers.T))
    parent = _fitted(fit(customers.x, customers.t_x, customers.T, log_likelihood=bgnbd.log_likelihood))
    history = (customers.x, customers.t_x, customers.T)
    return {
        **_rounded(child),
        "auc": round(auc(mbgnbd.churn_risk(child, *history), customers.silent), 4),
        "auc_recency": round(auc(customers.T - customers.t_x, customers.silent), 4),
        "auc_forecast": round(auc(mbgnbd.p_silent(child, *history, _WEEKS_AHEAD), customers.silent), 4),
        "n": len(customers.silent),
        "silent": int(customers.silent.sum()),
        "compared": {
            "bgnbd": {**_rounded(parent), "auc": round(auc(-bgnbd.p_alive(parent, *history), customers.silent), 4)},
        },
    }


def auc(scores: npt.ArrayLike, positive: npt.NDArray[np.bool_]) -> float:
    """The chance that a positive scores above a negative, a tie counting half; both kinds must occur.

    Mann and Whitney (1947): from the positives' ranks, tied scores sharing their mean rank.
    """
    _, place, ties = np.unique(np.asarray(scores), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(ties) - (ties - 1) / 2)[place]
    n = int(positive.sum())
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * (len(positive) - n)))


def _row(days: list[date]) -> tuple[int, float, float, bool]:
    known = [day for day in days if day <= _CALIBRATION_ENDS]
    first, last = known[0], known[-1]
    return len(known) - 1, _weeks(first, last), _weeks(first, _CALIBRATION_ENDS), len(known) == len(days)


def _weeks(since: date, until: date) -> float:
    return (until - since).days / 7


def _fitted(found: Fit) -> Parameters:
    if found.kept_because is not None:
        raise MeasuringError(f"No fit: {found.kept_because}.")
    return found.parameters


def _rounded(parameters: Parameters) -> dict[str, float]:
    return {name: round(getattr(parameters, name), 4) for name in ("r", "alpha", "a", "b")}
