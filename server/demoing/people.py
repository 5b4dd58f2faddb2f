"""The people of a demo: who they are, how often they write, when they leave.

Everything follows from the seed, the length of the life and a person's number: the same again gives the same people.
"""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from server.demoing import phrases
from server.domain.words import Mood

_T = TypeVar("_T")

_CHANNELS: Final = {"whatsapp": 0.6, "telegram": 0.2, "webchat": 0.15, "email": 0.05}
_MOST_FACTS: Final = 6
_RETURNS: Final = 0.2
_STOPS: Final = 0.04
_FIRST_DAYS: Final = 0.45
"""The share of people who write already when the demo begins; the others come day by day."""

_CONSENT: Final[Mapping[bool | None, float]] = {True: 0.3, False: 0.05, None: 0.65}


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How a kind of people writes.

    `share` of all people; `daily` is the chance that they write on a day; `turns` the mean of a session; `leaves` the
    chance that a day they wrote on was the last of this life.
    """

    name: str
    share: float
    daily: float
    turns: float
    leaves: float


RHYTHMS: Final = (
    Rhythm("daily", 0.18, 0.85, 3.0, 0.010),
    Rhythm("every few days", 0.34, 0.36, 3.0, 0.025),
    Rhythm("weekly", 0.30, 0.15, 3.0, 0.05),
    Rhythm("one-off", 0.18, 0.03, 3.0, 0.8),
)

TEMPERS: Final[tuple[Mapping[Mood, float], ...]] = (
    {"neutral": 0.35, "happy": 0.35, "excited": 0.15, "playful": 0.15},
    {"neutral": 0.7, "happy": 0.1, "anxious": 0.05, "frustrated": 0.05, "bored": 0.05, "playful": 0.05},
    {"neutral": 0.4, "anxious": 0.25, "sad": 0.2, "happy": 0.15},
    {"neutral": 0.4, "frustrated": 0.25, "angry": 0.1, "playful": 0.15, "bored": 0.1},
)
"""Sunny, even, worried, blunt."""

LEAVING: Final[Mapping[Mood, float]] = {"neutral": 0.4, "bored": 0.35, "frustrated": 0.2, "sad": 0.05}
"""The temper of the last days before somebody leaves."""


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which somebody writes: from `first_day` on (0 is the first of the demo), on at most `days` days."""

    first_day: int
    days: int


@dataclass(frozen=True, slots=True)
class Person:
    """One simulated contact.

    `hour` is the local hour they like best. `returns_after`: so many days after they left, they come back once; None
    where they do not. `stops`: when they leave for good, their last words are STOP. `facts` are exchanges in which they
    tell about themselves, in the order in which they do. `consent` is what they said about messages, None where nobody
    asked.
    """

    number: int
    external_id: str
    name: str
    channel: str
    zone: str
    rhythm: Rhythm
    hour: float
    temper: Mapping[Mood, float]
    span: Span
    returns_after: int | None
    stops: bool
    consent: bool | None
    facts: tuple[tuple[str, str], ...]
    fillers: Mapping[str, str]


def person(seed: int, days: int, number: int) -> Person:
    """The person of that number, from 0 on, in a demo of `days` days."""
    chance = chance_of(seed, days, number, "person")
    rhythm = chance.choices(RHYTHMS, [one.share for one in RHYTHMS])[0]
    fillers = {name: chance.choice(words) for name, words in phrases.FILLERS.items()}
    name, relative = chance.sample(phrases.NAMES, 2)
    fillers |= {"name": name, "kinname": relative}
    fillers["date"] = f"{chance.choice(phrases.MONTHS)} {chance.randint(1, 28)}"
    # Never on the first or the last two days: whatever their zone, everybody has written before the demo ends.
    latest = days - 3
    first_day = 1 + chance.randrange(min(7, latest) if chance.random() < _FIRST_DAYS else latest)
    return Person(
        number=number,
        external_id=f"demo-{seed}-{days}-{number:05d}",
        name=name,
        channel=_drawn(chance, _CHANNELS),
        zone=chance.choice(phrases.ZONES),
        rhythm=rhythm,
        hour=chance.choice((7.5, 8.5, 12.5, 18.0, 19.5, 21.0, 21.5)) + chance.uniform(-0.5, 0.5),
        temper=chance.choice(TEMPERS),
        span=Span(first_day, life_length(chance, rhythm)),
        returns_after=chance.randint(12, 40) if chance.random() < _RETURNS else None,
        stops=chance.random() < _STOPS,
        consent=_drawn(chance, _CONSENT),
        facts=tuple(chance.sample(phrases.FACTS, chance.randint(1, _MOST_FACTS))),
        fillers=fillers,
    )


def chance_of(seed: int, days: int, number: int, what: str) -> random.Random:
    """The dice for one thing about one person; what is drawn for one never moves another."""
    return random.Random(f"{seed}/{days}/{number}/{what}")  # noqa: S311 - the same people every time are the point


def life_length(chance: random.Random, rhythm: Rhythm) -> int:
    """On how many days somebody writes before leaving: geometric, at least 1."""
    return 1 + int(math.log(1.0 - chance.random()) / math.log(1.0 - rhythm.leaves))


def mood(chance: random.Random, temper: Mapping[Mood, float]) -> Mood:
    """A mood of somebody with such a temper."""
    return _drawn(chance, temper)


def _drawn(chance: random.Random, weights: Mapping[_T, float]) -> _T:
    return chance.choices(list(weights), list(weights.values()))[0]
