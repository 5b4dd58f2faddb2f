"""What would go out in the days to come, by the same rule that sends."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from server.domain.outreach.candidate import Candidate
from server.domain.outreach.config import OutreachConfig
from server.domain.outreach.dispatch import (
    Decision,
    Expire,
    History,
    Planned,
    Postpone,
    Recipient,
    Send,
    Withhold,
    decide,
)

_LEFT_OPEN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Due:
    """A message and when it is due; `key` is the caller's own, a trigger's id or a candidate's occasion."""

    key: str
    at: datetime
    planned: Planned


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would become of a message: `at` is when it would go out (UTC), or when it would be dropped or held back.

    A message that is still put off when the time looked at ends has a Postpone.
    """

    due: Due
    at: datetime
    decision: Decision


def due_of(candidate: Candidate, channel: str, *, held: bool = False) -> Due:
    """A candidate as it would be planned; worth sending for a day, as the contract says of scheduled messages."""
    planned = Planned(
        kind=candidate.kind,
        channel=channel,
        created_at=candidate.at,
        by_hand=False,
        expire_on_reply=candidate.expire_on_reply,
        expires_at=candidate.at + _LEFT_OPEN,
        held=held,
    )
    return Due(candidate.occasion, candidate.at, planned)


@dataclass(frozen=True, slots=True)
class Party:
    """A contact with what is due to it; `key` is the caller's own."""

    key: str
    recipient: Recipient
    history: History
    due: Sequence[Due]


def foresee(
    due: Iterable[Due],
    recipient: Recipient,
    config: OutreachConfig,
    history: History,
    now: datetime,
    until: datetime,
) -> tuple[Foreseen, ...]:
    """What becomes of a contact's messages by `until`, see `in_order`."""
    party = Party("", recipient, history, tuple(due))
    return tuple(one for _, one in in_order([party], config, now, until))


def in_order(
    parties: Iterable[Party], config: OutreachConfig, now: datetime, until: datetime, *, decisions: int | None = None
) -> Iterator[tuple[str, Foreseen]]:
    """What becomes of messages by `until` if nobody writes and nothing is changed, by party in the order of time.

    What would go out counts towards the caps and attempts of what comes after it. A message that is overdue is decided
    at `now`; one that is due after `until` is left out. Nothing is decided before it is asked for; after `decisions`,
    of which a message needs one each time it is put off, what would come later stays untold.
    """
    order = count()
    histories: dict[str, History] = {}
    waiting: list[tuple[datetime, int, Party, Due]] = []
    for party in parties:
        histories[party.key] = party.history
        waiting += [(max(one.at, now).astimezone(UTC), next(order), party, one) for one in party.due]
    heapq.heapify(waiting)
    decided = 0
    while waiting and waiting[0][0] <= until and (decisions is None or decided < decisions):
        at, _, party, one = heapq.heappop(waiting)
        decided += 1
        decision = decide(one.planned, party.recipient, config, histories[party.key], at)
        match decision:
            case Send():
                histories[party.key] = _after(histories[party.key], one, at)
                yield party.key, Foreseen(one, at, decision)
            case Postpone(until=later) if later <= until:
                heapq.heappush(waiting, (later, next(order), party, one))
            case Postpone() | Withhold() | Expire():
                yield party.key, Foreseen(one, at, decision)


def _after(history: History, sent: Due, at: datetime) -> History:
    silent = (*history.inactivity, at) if sent.planned.kind == "inactivity" else history.inactivity
    return replace(history, sent=(*history.sent, at), inactivity=silent)
