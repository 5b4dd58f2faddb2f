"""Quiet hours: the part of a contact's day in which nothing is sent."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from server.domain.outreach.wall_clock import first_instant, last_instant

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A daily window of local time, from `start` up to but not including `end`.

    The contract gives the two times (`23:00` to `07:00`) and rules that they count in the contact's own zone; so a
    window that ends before it starts runs overnight. That equal times mean never quiet is the configuration's word. The
    rest is ours, and leans to silence: on a day on which clocks are set, the window opens when they first show `start`
    and closes when they last show `end`, so that a repeated hour neither interrupts it nor ends it early; an edge
    inside a gap is at the gap's end, and a window that lies in a gap as a whole does not happen.
    """

    start: time
    end: time

    def covers(self, clock: time) -> bool:
        """Whether a time on the clock lies in the window, on a day like any other."""
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end

    def is_quiet(self, at: datetime, zone: tzinfo) -> bool:
        """Whether an instant lies in a window; its first instant does, its end does not."""
        return self._window_end(at, zone) is not None

    def end_of(self, at: datetime, zone: tzinfo) -> datetime:
        """The first instant from `at` on that is not quiet: `at` itself outside of windows. UTC.

        Windows that meet, because a gap took the time between them, count as one.
        """
        free = at.astimezone(UTC)
        while (end := self._window_end(free, zone)) is not None:
            free = end
        return free

    def _window_end(self, at: datetime, zone: tzinfo) -> datetime | None:
        if self.start == self.end:
            return None
        local = at.astimezone(zone).date()
        ends = (end for start, end in self._windows(local, zone) if start <= at < end)
        return max(ends, default=None)

    def _windows(self, around: date, zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
        # The next day as well: it can have begun before clocks went back across midnight.
        for days in (-1, 0, 1):
            day = around + days * _DAY
            closing = day if self.start < self.end else day + _DAY
            yield (
                first_instant(datetime.combine(day, self.start), zone),
                last_instant(datetime.combine(closing, self.end), zone),
            )
