"""Order statistics of measured values, exact: every value is kept."""

from collections.abc import Iterable
from math import ceil


def percentile(values: Iterable[float], percent: float) -> float:
    """The smallest value that at least `percent` of 100 of the values do not exceed (nearest rank).

    Of no values it is 0. Nearest rank never reports a value that was not measured.
    """
    ordered = sorted(values)
    if not ordered:
        return 0.0
    rank = max(1, ceil(len(ordered) * percent / 100))
    return ordered[min(rank, len(ordered)) - 1]


def median(values: Iterable[float]) -> float:
    """The middle value, or the mean of the two in the middle; of no values 0."""
    ordered = sorted(values)
    if not ordered:
        return 0.0
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def mean(values: Iterable[float]) -> float:
    """The arithmetic mean; of no values 0."""
    kept = list(values)
    return sum(kept) / len(kept) if kept else 0.0
