"""What else happens with simulated people: how they are known, touchpoints, calls, and what was shown to them."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from server.demoing import phrases
from server.demoing.lives import Calendar, Turn
from server.demoing.people import Person, chance_of

_MOST_TOUCHPOINTS: Final = 6
_CALLS: Final = 0.4
_MISSED: Final = 0.25
_SHOWN: Final = 0.3
_NUMBERS: Final = 1_000
"""So many numbers are kept for invented people: +44 7700 900000 to 900999."""


@dataclass(frozen=True, slots=True)
class Touchpoint:
    """Something that a person of the tenant's noted by hand."""

    external_id: str
    kind: str
    occurred_at: datetime
    content: str
    metadata: dict[str, str | float]


@dataclass(frozen=True, slots=True)
class PhoneCall:
    """A call that ended. `seconds` is None, and there is no summary, where nobody answered."""

    call_sid: str
    direction: str
    started_at: datetime
    seconds: float | None
    sentiment: str | None
    topic: str | None
    summary: str | None


@dataclass(frozen=True, slots=True)
class Tracked:
    """Something that was shown, or what somebody did with it; `artifact_id` is None of what starts an event."""

    interaction_id: str
    event_id: str
    kind: str
    at: datetime
    artifact_id: str | None


@dataclass(frozen=True, slots=True)
class Dealings:
    """Everything about one person but what they write. `phone` is in E.164, None where it is not known."""

    title: str
    tags: tuple[str, ...]
    email: str
    phone: str | None
    touchpoints: Sequence[Touchpoint] = field(default=())
    calls: Sequence[PhoneCall] = field(default=())
    tracked: Sequence[Tracked] = field(default=())


def dealings(person: Person, turns: Sequence[Turn], seed: int, calendar: Calendar) -> Dealings:
    """What there is besides a person's turns, all of it on days on which they write."""
    chance = chance_of(seed, calendar.days, person.number, "dealings")
    known = Dealings(
        title=f"{person.fillers['job']} at {person.fillers['firm']}",
        tags=(person.rhythm.name, *chance.sample(phrases.TAGS, chance.randint(0, 2))),
        email=f"{person.external_id}@example.org",
        phone=f"+447700900{person.number:03d}" if person.number < _NUMBERS else None,
    )
    if not turns:
        return known
    days = _Days(chance, turns, calendar)
    return Dealings(
        known.title, known.tags, known.email, known.phone,
        touchpoints=_touchpoints(person, days), calls=_calls(person, days), tracked=_tracked(person, days),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Days:
    """The times at which a person is there."""

    chance: random.Random
    turns: Sequence[Turn]
    calendar: Calendar

    def some(self, most: int) -> list[datetime]:
        """Up to so many instants, each a while after a turn, the earliest first."""
        drawn = [
            self.chance.choice(self.turns).occurred_at + timedelta(minutes=self.chance.randint(5, 90))
            for _ in range(self.chance.randint(0, most))
        ]
        latest = self.calendar.end - timedelta(minutes=5)
        return sorted(at for at in drawn if at < latest)


def _touchpoints(person: Person, days: _Days) -> list[Touchpoint]:
    return [_touchpoint(person, number, at, days.chance) for number, at in enumerate(days.some(_MOST_TOUCHPOINTS))]


def _touchpoint(person: Person, number: int, at: datetime, chance: random.Random) -> Touchpoint:
    kind = chance.choice(tuple(phrases.TOUCHPOINTS))
    metadata: dict[str, str | float] = {"direction": chance.choice(("inbound", "outbound"))}
    if kind in ("meeting", "video_call"):
        metadata |= {"duration_minutes": chance.randint(10, 60), "sentiment": chance.choice(("positive", "neutral"))}
    if chance.random() < 0.15:
        metadata["next_step"] = "Send the notes"
    content = chance.choice(phrases.TOUCHPOINTS[kind]).format_map(person.fillers)
    return Touchpoint(f"{person.external_id}-touch-{number}", kind, at, content, metadata)


def _calls(person: Person, days: _Days) -> list[PhoneCall]:
    chance = days.chance
    if chance.random() >= _CALLS:
        return []
    return [_call(person, number, at, chance) for number, at in enumerate(days.some(3))]


def _call(person: Person, number: int, at: datetime, chance: random.Random) -> PhoneCall:
    sid, direction = f"{person.external_id}-call-{number}", chance.choice(("inbound", "outbound"))
    seconds = float(chance.randint(40, 1_500))
    topic, said = chance.choice(phrases.CALLS)
    sentiment = chance.choice(("positive", "positive", "neutral", "negative"))
    if chance.random() < _MISSED:
        return PhoneCall(sid, direction, at, None, None, None, None)
    return PhoneCall(sid, direction, at, seconds, sentiment, topic, said.format_map(person.fillers))


def _tracked(person: Person, days: _Days) -> list[Tracked]:
    chance = days.chance
    if chance.random() >= _SHOWN:
        return []
    found: list[Tracked] = []
    for number, at in enumerate(days.some(2)):
        event = f"{person.external_id}-event-{number}"
        found.append(Tracked(event, event, chance.choice(("recall", "recall", "workspace")), at, None))
        for place, artifact in enumerate(chance.sample(phrases.ARTIFACTS, chance.randint(1, 3))):
            kind = chance.choice(("peel", "peel", "keep", "mark_good", "mark_bad"))
            found.append(Tracked(f"{event}-{place}", event, kind, at + timedelta(seconds=20 * (place + 1)), artifact))
    return found
