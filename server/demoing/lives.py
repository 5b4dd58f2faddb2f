"""What simulated people write, turn by turn, until the demo's own present."""

import random
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from server.demoing import phrases
from server.demoing.people import LEAVING, Person, chance_of, life_length, mood

_LATEST: Final = timedelta(hours=23, minutes=15)
_LATEST_HOUR: Final = 22.5
_SECOND_SESSION: Final = 0.15
_UNASKED: Final = 0.05
_FACT: Final = 0.35
_PLAN: Final = 0.1
_QUESTION: Final = 0.15
_LOW_DAYS: Final = 2
"""How many of the days before somebody leaves are spent in a low mood."""

_LATELY: Final = 6
"""How many turns must pass before somebody says the same again."""

_FRESH: Final = ("food", "show", "chore", "event", "trip")
"""What is another one each time it is mentioned."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days of a demo: `first` is the first, in the tenant's zone; people write from `start` up to `end`."""

    first: date
    days: int
    start: datetime
    end: datetime

    @classmethod
    def until(cls, end: datetime, days: int, zone: str) -> "Calendar":
        """The last `days` days of a zone up to an instant, its own day included."""
        local = ZoneInfo(zone)
        first = end.astimezone(local).date() - timedelta(days=days - 1)
        return cls(first, days, datetime.combine(first, time(), local).astimezone(UTC), end)


@dataclass(frozen=True, slots=True)
class Turn:
    """One exchange; `message` is None where the other side wrote of its own accord."""

    turn_id: str
    occurred_at: datetime
    message: str | None
    answer: str


@dataclass(frozen=True, slots=True)
class _Day:
    """A day on which somebody writes. `is_low`: they are about to leave; `is_last`: they do after it, for good."""

    number: int
    is_low: bool
    is_last: bool


def turns(person: Person, seed: int, calendar: Calendar) -> list[Turn]:
    """Everything that a person says in the demo, in order."""
    chance = chance_of(seed, calendar.days, person.number, "life")
    days = list(_days(person, calendar.days, chance_of(seed, calendar.days, person.number, "days")))
    untold = list(person.facts)
    lately: deque[str | None] = deque(maxlen=_LATELY)
    said: list[Turn] = []
    count = 0
    for day in days:
        on = calendar.first + timedelta(days=day.number)
        for at in _instants(person, on, chance):
            message, answer = _exchange(person, day, on, untold, chance)
            while message in lately:
                message, answer = _exchange(person, day, on, untold, chance)
            lately.append(message)
            count += 1
            said.append(Turn(f"{person.external_id}-{count:04d}", at, message, answer))
        if day.is_last and person.stops and said:
            at = said[-1].occurred_at + timedelta(minutes=2)
            said.append(Turn(f"{person.external_id}-stop", at, *phrases.FAREWELL))
    # Cut at the end, so that the present moves nothing of what was said before it.
    return [turn for turn in said if calendar.start <= turn.occurred_at < calendar.end]


def _days(person: Person, days: int, chance: random.Random) -> Iterator[_Day]:
    day, left, returns_after = person.span.first_day, person.span.days, person.returns_after
    arrives = True
    while day < days:
        if arrives or chance.random() < person.rhythm.daily:
            arrives = False
            left -= 1
            yield _Day(day, left < _LOW_DAYS, is_last=left == 0 and returns_after is None)
        if left == 0:
            if returns_after is None:
                return
            day, left, arrives, returns_after = day + returns_after, life_length(chance, person.rhythm), True, None
        else:
            day += 1


def _instants(person: Person, on: date, chance: random.Random) -> Iterator[datetime]:
    """When the turns of a day are, in order; sessions lie hours apart."""
    hours = [min(max(0.0, person.hour + chance.gauss(0, 0.7)), _LATEST_HOUR)]
    if chance.random() < _SECOND_SESSION:
        hours.append(hours[0] + chance.uniform(2.5, 5))
    zone = ZoneInfo(person.zone)
    for hour in hours:
        into_day = timedelta(seconds=round(hour * 3600))
        for _ in range(chance.randint(1, round(2 * person.rhythm.turns) - 1)):
            if into_day > _LATEST:
                break
            yield (datetime.combine(on, time()) + into_day).replace(tzinfo=zone).astimezone(UTC)
            into_day += timedelta(seconds=chance.randint(25, 240))


def _exchange(
    person: Person, day: _Day, on: date, untold: list[tuple[str, str]], chance: random.Random
) -> tuple[str | None, str]:
    fillers = {**person.fillers, **{name: chance.choice(phrases.FILLERS[name]) for name in _FRESH}}
    draw = chance.random()
    if draw < _UNASKED:
        return None, chance.choice(phrases.UNASKED).format_map(fillers)
    if untold and chance.random() < _FACT:
        return _filled(untold.pop(0), person.fillers)
    if draw < _UNASKED + _PLAN:
        return _filled(chance.choice(phrases.PLANS), {**fillers, **_ahead(on, chance)})
    if draw < _UNASKED + _PLAN + _QUESTION:
        return _filled(chance.choice(phrases.QUESTIONS), fillers)
    feeling = mood(chance, LEAVING if day.is_low else person.temper)
    if feeling == "neutral":
        return _filled(chance.choice(phrases.CHATTER), fillers)
    return _filled((chance.choice(phrases.FEELINGS[feeling]), phrases.COMFORT[feeling]), fillers)


def _ahead(on: date, chance: random.Random) -> Mapping[str, str]:
    day, later = on + timedelta(days=chance.randint(2, 6)), on + timedelta(days=chance.randint(5, 25))
    return {
        "day": phrases.WEEKDAYS[day.weekday()],
        "date": f"{phrases.MONTHS[later.month - 1]} {later.day}",
    }


def _filled(exchange: tuple[str, str], fillers: Mapping[str, str]) -> tuple[str, str]:
    return exchange[0].format_map(fillers), exchange[1].format_map(fillers)
