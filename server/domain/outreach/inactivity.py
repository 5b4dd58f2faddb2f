"""Inactivity: a few messages into a contact's silence, then none until the contact writes again.

The contract counts silence in days (`inactivity_days`, default 3) and bounds the messages into it
(`inactivity_max_attempts`, default 2); the rest is ours:

- Silence is counted in whole days of 24 hours since the contact was last active, so a first message is due at the
  time of day at which the contact last wrote: a time at which it is awake.
- The next attempts follow after `inactivity_days` days each. The distance does not grow: with the few attempts that are
  allowed it would hardly differ, and a tenant can tell from the two numbers alone when messages go out.
- A contact that was never active is not silent; it gets none.
- When the contact writes, its silence ends, and a later one begins with all attempts.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from server.domain.outreach.candidate import Candidate

_DAY: Final = timedelta(days=1)


def days_silent(last_active_at: datetime, now: datetime) -> int:
    """Whole days of 24 hours since the contact was last active; 0 for one that is active in the future."""
    return max(0, (now - last_active_at) // _DAY)


def attempts_in_silence(sent: Iterable[datetime], last_active_at: datetime | None) -> int:
    """How many of the inactivity messages went into the present silence; all of them where it never ended."""
    return sum(1 for at in sent if last_active_at is None or at > last_active_at)


def candidates(
    last_active_at: datetime | None,
    sent: Iterable[datetime],
    inactivity_days: int,
    max_attempts: int,
    now: datetime,
    until: datetime | None = None,
) -> Iterator[Candidate]:
    """The inactivity messages that are due by `until` (default `now`) if the contact stays silent.

    `sent` are those sent before, whenever. One that has been due for some time is due at `now`, not in the past, and
    the next is counted from then. At `now` itself at most one is due: with `until` left out this is what to send.
    """
    if last_active_at is None:
        return
    horizon = now if until is None else until
    spacing = inactivity_days * _DAY
    inside = sorted(at for at in sent if at > last_active_at)
    latest = inside[-1] if inside else last_active_at
    for attempt in range(len(inside) + 1, max_attempts + 1):
        at = max(latest + spacing, now).astimezone(UTC)
        if at > horizon:
            return
        yield Candidate(
            kind="inactivity",
            occasion=f"inactivity:{last_active_at.astimezone(UTC):%Y%m%dT%H%M%S.%f}:{attempt}",
            at=at,
            reason=f"silent_days:{days_silent(last_active_at, at)}",
            expire_on_reply=True,
        )
        latest = at
