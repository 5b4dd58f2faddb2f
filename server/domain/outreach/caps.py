"""How much goes out to one contact: caps per local day and local week."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Literal

from server.domain.outreach.wall_clock import day_of, start_of_day

Cap = Literal["daily_cap", "weekly_cap"]


@dataclass(frozen=True, slots=True)
class Span:
    """The instants from `start` up to but not including `end`, both UTC."""

    start: datetime
    end: datetime

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end


def local_day(at: datetime, zone: tzinfo) -> Span:
    """The local day that holds an instant; 23 or 25 hours long where clocks are set."""
    return _days(day_of(at, zone), 1, zone)


def local_week(at: datetime, zone: tzinfo) -> Span:
    """The local week, Monday to Sunday, that holds an instant."""
    day = day_of(at, zone)
    return _days(day - timedelta(days=day.weekday()), 7, zone)


def _days(first: date, count: int, zone: tzinfo) -> Span:
    return Span(start_of_day(first, zone), start_of_day(first + timedelta(days=count), zone))


@dataclass(frozen=True, slots=True)
class Room:
    """When there is room: `at` (UTC), and the cap that is in the way before, None where there is none."""

    at: datetime
    cap: Cap | None


def next_free(sent: Sequence[datetime], at: datetime, zone: tzinfo, per_day: int, per_week: int) -> Room:
    """The first instant from `at` on at which one more message keeps within both caps.

    `sent` are the instants that count, in any order; those ahead of `at` count in their own day and week (preview puts
    what it foresees there). `cap` is the one reached at `at`, the weekly one where both are. Raises ValueError for a
    cap below 1: it would never let anything out.
    """
    if per_day < 1 or per_week < 1:
        raise ValueError("a cap is at least 1")
    counted = sorted(instant.astimezone(UTC) for instant in sent)
    free, first = at.astimezone(UTC), None
    while (full := _full(counted, free, zone, per_day, per_week)) is not None:
        cap, span = full
        first = first or cap
        free = span.end
    return Room(free, first)


def _full(sent: list[datetime], at: datetime, zone: tzinfo, per_day: int, per_week: int) -> tuple[Cap, Span] | None:
    week = local_week(at, zone)
    if _count(sent, week) >= per_week:
        return "weekly_cap", week
    day = local_day(at, zone)
    return ("daily_cap", day) if _count(sent, day) >= per_day else None


def _count(sent: list[datetime], span: Span) -> int:
    return bisect_left(sent, span.end) - bisect_left(sent, span.start)
