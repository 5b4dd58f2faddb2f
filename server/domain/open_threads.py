"""What is still open with a contact: next steps that were noted, and calls of theirs that nobody returned.

A next step is noted with a touchpoint: `next_action`, `next_step` or `next_steps` in its metadata, or the outcome
`follow_up_scheduled`. It is open until a later touchpoint that is not a note: whoever met or wrote since has moved on,
and noted what is next with that. A missed call is one of theirs that was not answered. It is open until a later call
with them that was completed, or a later touchpoint that reached them: a call, a video call, a meeting, or anything
that is noted as outbound. Either is open for 30 days at most.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

MOST: Final = 5
"""Open threads that are told of, the newest."""

OPEN_FOR: Final = timedelta(days=30)

LOOKED_AT: Final = 30
"""So many of the newest touchpoints and calls decide what is open."""

_LONGEST: Final = 300
"""Characters that are told of what it is about."""

_TALKS: Final = frozenset(("call", "video_call", "meeting"))
_NEXT: Final = ("next_action", "next_step", "next_steps")


@dataclass(frozen=True, slots=True)
class Touchpoint:
    """A touchpoint, with what of its metadata says what comes next, whatever type it has."""

    at: datetime
    kind: str
    direction: Any
    outcome: Any
    next_action: Any
    next_step: Any
    next_steps: Any


@dataclass(frozen=True, slots=True)
class Call:
    """A call with the contact."""

    started_at: datetime
    direction: str
    status: str
    summary: str | None


@dataclass(frozen=True, slots=True)
class Thread:
    """Something open since an instant; `about` is None where nobody told."""

    kind: Literal["next_step", "missed_call"]
    about: str | None
    since: datetime


def open_threads(touchpoints: Sequence[Touchpoint], calls: Sequence[Call]) -> tuple[Thread, ...]:
    """The newest that are open, the newest first, without regard to their age."""
    met = max((t.at for t in touchpoints if t.kind != "note"), default=None)
    reached = [t.at for t in touchpoints if t.kind in _TALKS or t.direction == "outbound"]
    reached += [c.started_at for c in calls if c.status == "completed"]
    last_reached = max(reached, default=None)
    found = [Thread("next_step", about, t.at) for t in touchpoints if met is None or t.at >= met for about in _steps(t)]
    found += [
        Thread("missed_call", c.summary and _cut(c.summary), c.started_at)
        for c in calls
        if c.direction == "inbound" and c.status == "missed" and (last_reached is None or last_reached < c.started_at)
    ]
    return tuple(sorted(found, key=lambda t: t.since, reverse=True)[:MOST])


def open_at(threads: Sequence[Thread], now: datetime) -> list[Thread]:
    """Those that are still told of at a moment."""
    return [thread for thread in threads if now - OPEN_FOR <= thread.since <= now]


def _steps(touchpoint: Touchpoint) -> list[str | None]:
    """The next steps of a touchpoint; None for one that nobody put in words."""
    told: list[str | None] = []
    for name in _NEXT:
        value = getattr(touchpoint, name)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str) and (about := _cut(one)) and about not in told:
                told.append(about)
    if not told and touchpoint.outcome == "follow_up_scheduled":
        return [None]
    return told


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"
