"""What the deferred pass finds in a contact's memories: the entities they name, and the dates that lie ahead."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from server.domain.extraction.naming import Names
from server.domain.memory import Entity, Memory

_FEBRUARY: Final = 2


@dataclass(frozen=True, slots=True)
class Linked:
    """`relinked` are memories with more entities than before, `unmentioned` the ids of entities that none names."""

    relinked: tuple[Memory, ...]
    unmentioned: tuple[str, ...]


def named_in(text: str, entities: Sequence[Entity]) -> tuple[str, ...]:
    """The ids of the entities that a text names by name or alias, sorted."""
    return tuple(sorted(Names(entities).in_(text, told=True)))


def link_entities(memories: Sequence[Memory], entities: Sequence[Entity]) -> Linked:
    """Memories that name a known entity get its id; entities that nothing mentions any more are found.

    Patterns are derived from the other memories, so they neither get entities here nor keep one alive.
    """
    if not entities:
        return Linked((), ())
    names = Names(entities)
    relinked: list[Memory] = []
    mentioned: set[str] = set()
    for memory in memories:
        if memory.type == "pattern":
            continue
        linked = tuple(
            dict.fromkeys((*memory.entity_ids, *sorted(names.in_(memory.content, told=memory.type != "episode"))))
        )
        mentioned.update(linked)
        if linked != memory.entity_ids:
            relinked.append(replace(memory, entity_ids=linked))
    return Linked(tuple(relinked), tuple(sorted({entity.id for entity in entities} - mentioned)))


def upcoming(memories: Sequence[Memory], now: datetime) -> tuple[Memory, ...]:
    """What is known to lie ahead at `now`, soonest first: plans, appointments, the next birthdays."""
    ahead = [
        m
        for m in memories
        if m.status == "current" and m.type in ("fact", "preference") and m.event_start is not None
        and m.event_start > now
    ]  # fmt: skip
    return tuple(sorted(ahead, key=lambda m: (m.event_start or now, m.id)))


def next_birthdays(memories: Sequence[Memory], now: datetime, zone: tzinfo) -> tuple[Memory, ...]:
    """Birthdays whose day is over at `now`, moved to the next one in `zone`; that of a 29 February may be the 28th."""
    found: list[Memory] = []
    for memory in memories:
        if memory.status != "current" or memory.attribute != "birthday" or memory.event_start is None:
            continue
        if (memory.event_end or memory.event_start + timedelta(days=1)) > now:
            continue
        day = _next_day(memory.event_start.astimezone(zone).date(), memory.content, now.astimezone(zone).date())
        found.append(
            replace(memory, event_start=_midnight(day, zone), event_end=_midnight(day + timedelta(days=1), zone))
        )
    return tuple(found)


def _next_day(day: date, content: str, today: date) -> date:
    leap = day.month == _FEBRUARY and (day.day == 29 or (day.day == 28 and "29" in content))
    for year in (today.year, today.year + 1):
        found = date(year, 2, 29 if _is_leap(year) else 28) if leap else day.replace(year=year)
        if found >= today:
            return found
    raise AssertionError("every year has the day")


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
