"""Milestones: a streak, a count, an anniversary, a date that the contact told of.

Each has an occasion, under which it fires once in a contact's life, and an instant: the time of day at which the
contact usually writes, outside of quiet hours.

- **Streaks** of 7, 30, 100 and 365 days and **counts** of 100, 500, 1,000, 5,000, … messages are found when they were
  just reached, and are due at the next such time of day. Only the highest that was reached counts, and only while it is
  news: a tenant that turns milestones on does not congratulate on what was long ago. A second streak of the same length
  is no news either; and an occasion that named a streak's first day would change as late turns lengthen it there.
- **Anniversaries** of the first contact come after one month and then each year, but not while the contact is dormant.
- **Dates** come from memories about the future ("my exam is on Friday"), as told by the contact, for single days, once
  a day. **Birthdays** come each year. What falls on 29 February falls on the 28th in other years: in its own month, and
  never late.
"""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import chain
from typing import Final

from server.domain.contact import State
from server.domain.memory import Memory
from server.domain.outreach.candidate import Candidate
from server.domain.outreach.quiet_hours import QuietHours
from server.domain.outreach.wall_clock import day_of, first_instant
from server.domain.relationship import active_streak, preferred_hours, stage_now

STREAKS: Final = (7, 30, 100, 365)
DEFAULT_TIME: Final = time(10)
"""When a contact that has no hours of its own is written to."""

_DAY: Final = timedelta(days=1)
_LONGEST_DATE: Final = timedelta(hours=26)
"""An event that takes longer ("next week") is no date; a local day can have 25 hours, and more in odd places."""

_LEAST_IMPORTANCE: Final = 0.3
"""What the context leaves out by default is not worth a message either."""

_NEWS_DAYS: Final = 1
_FIRST_COUNT: Final = 100
_NEWS_COUNT: Final = 50


@dataclass(frozen=True, slots=True)
class Life:
    """What milestones are found in. `zone` is the contact's, `quiet` are the tenant's hours.

    `lead_days` says how many days before a date (no birthday, no anniversary) its message is due.
    """

    state: State
    memories: Sequence[Memory]
    zone: tzinfo
    quiet: QuietHours
    lead_days: int = 0


def candidates(life: Life, now: datetime, after: datetime, until: datetime) -> tuple[Candidate, ...]:
    """The milestones that are due after `after` and not after `until`, the first first.

    A streak or count that was just reached, as of `now`, is among them even where its time of day is after `until`: it
    is to be stored when it is found, since later turns would move that time.
    """
    dated = chain(_anniversaries(life, after, until), _birthdays(life, after, until), _dates(life, after, until))
    within = [found for found in dated if after < found.at <= until]
    return tuple(
        sorted((*within, *_streaks(life, now), *_counts(life, now)), key=lambda found: (found.at, found.occasion))
    )


def usual_time(state: State, quiet: QuietHours) -> time:
    """The contact's busiest hour outside of quiet hours; where it has none 10:00, or the end of quiet hours."""
    hours = [int(clock[:2]) for clock in preferred_hours(state)]
    awake = [hour for hour in hours if not quiet.covers(time(hour))]
    if awake:
        return time(max(awake, key=lambda hour: (state.hours[hour], -hour)))
    return quiet.end if quiet.covers(DEFAULT_TIME) else DEFAULT_TIME


def _instant(life: Life, day: date) -> datetime:
    local = datetime.combine(day, usual_time(life.state, life.quiet))
    return life.quiet.end_of(first_instant(local, life.zone), life.zone)


def _soon(life: Life, after: datetime) -> datetime:
    """The first usual time after an instant."""
    day = day_of(after, life.zone)
    return next(at for days in range(-1, 4) if (at := _instant(life, day + days * _DAY)) > after)


def _milestone(name: str, at: datetime, *, day: date | None = None, memory_ids: tuple[str, ...] = ()) -> Candidate:
    occasion = f"milestone:{name}" if day is None else f"milestone:{name}:{day.isoformat()}"
    # It keeps its sense when the contact writes first: who keeps a streak writes every day.
    return Candidate("milestone", occasion, at, name, expire_on_reply=False, memory_ids=memory_ids)


def _streaks(life: Life, now: datetime) -> Iterator[Candidate]:
    state, today = life.state, day_of(now, life.zone)
    length = active_streak(state, today)
    reached = max((mark for mark in STREAKS if mark <= length), default=None)
    if reached is None or state.streak_last_day is None or state.last_active_at is None:
        return
    day = state.streak_last_day - (length - reached) * _DAY
    if (today - day).days <= _NEWS_DAYS:
        yield _milestone(f"streak:{reached}", _soon(life, state.last_active_at))


def _counts(life: Life, now: datetime) -> Iterator[Candidate]:
    state = life.state
    if state.total_messages < _FIRST_COUNT or state.last_active_at is None:
        return
    magnitude = 10 ** (len(str(state.total_messages)) - 1)
    reached = 5 * magnitude if state.total_messages >= 5 * magnitude else magnitude
    few = max(_NEWS_COUNT, reached // 10)
    if state.total_messages < reached + few and now - state.last_active_at <= (_NEWS_DAYS + 1) * _DAY:
        yield _milestone(f"messages:{reached}", _soon(life, state.last_active_at))


def _anniversaries(life: Life, after: datetime, until: datetime) -> Iterator[Candidate]:
    first = life.state.first_active_at
    if first is None:
        return
    began = day_of(first, life.zone)
    month = began.year * 12 + began.month
    near = _near(life, after, until)
    days = {"1m": _on(month // 12, month % 12 + 1, began.day)} | {
        f"{year - began.year}y": _on(year, began.month, began.day) for year in near.years if year > began.year
    }
    for age, day in days.items():
        if day in near and stage_now(life.state, at := _instant(life, day)) != "dormant":
            yield _milestone(f"anniversary:{age}", at)


def _birthdays(life: Life, after: datetime, until: datetime) -> Iterator[Candidate]:
    # By day and not by name: occasions and reasons are seen by operators and hold nothing personal.
    near = _near(life, after, until)
    about: dict[tuple[str, date], list[str]] = defaultdict(list)
    for memory, day in _told(life):
        if memory.attribute == "birthday":
            whose = "self" if memory.subject in (None, "self") else "other"
            for year in near.years:
                on = _on(year, day.month, day.day)
                # On the day itself it has been talked about already.
                if on in near and on > day_of(memory.occurred_at, life.zone):
                    about[whose, on].append(memory.id)
    for (whose, on), ids in about.items():
        yield _milestone(f"birthday:{whose}", _instant(life, on), day=on, memory_ids=tuple(ids))


def _dates(life: Life, after: datetime, until: datetime) -> Iterator[Candidate]:
    born = {(day.month, day.day) for memory, day in _told(life) if memory.attribute == "birthday"}
    lead = life.lead_days * _DAY
    near = _near(life, after, until)
    about: dict[date, list[str]] = defaultdict(list)
    for memory, day in _told(life):
        if (day.month, day.day) in born or memory.importance < _LEAST_IMPORTANCE:
            continue
        if day - lead in near and day - lead > day_of(memory.occurred_at, life.zone):
            about[day].append(memory.id)
    for day, ids in about.items():
        yield _milestone("date", _instant(life, day - lead), day=day, memory_ids=tuple(ids))


def _told(life: Life) -> Iterator[tuple[Memory, date]]:
    """The current memories in which the contact tells of a single day, with that day."""
    for memory in life.memories:
        day = _told_day(life, memory)
        if day is not None:
            yield memory, day


def _told_day(life: Life, memory: Memory) -> date | None:
    """The local day that a memory speaks of, if it is one day and the contact told of it."""
    if memory.event_start is None or memory.speaker == "assistant" or memory.status != "current":
        return None
    if memory.event_end is None:
        return day_of(memory.event_start, life.zone)
    length = memory.event_end - memory.event_start
    # From the middle of the event: so the day stays the same when the contact has moved a few zones since.
    return day_of(memory.event_start + length / 2, life.zone) if length <= _LONGEST_DATE else None


@dataclass(frozen=True, slots=True)
class _Days:
    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    @property
    def years(self) -> range:
        return range(self.first.year, self.last.year + 1)


def _near(life: Life, after: datetime, until: datetime) -> _Days:
    """The days whose usual time can lie between two instants; the end of quiet hours can be on the next day."""
    return _Days(day_of(after, life.zone) - 2 * _DAY, day_of(until, life.zone) + _DAY)


def _on(year: int, month: int, day: int) -> date:
    """The date, or the month's last day where the month is shorter."""
    return date(year, month, min(day, monthrange(year, month)[1]))
