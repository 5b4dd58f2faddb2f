"""What a touch is worth, which touches count, and the bands: every constant of a tenant's warmth."""

import math
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final, Literal, get_args

from server.domain.errors import FieldViolation, InvalidInput

Kind = Literal["call", "email", "meeting", "message", "note", "video_call"]
Band = Literal["hot", "warm", "cool", "cold"]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
BANDS: Final[tuple[Band, ...]] = ("cold", "cool", "warm", "hot")
"""The coldest first."""

MODEL_VERSION: Final = 1
"""Grows when the same touches give another warmth."""

DAY: Final = 86_400.0
MOST: Final = 100.0
NEGLECTED: Final = 0.001
"""Touches so old that all of them together could not add this are not looked at."""

_TIES: Final = 1e-9
"""Added before rounding, so that sums which differ in their last bit round to the same."""

_LONG_MINUTES: Final = 60.0
_WITH_LENGTH: Final = frozenset(("call", "video_call", "meeting"))
_POSITIVE: Final = {"positive": 2 / 3, "very_positive": 1.0}


@dataclass(frozen=True, slots=True)
class Config:
    """The constants of a tenant's warmth; the defaults are those of the model.

    A touch keeps its points for `fresh_days`, in [0, 365], and from then on they halve every `half_life_days`, in
    [1, 365]. On one day `daily_cap` touches of a kind count, 1 to 100. `points` has of each kind the points of a plain
    touch and of the best one, each in [0, 100].
    """

    fresh_days: float = 7.0
    half_life_days: float = 30.0
    daily_cap: int = 3
    hot_from: float = 60.0
    warm_from: float = 30.0
    cool_from: float = 10.0
    points: tuple[tuple[Kind, float, float], ...] = (
        ("call", 7.0, 7.9),
        ("email", 5.5, 6.4),
        ("meeting", 9.0, 10.0),
        ("message", 5.5, 6.4),
        ("note", 5.0, 5.0),
        ("video_call", 8.0, 8.9),
    )

    def points_of(self, kind: Kind, quality: float) -> float:
        """The points of a fresh touch of a quality in [0, 1]: never past the band of its kind."""
        for name, base, top in self.points:
            if name == kind:
                return base + min(1.0, max(0.0, quality)) * (top - base)
        return 0.0

    def with_points(self, points: Mapping[Kind, tuple[float, float]]) -> "Config":
        """The same with these kinds' points of a plain touch and of the best one."""
        known = {kind: (base, top) for kind, base, top in self.points} | dict(points)
        return replace(self, points=tuple((kind, *known[kind]) for kind in sorted(known)))

    @property
    def horizon_days(self) -> float:
        """The age past which all touches together, every day full up to its caps, cannot add NEGLECTED.

        The sum over the days past it is at most `a day's points · half-life / ln 2`, halved with every half-life.
        """
        a_day = self.daily_cap * sum(top for _, _, top in self.points)
        most = max(NEGLECTED, a_day * (1.0 + self.half_life_days / math.log(2)))
        return self.fresh_days + self.half_life_days * math.log2(most / NEGLECTED)


DEFAULT: Final = Config()


def check(config: Config) -> None:
    """Raises InvalidInput, naming the fields, for constants that do not fit together."""
    wrong: list[FieldViolation] = []
    if not 0 <= config.fresh_days <= 365:
        wrong.append(FieldViolation("fresh_days", "must be between 0 and 365"))
    if not 1 <= config.half_life_days <= 365:
        wrong.append(FieldViolation("half_life_days", "must be between 1 and 365"))
    if not 1 <= config.daily_cap <= 100:
        wrong.append(FieldViolation("daily_cap", "must be between 1 and 100"))
    if not config.cool_from > 0:
        wrong.append(FieldViolation("cool_from", "must be above 0"))
    if not config.warm_from > config.cool_from:
        wrong.append(FieldViolation("warm_from", "must be above cool_from"))
    if not MOST >= config.hot_from > config.warm_from:
        wrong.append(FieldViolation("hot_from", "must be above warm_from, and at most 100"))
    for kind, base, top in config.points:
        if kind not in KINDS:
            wrong.append(FieldViolation(f"points.{kind}", f"must be one of {', '.join(KINDS)}"))
        elif not 0 <= base <= top <= MOST:
            wrong.append(FieldViolation(f"points.{kind}", "base must be at least 0, and top between base and 100"))
    if wrong:
        raise InvalidInput(wrong)


@lru_cache(maxsize=1024)
def stamp(config: Config, zone: str) -> float:
    """A number for the constants and the zone of days; another where the same touches may give another warmth."""
    return float(zlib.crc32(f"{MODEL_VERSION} {config!r} {zone}".encode()))


@dataclass(frozen=True, slots=True)
class Touch:
    """One touch with a contact. `day` is its day in the tenant's zone; `quality` in [0, 1] places it in its band.

    `id` is an interaction's, or `turns:` and the day for ingested chat turns, of which several have the same.
    """

    id: str
    kind: Kind
    at: datetime
    quality: float
    day: date


CHAT_QUALITY: Final = 0.5
"""The quality of an ingested turn: the contact wrote, and was answered. What `quality` says of an inbound message."""


def chat_touches(day: date, first_at: datetime, turns: int, config: Config) -> list[Touch]:
    """The turns of a day as touches: as many as can count, all when the first turn of the day was."""
    one = Touch(f"turns:{day.isoformat()}", "message", first_at, CHAT_QUALITY, day)
    return [one] * min(turns, config.daily_cap)


def quality(kind: str, metadata: Mapping[str, Any]) -> float:
    """Where in its kind's band a touch stands, 0 (plain) to 1 (best), by what is noted of it; a note is always 0.

    Engaged (`direction` inbound, or `answered` true) and a good `sentiment` (positive, very_positive) give half each;
    of calls, video calls and meetings 0.3 each, and the length (`duration_minutes`, up to an hour) 0.4. Values of
    other types count for nothing.
    """
    if kind == "note":
        return 0.0
    direction, sentiment, minutes = (metadata.get(k) for k in ("direction", "sentiment", "duration_minutes"))
    engaged = 1.0 if metadata.get("answered") is True or _word(direction) == "inbound" else 0.0
    mood = _POSITIVE.get(_word(sentiment), 0.0)
    if kind not in _WITH_LENGTH:
        return 0.5 * engaged + 0.5 * mood
    length = 0.0
    if isinstance(minutes, int | float) and not isinstance(minutes, bool) and minutes > 0:
        length = min(float(min(minutes, _LONG_MINUTES)), _LONG_MINUTES) / _LONG_MINUTES
    return min(1.0, 0.4 * length + 0.3 * engaged + 0.3 * mood)


def _word(value: object) -> str:
    return value.strip().lower() if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Counted:
    """A touch that counts from when it is due, `until` a better one of its day and kind takes its place."""

    touch: Touch
    until: datetime | None = None


def counted(touches: Iterable[Touch], config: Config, now: datetime) -> list[Counted]:
    """The touches that count at `now` or later, in the order of time: the best `daily_cap` of a kind on a day.

    Between equals the earlier counts, then the lower id: in what order they were told of says nothing. Touches that are
    not due at `now` take part when they are.
    """
    days: dict[tuple[Kind, date], list[Touch]] = {}
    for touch in touches:
        days.setdefault((touch.kind, touch.day), []).append(touch)
    found: list[Counted] = []
    for some in days.values():
        some.sort(key=_best_first)
        standing = [t for t in some if t.at <= now][: config.daily_cap]
        for touch in sorted((t for t in some if t.at > now), key=lambda t: (t.at, _best_first(t))):
            standing = sorted([*standing, touch], key=_best_first)
            if len(standing) > config.daily_cap:
                displaced = standing.pop()
                if displaced is not touch:
                    found.append(Counted(displaced, touch.at))
        found += map(Counted, standing)
    return sorted(found, key=lambda c: (c.touch.at, c.touch.kind, c.touch.id))


def _best_first(touch: Touch) -> tuple[float, datetime, str]:
    return -touch.quality, touch.at, touch.id


def worth(points: float, age_days: float, config: Config) -> float:
    """What a touch of these points is worth at an age; 0 where it is not due yet."""
    if age_days < 0:
        return 0.0
    if age_days <= config.fresh_days:
        return points
    return float(points * 2.0 ** (-(age_days - config.fresh_days) / config.half_life_days))


def score_of(value: float) -> float:
    """A sum of worths as it is shown: at most 100, with one decimal."""
    return round(min(MOST, value) + _TIES, 1)


def band_of(score: float, hot_from: float, warm_from: float, cool_from: float) -> Band:
    """The band that a score is in."""
    if score >= hot_from:
        return "hot"
    if score >= warm_from:
        return "warm"
    return "cool" if score >= cool_from else "cold"


def shown_from(least: float) -> float:
    """The lowest sum of worths that is shown as `least` or more."""
    return float(math.ceil(round(least * 10, 6)) / 10 - 0.05 - _TIES)
