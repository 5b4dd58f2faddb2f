"""The warmth over time, from a list of touches that count: one pass over what happens, in its order."""

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from server.domain.warmth.rules import BANDS, DAY, Band, Config, Counted, band_of, score_of, shown_from

_WORTH_LISTING: Final = ("hot", "warm")


@dataclass(slots=True)
class Course:
    """Where the sum of worths stands while time goes on; instants are seconds since 1970.

    The value between two events is `fresh + faded · 2^(−Δ/half-life)`, Δ in days since `at`.
    """

    config: Config
    arrivals: deque[tuple[float, float]]
    at: float
    fresh: float = 0.0
    faded: float = 0.0
    keeping: deque[tuple[float, float]] = field(default_factory=deque)

    @classmethod
    def of(cls, touches: Iterable[Counted], config: Config) -> "Course":
        """The course of touches, before the first of them."""
        events = sorted((c.touch.at.timestamp(), config.points_of(c.touch.kind, c.touch.quality)) for c in touches)
        return cls(config, deque(events), events[0][0] if events else 0.0)

    def next_event(self) -> float:
        """When a touch comes, or ceases to be fresh."""
        arrival = self.arrivals[0][0] if self.arrivals else math.inf
        fading = self.keeping[0][0] + self.config.fresh_days * DAY if self.keeping else math.inf
        return min(arrival, fading)

    def value(self, at: float) -> float:
        """The sum at a moment before the next event."""
        return self.fresh + self.faded * self._left(at)

    def forward(self, at: float) -> None:
        """Goes on to a moment, through all that happens until then."""
        while (event := self.next_event()) <= at:
            self._to(event)
            limit = event - self.config.fresh_days * DAY
            while self.keeping and self.keeping[0][0] + self.config.fresh_days * DAY <= event:
                points = self.keeping.popleft()[1]
                self.fresh, self.faded = self.fresh - points, self.faded + points
            if not self.keeping:
                self.fresh = 0.0
            while self.arrivals and self.arrivals[0][0] <= event:
                when, points = self.arrivals.popleft()
                if when < limit:
                    self.faded += points * 2.0 ** (-(limit - when) / DAY / self.config.half_life_days)
                else:
                    self.keeping.append((when, points))
                    self.fresh += points
        self._to(max(at, self.at))

    def below(self, threshold: float, until: float) -> float | None:
        """When, before the next event and by `until`, the sum comes below a threshold that it holds now."""
        if self.value(self.at) < threshold or self.value(until) >= threshold:
            return None
        return self.at + DAY * self.config.half_life_days * math.log2(self.faded / (threshold - self.fresh))

    def _to(self, at: float) -> None:
        self.faded *= self._left(at)
        self.at = at

    def _left(self, at: float) -> float:
        return float(2.0 ** (-max(0.0, at - self.at) / DAY / self.config.half_life_days))


def values(touches: Sequence[Counted], config: Config, moments: Sequence[datetime]) -> list[float]:
    """The sums of worths at moments, the earliest first."""
    course, found = Course.of(touches, config), []
    for moment in moments:
        course.forward(moment.timestamp())
        found.append(course.value(moment.timestamp()) if touches else 0.0)
    return found


def fell_at(touches: Sequence[Counted], config: Config, now: datetime) -> datetime | None:
    """When the warmth last fell out of hot or warm, unless it came back into one of them since."""
    course, end, fell = Course.of(touches, config), now.timestamp(), None
    while touches and course.at <= end:
        until = min(course.next_event(), end)
        for band, least in (("hot", config.hot_from), ("warm", config.warm_from)):
            if _band(course.value(course.at), config) in _at_least(band):
                fell = course.below(shown_from(least), until) or fell
        before = _band(course.value(until), config)
        if until >= end:
            break
        course.forward(until)
        after = _band(course.value(course.at), config)
        if BANDS.index(after) > BANDS.index(before) and after in _WORTH_LISTING:
            fell = None
    return None if fell is None else datetime.fromtimestamp(fell, UTC)


def _band(value: float, config: Config) -> Band:
    return band_of(score_of(value), config.hot_from, config.warm_from, config.cool_from)


def _at_least(band: str) -> tuple[str, ...]:
    return ("hot",) if band == "hot" else ("hot", "warm")
