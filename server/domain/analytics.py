"""The arithmetic of analytics: shares, changes, and whether moods turn for the better."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from server.domain.words import MOODS, Mood

MoodTrend = Literal["positive", "negative", "stable"]

_VALENCE: Final[Mapping[Mood, float]] = {
    "happy": 1.0,
    "excited": 1.0,
    "playful": 0.7,
    "neutral": 0.0,
    "bored": -0.4,
    "anxious": -0.7,
    "frustrated": -0.7,
    "sad": -0.9,
    "angry": -1.0,
}
"""How pleasant a mood is, from -1 to 1: its place on the first axis of Russell's circumplex (1980), in round figures."""

_NOTABLE: Final = 0.05
"""A change of the mean valence below this is noise."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days, both ends included."""

    first: date
    last: date

    @classmethod
    def ending(cls, last: date, days: int) -> "Period":
        """The `days` days up to and with `last`."""
        return cls(last - timedelta(days=days - 1), last)

    @property
    def length(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Period":
        """The period of the same length that ends the day before this one begins."""
        return Period.ending(self.first - timedelta(days=1), self.length)

    @property
    def days(self) -> list[date]:
        """Every day, the earliest first."""
        return [self.first + timedelta(days=n) for n in range(self.length)]


def share(part: float, whole: float) -> float:
    """`part / whole`, to four decimals; 0 of nothing."""
    return round(part / whole, 4) if whole else 0.0


def change(now: int, before: int) -> float:
    """`(now - before) / before`, to four decimals; 0 where there was nothing before."""
    return share(now - before, before)


def cohort_of(today: date, days: int) -> Period:
    """Whose retention after `days` days can be told today.

    Those first active in a span of `days` days, of whom even the last has had all of the `days` days in which a return
    counts: from `days` to `2 * days - 1` days after the first turn.
    """
    return Period.ending(today - timedelta(days=2 * days - 1), days)


def mood_shares(counts: Mapping[date, Mapping[str, int]]) -> tuple[int, dict[str, float]]:
    """How many classifications there were, and the share of each mood; all 0 without any. Shares sum up to 1."""
    totals = {mood: sum(day.get(mood, 0) for day in counts.values()) for mood in MOODS}
    whole = sum(totals.values())
    return whole, {mood: share(count, whole) for mood, count in totals.items()}


def mood_trend(counts: Mapping[date, Mapping[str, int]], period: Period) -> MoodTrend:
    """Whether the mean valence of the period's later half is above, below or near that of its earlier half.

    The middle day of an odd period belongs to neither; `stable` where a half has no classification.
    """
    half = period.length // 2
    earlier, later = (_valence(counts, days) for days in (period.days[:half], period.days[period.length - half :]))
    if earlier is None or later is None or abs(later - earlier) < _NOTABLE:
        return "stable"
    return "positive" if later > earlier else "negative"


def _valence(counts: Mapping[date, Mapping[str, int]], days: list[date]) -> float | None:
    totals = {mood: sum(counts.get(day, {}).get(mood, 0) for day in days) for mood in MOODS}
    whole = sum(totals.values())
    return sum(_VALENCE[mood] * n for mood, n in totals.items()) / whole if whole else None
