"""The warmth with its reasons, at one moment."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from server.domain.warmth import ledger as ledgers
from server.domain.warmth.course import values
from server.domain.warmth.rules import DAY, Band, Config, Counted, Touch, counted, score_of, worth

WEEK: Final = timedelta(days=7)

LISTED: Final = 100
"""Contributions that are told one by one."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one touch gives, or the turns of a day: `points` when fresh, `worth` now; `touches` is for how many."""

    touch: Touch
    points: float
    worth: float
    counted: bool
    touches: int


@dataclass(frozen=True, slots=True)
class Standing:
    """The warmth, 0 to 100. `change_7d` is against 7 days before; `falls` is the band below and when, None in cold."""

    score: float
    band: Band
    change_7d: float
    falls: tuple[Band, datetime] | None
    last_touch_at: datetime | None


def standing(touches: Sequence[Touch], config: Config, now: datetime, last_touch_at: datetime | None) -> Standing:
    """The warmth at `now`, of touches among which are all that count now or counted 7 days before."""
    due = [touch for touch in touches if touch.at <= now]
    ledger = ledgers.of_touches(counted(due, config, now), None, None, config, "", now)
    score, band = ledgers.warmth_at(ledger, now)
    then = now - WEEK
    before = score_of(values(counted([touch for touch in due if touch.at <= then], config, then), config, [then])[0])
    last = last_touch_at or max((touch.at for touch in due), default=None)
    return Standing(score, band, round(score - before, 1), ledgers.falls_to(ledger, now), last)


def contributions(touches: Sequence[Touch], config: Config, now: datetime) -> tuple[list[Contribution], float]:
    """What the touches give at `now`, the most first, and what those that are not listed give together."""
    due = [touch for touch in touches if touch.at <= now]
    counting: dict[str, list[Counted]] = {}
    for one in counted(due, config, now):
        counting.setdefault(one.touch.id, []).append(one)
    met = Counter(touch.id for touch in due)
    found: dict[str, Contribution] = {}
    for touch in due:
        if touch.id in found:
            continue
        counts = len(counting.get(touch.id, ()))
        points = config.points_of(touch.kind, touch.quality) * max(1, counts)
        value = worth(points, (now - touch.at).total_seconds() / DAY, config) if counts else 0.0
        found[touch.id] = Contribution(touch, points, value, counts > 0, counts or met[touch.id])
    most = sorted(found.values(), key=lambda c: (-c.worth, -c.touch.at.timestamp(), c.touch.id))
    return most[:LISTED], sum(c.worth for c in most[LISTED:])
