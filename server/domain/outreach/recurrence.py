"""Recurring messages: a cron expression in the tenant's own time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from cronsim import CronSim, CronSimError

from server.domain.outreach.candidate import Candidate
from server.domain.outreach.wall_clock import first_instant

_FIELDS: Final = 5
_LEAP_START: Final = datetime(2000, 1, 1)  # noqa: DTZ001 (a local time: it has no zone)


class BadCron(ValueError):
    """The expression cannot be used; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One time that an expression names: `key` is the local time asked for (`2026-03-29T02:30`), `at` when it fires.

    They differ where that local time was skipped, so the key and not the instant is what fires once.
    """

    key: str
    at: datetime


def validate(expression: str) -> str:
    """The expression with its blanks tidied.

    Five fields (minute, hour, day of month, month, day of week), as Debian's cron reads them, with L and #n of the
    library cronsim. Raises BadCron for anything else, for more than one time an hour, and for dates that never come
    (31 February).
    """
    fields = expression.split()
    if len(fields) != _FIELDS:
        raise BadCron(
            f"must have five fields (minute, hour, day of month, month, day of week), not {len(fields)}, "
            "e.g. `0 8 * * *` for every day at 08:00"
        )
    plain = " ".join(fields)
    try:
        cron = CronSim(plain, _LEAP_START)
    except CronSimError as error:
        raise BadCron(_explained(str(error), plain)) from error
    if len(cron.minutes) != 1:
        raise BadCron(f"may fire at most once an hour: the minute must be a single one, e.g. 0, not `{fields[0]}`")
    if next(cron, None) is None:
        raise BadCron("names a date that never comes")
    return plain


def _explained(problem: str, expression: str) -> str:
    name = problem.removeprefix("Bad ")
    names = ("minute", "hour", "day-of-month", "month", "day-of-week")
    if name not in names:
        return f"is no cron expression: {problem}"
    part = expression.split()[names.index(name)]
    return f"has a {name.replace('-', ' ')} that never comes or cannot be read: `{part}`"


def slots(expression: str, zone: tzinfo, after: datetime, until: datetime) -> Iterator[Slot]:
    """The slots of a valid expression that fire after `after` and not after `until`, in order.

    Each local time fires once: in a repeated hour the first time, in a gap at the gap's end. Slots that a gap moves
    onto the same instant fire as one, under the key of the last of them.
    """
    waiting: Slot | None = None
    # Cron counts on a clock that is never set; what that clock showed up to `after` has fired, as instants do not fall
    # where local times grow.
    for local in CronSim(expression, after.astimezone(zone).replace(tzinfo=None)):
        at = first_instant(local, zone)
        if at > until:
            break
        if waiting is not None and waiting.at != at:
            yield waiting
        waiting = Slot(local.isoformat(timespec="minutes"), at) if at > after else None
    if waiting is not None:
        yield waiting


def candidates(expression: str, zone: tzinfo, after: datetime, until: datetime) -> Iterator[Candidate]:
    """The slots as messages, the same for every contact of the tenant."""
    for slot in slots(expression, zone, after, until):
        yield Candidate("recurring", f"recurring:{slot.key}", slot.at, f"slot:{slot.key}", expire_on_reply=False)
