"""What recurs in a contact's life with us: usual hours, usual days, topics, moods; derived from the log, pure.

A pattern is told only where it is well supported. Hours and days look at sessions (or their days), moods at occasions,
each in the contact's own zone, so that a habit stays one habit across a change of the clocks. What might be chance is
left out: a share must be larger than the binomial tail of chance allows, times the number of slots that were looked at
(Bonferroni).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from math import atan2, comb, cos, exp, lgamma, log, log1p, pi, sin
from typing import Final

from server.domain.words import Mood

WINDOW: Final = timedelta(weeks=26)
"""How far back from the newest session is looked: habits change."""

SESSIONS: Final = 8
SPAN: Final = timedelta(weeks=2)
SHARE: Final = 0.6
"""The least support: sessions (or days), the time between the first and the last, and the share within the pattern."""

_WIDEST: Final = 4
_CHANCE: Final = 0.05
_CHANCE_OF_DAYS: Final = 0.01
_CHANCE_OF_MOODS: Final = 0.01

_OCCASIONS: Final = 4
_SURE: Final = 0.5
_BASE: Final = 0.05
_LIFT: Final = 2.0
_MOST_MOODS: Final = 3

_MOST_IMPORTANT: Final = 0.75
_SUREST: Final = 0.95

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PARTS: Final = ((5, "morning"), (12, "afternoon"), (17, "evening"), (22, "night"))
_NIGHT_ENDS: Final = 5


@dataclass(frozen=True, slots=True)
class Session:
    """When a conversation began and when its last turn was."""

    started_at: datetime
    last_turn_at: datetime


@dataclass(frozen=True, slots=True)
class Feeling:
    """The mood of one turn, how sure that is (0 to 1), and when."""

    at: datetime
    mood: Mood
    confidence: float


@dataclass(frozen=True, slots=True)
class Pattern:
    """A habit in words. `attribute` says what kind of habit it is: there is one pattern of each at a time.

    `confidence` is the share of occasions that fit, at most 0.95.
    """

    attribute: str
    value: str
    content: str
    confidence: float
    importance: float
    entity_ids: tuple[str, ...] = ()


def recent(sessions: Sequence[Session]) -> list[Session]:
    """The sessions that count: those within `WINDOW` of the newest."""
    newest = max((s.last_turn_at for s in sessions), default=None)
    return [] if newest is None else [s for s in sessions if newest - s.started_at <= WINDOW]


def usual_hours(sessions: Sequence[Session], zone: tzinfo) -> Pattern | None:
    """The hours of the clock in which conversations usually begin: "Usually chats between 10pm and midnight".

    The narrowest window of two to four whole hours that holds at least `SHARE` of the beginnings; of two such windows
    the fuller one, then the one nearer to the circular mean of the times, then the earlier.
    """
    if not _supported([s.started_at for s in sessions]):
        return None
    local = [s.started_at.astimezone(zone) for s in sessions]
    hours = Counter(at.hour for at in local)
    mean = _circular_mean([(at.hour * 60 + at.minute) / 1440 for at in local]) * 24
    for width in range(2, _WIDEST + 1):
        held = [(sum(hours[(start + i) % 24] for i in range(width)), start) for start in range(24)]
        inside, start = max(held, key=lambda h: (h[0], -_apart(h[1] + width / 2, mean), -h[1]))
        share = inside / len(local)
        if share >= SHARE and 24 * _tail(inside, len(local), width / 24) <= _CHANCE:
            value = f"{start:02d}:00-{(start + width) % 24:02d}:00"
            content = f"Usually chats between {_hour(start)} and {_hour((start + width) % 24)}"
            return _pattern("usual_hours", value, content, share)
    return None


def usual_days(sessions: Sequence[Session], zone: tzinfo) -> Pattern | None:
    """The weekdays on which they usually write: "Usually chats on Sundays"; of one or two days, or the working week.

    Counted in days with a conversation. Each of the days must have come in at least half of the weeks.
    """
    if not _supported([s.started_at for s in sessions]):
        return None
    days = {s.started_at.astimezone(zone).date() for s in sessions}
    if len(days) < SESSIONS:
        return None
    by_day = Counter(day.weekday() for day in days)
    weeks = ((max(days) - min(days)).days + 7) // 7
    for count in (1, 2):
        chosen = sorted(sorted(range(7), key=lambda d: (-by_day[d], d))[:count])
        inside = sum(by_day[d] for d in chosen)
        often = all(2 * by_day[d] >= weeks for d in chosen)
        chance = comb(7, count) * _tail(inside, len(days), count / 7)
        if often and inside / len(days) >= SHARE and chance <= _CHANCE_OF_DAYS:
            named = "weekends" if chosen == [5, 6] else " and ".join(f"{_DAYS[d]}s" for d in chosen)
            value = ",".join(_DAYS[d].lower() for d in chosen)
            return _pattern("usual_days", value, f"Usually chats on {named}", inside / len(days))
    working = sum(by_day[d] for d in range(5))
    if working / len(days) >= _SUREST and _tail(working, len(days), 5 / 7) <= _CHANCE_OF_DAYS:
        return _pattern("usual_days", "weekdays", "Usually chats on weekdays", working / len(days))
    return None


def usual_moods(feelings: Sequence[Feeling], zone: tzinfo) -> list[Pattern]:
    """Moods that recur at a time of the week: "Often anxious on Sunday evenings"; the clearest first, at most three.

    An occasion is a part of a local day in which the contact wrote. A mood recurs at a time where it showed on at least
    four occasions there, on at least `SHARE` of them, at least twice as often as at other times, and by no chance. A
    weekday's evening is told rather than the weekday or all evenings, where most of it happened then.
    """
    occasions = _occasions(feelings, zone)
    if not _supported([f.at for f in feelings]):
        return []
    total = Counter(mood for moods in occasions.values() for mood in moods)
    found: list[tuple[float, int, str, Mood, _Slot, float]] = []
    for slot in _SLOTS:
        inside = [moods for when, moods in occasions.items() if slot.holds(*when)]
        outside = len(occasions) - len(inside)
        for mood, hits in Counter(mood for moods in inside for mood in moods).items():
            if mood == "neutral" or hits < _OCCASIONS or hits < SHARE * len(inside):
                continue
            base = max(_BASE, (total[mood] - hits) / outside if outside else 0.0)
            chance = len(_SLOTS) * _tail(hits, len(inside), min(1.0, base))
            if hits / len(inside) >= _LIFT * base and chance <= _CHANCE_OF_MOODS:
                found.append((chance, -slot.narrow, slot.name, mood, slot, hits / len(inside)))
    kept: list[tuple[_Slot, str, float]] = []
    for _, _, _, mood, slot, share in sorted(found, key=lambda f: f[:4]):
        # A time within a time that was told already, or around it, is no news.
        if not any(mood == told and slot.overlaps(other) for other, told, _ in kept):
            kept.append((slot, mood, share))
    return [
        _pattern(f"mood_{slot.name}", mood, f"Often {mood} {slot.said}", share)
        for slot, mood, share in kept[:_MOST_MOODS]
    ]


@dataclass(frozen=True, slots=True)
class _Slot:
    """A time of the week: a weekday, a part of the day, or both."""

    day: int | None
    part: str | None

    @property
    def narrow(self) -> int:
        return (self.day is not None) + (self.part is not None)

    @property
    def name(self) -> str:
        return "_".join(filter(None, (None if self.day is None else _DAYS[self.day].lower(), self.part)))

    @property
    def said(self) -> str:
        if self.day is None:
            return "at night" if self.part == "night" else f"in the {self.part}s"
        return f"on {_DAYS[self.day]} {self.part}s" if self.part else f"on {_DAYS[self.day]}s"

    def holds(self, day: date, part: str) -> bool:
        return self.day in (None, day.weekday()) and self.part in (None, part)

    def overlaps(self, other: "_Slot") -> bool:
        same_day = self.day is None or other.day is None or self.day == other.day
        return same_day and (self.part is None or other.part is None or self.part == other.part)


_SLOTS: Final = tuple(
    _Slot(day, part)
    for day in (*range(7), None)
    for part in (*(name for _, name in _PARTS), None)
    if day is not None or part is not None
)


def _occasions(feelings: Iterable[Feeling], zone: tzinfo) -> dict[tuple[date, str], set[Mood]]:
    """The moods that surely showed in each part of each local day; a night belongs to the day it began on."""
    found: dict[tuple[date, str], set[Mood]] = {}
    for feeling in feelings:
        local = feeling.at.astimezone(zone)
        day = local.date() - timedelta(days=1) if local.hour < _NIGHT_ENDS else local.date()
        part = next((name for start, name in reversed(_PARTS) if local.hour >= start), "night")
        moods = found.setdefault((day, part), set())
        if feeling.confidence >= _SURE:
            moods.add(feeling.mood)
    return found


def _supported(times: Sequence[datetime]) -> bool:
    return len(times) >= SESSIONS and max(times) - min(times) >= SPAN


def _pattern(attribute: str, value: str, content: str, share: float) -> Pattern:
    return Pattern(attribute, value, content, min(_SUREST, share), _MOST_IMPORTANT * (0.8 + 0.2 * share))


def _circular_mean(turns: Sequence[float]) -> float:
    """The mean direction of angles given in turns, in [0, 1) (Mardia and Jupp, Directional Statistics, 2.2)."""
    x = sum(cos(2 * pi * t) for t in turns)
    y = sum(sin(2 * pi * t) for t in turns)
    return (atan2(y, x) / (2 * pi)) % 1.0


def _apart(one: float, other: float) -> float:
    """How far two times of the clock are apart, in hours; rounded, so that equals are equal."""
    gap = abs(one - other) % 24
    return round(min(gap, 24 - gap), 6)


def _tail(hits: int, of: int, chance: float) -> float:
    """The probability of at least `hits` of `of` by a chance of `chance` each: the binomial's upper tail."""
    if chance >= 1:
        return 1.0
    # By logarithms: the binomial coefficients of a few thousand turns are larger than any float.
    whole, yes, no = lgamma(of + 1), log(chance), log1p(-chance)
    logs = (whole - lgamma(k + 1) - lgamma(of - k + 1) + k * yes + (of - k) * no for k in range(hits, of + 1))
    return min(1.0, sum(exp(value) for value in logs))


def _hour(hour: int) -> str:
    if hour % 12 == 0:
        return "noon" if hour else "midnight"
    return f"{hour % 12}{'pm' if hour >= 12 else 'am'}"
