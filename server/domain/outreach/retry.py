"""What to do after a try at delivery.

A provider's answer is one of five things, and only two of them are certain: it took the message, or it will never take
it. What is not known is looked up under the trigger's id and never sent again blindly: the contact may have it already.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from server.domain.backoff import seconds_before

MOST_TRIES: Final = 12
"""Tries at one message before it becomes a dead letter; the waits below make that some three hours of an outage."""

_FIRST_SECONDS: Final = 10.0
_MOST_SECONDS: Final = 3_600.0
_LONGEST_WAIT: Final = timedelta(days=1)
"""A provider that says to come back later than this is taken at this."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took it; `reference` is its own id of the message, where it gave one."""

    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """The provider will never take it: no such address, a text it does not allow, a bad credential."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The connection was lost after the message may have been taken."""


@dataclass(frozen=True, slots=True)
class Throttled:
    """Too many messages; `retry_after` is the wait the provider asks for, None where it does not say."""

    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Unavailable:
    """It certainly was not taken (connection refused, 503 before the body was read); a later try may work."""


Outcome = Accepted | Rejected | Unknown | Throttled | Unavailable


@dataclass(frozen=True, slots=True)
class Delivered:
    """It is sent."""

    reference: str | None


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Send it again at `at` (UTC), if `dispatch.decide` still says so then."""

    at: datetime


@dataclass(frozen=True, slots=True)
class LookUp:
    """Ask the provider at `at` (UTC) whether it has it.

    A look-up that finds it is Accepted, one that finds that it was never taken is Unavailable, any other is Unknown.
    """

    at: datetime


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It goes to the dead letters; `failure` is the word that the trigger shows."""

    failure: Literal["provider_rejected", "provider_unavailable", "provider_throttled", "outcome_unknown", "too_late"]


Step = Delivered | TryAgain | LookUp | GiveUp


def next_step(outcome: Outcome, tries: int, now: datetime, draw: float, *, expires_at: datetime | None = None) -> Step:
    """What to do after try number `tries` (from 1, look-ups included).

    Waits double from 10 s to an hour, jittered over their upper half by `draw`, a random number in [0, 1]; a throttled
    one is never shorter than the provider asks for. A message that would be tried again only when it is no longer worth
    sending is given up; one that may have been taken is looked up even then, for the truth of the record.
    """
    match outcome:
        case Accepted(reference):
            return Delivered(reference)
        case Rejected():
            return GiveUp("provider_rejected")
        case Unknown():
            return LookUp(now.astimezone(UTC) + _wait(tries, draw)) if tries < MOST_TRIES else GiveUp("outcome_unknown")
        case Throttled(retry_after):
            asked = min(retry_after or timedelta(), _LONGEST_WAIT)
            # The jitter comes on top: everybody was told the same moment.
            wait = max(_wait(tries, draw), asked + draw * timedelta(seconds=_FIRST_SECONDS))
            return _again(now, wait, tries, expires_at, GiveUp("provider_throttled"))
        case Unavailable():
            return _again(now, _wait(tries, draw), tries, expires_at, GiveUp("provider_unavailable"))


def _again(now: datetime, wait: timedelta, tries: int, expires_at: datetime | None, worn_out: GiveUp) -> Step:
    if tries >= MOST_TRIES:
        return worn_out
    at = now.astimezone(UTC) + wait
    return GiveUp("too_late") if expires_at is not None and at >= expires_at else TryAgain(at)


def _wait(tries: int, draw: float) -> timedelta:
    return timedelta(seconds=seconds_before(tries, draw, first=_FIRST_SECONDS, most=_MOST_SECONDS))
