"""A call as all that was told of it says, however often, late and out of order it was told.

What is told is kept as events. The call is a pure function of the *set* of its events, so that no order of arrival and
no repetition can matter:

- The status is the highest that was told: queued, ringing, in-progress, failed, missed, completed. It never goes back
  from a final one. Of two different final ones the better informed holds: who told that a call was completed knows that
  it was answered; who told that it was missed knows that it came through.
- Of two values for one field holds the one of the later moment. The moment is the event's own time and number, where
  it has them; what has none was told before all that has. Of one moment holds what was told with the further status,
  then the fuller value, then the greater one in a fixed order.
- What is not told erases nothing. Topics unite; what the caller told is merged by key.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, Literal

Status = Literal["queued", "ringing", "in-progress", "completed", "missed", "failed"]
Direction = Literal["inbound", "outbound"]
Lapsing = Literal["recording_url", "transcript"]
Sentiment = Literal["positive", "negative", "neutral"]

FINAL: Final = frozenset({"completed", "missed", "failed"})
"""A call of these is over."""

_ORDER: Final = ("queued", "ringing", "in-progress", "failed", "missed", "completed")
_RANK: Final[Mapping[str | None, int]] = {None: -1, **{status: rank for rank, status in enumerate(_ORDER)}}
_BEFORE_ALL: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Told:
    """What was told of a call once; None is what was not told.

    `provider` and `call_sid` say which call. `at` and `sequence` are the moment in the teller's own time and count, for
    those that have one: never the time of arrival of what may be delivered again or late. `duration` is in seconds of
    talk, `cost` in USD. `caller_number` is the other side's, as it was given; `number_unreadable` is found out by Kith.
    """

    provider: str
    call_sid: str
    at: datetime | None = None
    sequence: int | None = None
    agent_id: str | None = None
    user_id: str | None = None
    org_id: str | None = None
    direction: Direction | None = None
    contact_id: str | None = None
    caller_number: str | None = None
    number_unreadable: bool = False
    caller_name: str | None = None
    status: Status | None = None
    duration: float | None = None
    recording_url: str | None = None
    transcript: str | None = None
    sentiment: Sentiment | None = None
    topics: tuple[str, ...] = ()
    summary: str | None = None
    collected_data: Mapping[str, Any] = field(default_factory=dict)
    cost: float | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """What was told, its key among the events of the call, and when it came in first."""

    key: str
    told: Told
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Call:
    """A call, as its events say together. `contact_id` is the contact that was told, not one found by the number."""

    agent_id: str | None
    user_id: str | None
    org_id: str | None
    direction: Direction
    contact_id: str | None
    caller_number: str | None
    number_unreadable: bool
    caller_name: str | None
    status: Status
    duration: float | None
    recording_url: str | None
    transcript: str | None
    sentiment: Sentiment | None
    topics: tuple[str, ...]
    summary: str | None
    collected_data: Mapping[str, Any]
    cost: float | None
    started_at: datetime
    ended_at: datetime | None
    created_at: datetime
    updated_at: datetime


_WITHHELD: Final = frozenset(
    "anonymous blocked na private restricted unavailable unknown withheld"
    " +266696687 +7378742833 +2562533 +8656696 +86282452253 +464".split()
)
"""What phone systems put for a number that the caller hides; Twilio spells the words on a phone's keys, too."""


def withheld(caller_number: str) -> bool:
    """Whether it is nobody's number, but says that the caller hid theirs."""
    return "".join(char for char in caller_number.lower() if char.isalnum() or char == "+") in _WITHHELD


_TIMES: Final = frozenset({"at", "started_at", "ended_at"})
_DEFAULTS: Final = {
    f.name: f.default for f in fields(Told) if f.name not in ("provider", "call_sid", "collected_data", "topics")
}


def as_json(told: Told) -> dict[str, Any]:
    """What was told, without what was not, as JSON holds it; times in UTC, to the microsecond."""
    said: dict[str, Any] = {"provider": told.provider, "call_sid": told.call_sid}
    for name, default in _DEFAULTS.items():
        value = getattr(told, name)
        if value != default:
            said[name] = value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
    if told.topics:
        said["topics"] = list(told.topics)
    if told.collected_data:
        said["collected_data"] = dict(told.collected_data)
    return said


def from_json(said: Mapping[str, Any]) -> Told:
    """What `as_json` made JSON of."""
    values: dict[str, Any] = {
        name: datetime.fromisoformat(value) if name in _TIMES else value for name, value in said.items()
    }
    return Told(**{**values, "topics": tuple(said.get("topics", ()))})


def key_of(told: Told) -> str:
    """The same for the same told again, and for nothing else: SHA-256 over its content, in hex."""
    return hashlib.sha256(_canonical(as_json(told)).encode()).hexdigest()


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def fold(events: Iterable[Event]) -> Call:
    """The call of these events, at least one. The same for any order of them and any repetition."""
    first_heard: dict[str, Event] = {}
    for event in events:
        known = first_heard.get(event.key)
        if known is None or event.received_at < known.received_at:
            first_heard[event.key] = event
    heard = sorted(first_heard.values(), key=lambda event: (_moment(event.told), event.key))
    told = [event.told for event in heard]
    created_at = min(event.received_at for event in heard)
    number = _latest(
        told, lambda one: None if one.caller_number is None else (one.caller_number, one.number_unreadable)
    )
    duration: float | None = _value(told, "duration")
    ended_at: datetime | None = _value(told, "ended_at")
    return Call(
        agent_id=_value(told, "agent_id"),
        user_id=_value(told, "user_id"),
        org_id=_value(told, "org_id"),
        direction=_value(told, "direction") or "inbound",
        contact_id=_value(told, "contact_id"),
        caller_number=None if number is None else number[0],
        number_unreadable=number is not None and number[1],
        caller_name=_value(told, "caller_name"),
        status=max((one.status for one in told if one.status), key=_RANK.__getitem__, default="in-progress"),
        duration=duration,
        recording_url=_value(told, "recording_url"),
        transcript=_value(told, "transcript"),
        sentiment=_value(told, "sentiment"),
        topics=tuple(dict.fromkeys(topic for one in told for topic in one.topics)),
        summary=_value(told, "summary"),
        collected_data=_collected(told),
        cost=_value(told, "cost"),
        started_at=_value(told, "started_at") or _began(told, duration, ended_at, created_at),
        ended_at=ended_at,
        created_at=created_at,
        updated_at=max(event.received_at for event in heard),
    )


def _moment(told: Told) -> tuple[datetime, int, int]:
    return (told.at or _BEFORE_ALL, -1 if told.sequence is None else told.sequence, _RANK[told.status])


def _value(told: Sequence[Told], name: str) -> Any:
    return _latest(told, lambda one: getattr(one, name))


def _latest(told: Sequence[Told], get: Callable[[Told], Any]) -> Any:
    """The value of the latest moment that has one."""
    given = [(one, value) for one in told if (value := get(one)) is not None]
    return max(given, key=lambda pair: (_moment(pair[0]), *_fullness(pair[1])))[1] if given else None


def _fullness(value: Any) -> tuple[float, str]:
    """A total order of values that were told at one moment: a longer text says more, as does a greater number."""
    if isinstance(value, datetime):
        return value.timestamp(), ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value), _canonical(value)
    if isinstance(value, tuple):
        number, unreadable = value
        return float(not unreadable), number
    written = _canonical(value)
    return float(len(written)), written


def _collected(told: Sequence[Told]) -> dict[str, Any]:
    names = sorted({name for one in told for name in one.collected_data})
    found = {name: _latest(told, partial(_entry, name=name)) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _entry(told: Told, name: str) -> Any:
    return told.collected_data.get(name)


def _began(told: Sequence[Told], duration: float | None, ended_at: datetime | None, created_at: datetime) -> datetime:
    """When the call began, where nobody told: when it was first told to be under way; of one that was only told to be
    over, its end less its length. Never after it was first told of."""
    under_way = [one.at or created_at for one in told if one.status is not None and one.status not in FINAL]
    if under_way:
        return min(*under_way, created_at)
    over = [one.at for one in told if one.at is not None and one.status in FINAL]
    end = ended_at or min(over, default=None)
    return created_at if end is None else min(end - timedelta(seconds=duration or 0), created_at)


def without(told: Told, lapsed: Collection[Lapsing]) -> Told:
    """What was told, but what the tenant keeps no longer."""
    nothing: dict[Any, Any] = dict.fromkeys(lapsed)
    return replace(told, **nothing)


def kept(call: Call, lapsed: Collection[Lapsing]) -> Call:
    """The call, but what the tenant keeps no longer."""
    nothing: dict[Any, Any] = dict.fromkeys(lapsed)
    return replace(call, **nothing)
