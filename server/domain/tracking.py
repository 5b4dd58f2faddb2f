"""What users did with what was surfaced: its ids, its times, and the graph that a log of it makes.

The graph is a function of the log as a set: neither the order in which things are told nor telling them again changes
it. `fold` is that function; the projection of `store/graph.py` does the same row by row.
"""

import json
import math
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, cast

from server.domain.errors import InvalidInput

Kind = Literal["recall", "workspace", "peel", "keep", "mark_good", "mark_bad"]

STARTS: Final = frozenset({"recall", "workspace"})
"""Kinds that start an event; all others are edges from an event to an artifact."""

IMPLIED: Final[Kind] = "recall"
"""What an event is taken for that was made for an edge told without one: the artifact was surfaced somehow."""

EDGES: Final = ("keep", "mark_good", "peel", "mark_bad")
"""Kinds of edges; where two nodes hang together in several ways, a path shows the first of these."""

STARTED: Final = "started"
"""The kind of the edge from a user to an event."""

LABELS: Final[Mapping[str, str]] = {
    "recall": "RecallEvent", "workspace": "WorkspaceEvent", "peel": "PEEL", "keep": "KEEP", "mark_good": "MARK_GOOD",
    "mark_bad": "MARK_BAD", STARTED: "STARTED",
}  # fmt: skip
"""What kinds are called in an exported graph."""

_AHEAD: Final = timedelta(minutes=5)
_NAMESPACE: Final = uuid.UUID("8f0a7d5e-3f0b-5d0e-9a4c-6f1f5b1f6c11")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = 253_402_300_800  # the year 10000
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_USER: Final = re.compile(r"[A-Za-z0-9_:.|@-]{1,256}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Told:
    """One interaction as its caller tells it; `interaction_id` and `event_id` where it names them."""

    kind: Kind
    user_id: str
    occurred_at: datetime
    artifact_id: str | None
    metadata: Mapping[str, Any]
    contact_id: str | None
    event_id: str | None
    interaction_id: str | None


@dataclass(frozen=True, slots=True)
class Tracked:
    """One interaction of the log."""

    tracked_id: str
    kind: Kind
    user_id: str
    event_id: str
    artifact_id: str | None
    contact_id: str | None
    metadata: Mapping[str, Any]
    occurred_at: datetime


def check(told: Told, now: datetime) -> None:
    """Raises InvalidInput for an edge without an artifact, and for a time more than five minutes ahead."""
    if told.kind not in STARTS and told.artifact_id is None:
        raise InvalidInput.of("artifact_id", f"is needed where the kind is {told.kind}")
    if told.occurred_at > now + _AHEAD:
        raise InvalidInput.of("timestamp", "must not be more than 5 minutes ahead; it is in seconds since 1970")


def interaction_id_of(tenant_id: str, told: Told) -> str:
    """The caller's own id, else a UUIDv5 over what is told: the same told twice has the same.

    Times count to the microsecond; the order of metadata's keys does not.
    """
    if told.interaction_id is not None:
        return told.interaction_id
    micros = (told.occurred_at - _EPOCH) // timedelta(microseconds=1)
    content = [tenant_id, told.user_id, told.kind, micros, told.event_id, told.artifact_id, told.metadata,
               told.contact_id]  # fmt: skip
    return _uuid("interaction", json.dumps(content, sort_keys=True, separators=(",", ":")))


def event_id_of(tenant_id: str, told: Told) -> str:
    """The event that it names, else one of its own: a UUIDv5 over the tenant and the interaction's id."""
    if told.event_id is not None:
        return told.event_id
    return _uuid("event", json.dumps([tenant_id, interaction_id_of(tenant_id, told)]))


def _uuid(of: str, name: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"{of}\0{name}"))


def user_of_subject(subject: str) -> str:
    """The user that a token's subject stands for: itself where it can stand in a path, else a UUIDv5 over it."""
    return subject if _USER.fullmatch(subject) else _uuid("user", subject)


def instant(value: Any) -> datetime:
    """An instant from seconds since 1970 (fractions allowed) or an RFC 3339 time; finer than microseconds is rounded.

    Raises InvalidInput that names `timestamp` for everything else.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not math.isfinite(value) or not 0 <= value < _LATEST:
            raise InvalidInput.of("timestamp", "must be seconds since 1970")
        return _EPOCH + timedelta(microseconds=round(value * 1_000_000))
    if isinstance(value, str) and (found := _INSTANT.fullmatch(value)):
        try:
            # Of a fraction, what Python reads: six digits.
            fraction = (found[1] or "")[:7]
            at = datetime.fromisoformat(f"{value[:10]}T{value[11:19]}{fraction}{found[2].upper()}").astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise InvalidInput.of("timestamp", "is not a time that there is") from error
        if at < _EPOCH:
            raise InvalidInput.of("timestamp", "must not be before 1970")
        return at
    raise InvalidInput.of("timestamp", "must be seconds since 1970 as a number, or an RFC 3339 time with its zone")


@dataclass(frozen=True, slots=True)
class Event:
    """A node: a recall or a workspace."""

    kind: str
    user_id: str
    contact_id: str | None
    metadata: Mapping[str, Any]
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Edge:
    """What became of an artifact; `parked` where its event did not come yet."""

    event_id: str
    artifact_id: str
    kind: str
    contact_id: str | None
    metadata: Mapping[str, Any]
    occurred_at: datetime
    parked: bool


@dataclass(frozen=True, slots=True)
class Graph:
    """Events by id, and edges by the id of the interaction that told of them."""

    events: dict[str, Event]
    edges: dict[str, Edge]


def implied_start(tracked: Tracked) -> Tracked:
    """The start of the event that was made for an edge told without one."""
    return Tracked(
        tracked.event_id, IMPLIED, tracked.user_id, tracked.event_id, None, tracked.contact_id, {}, tracked.occurred_at
    )


def taken(tenant_id: str, told: Iterable[Told]) -> list[Tracked]:
    """The log that is left of what is told, in the order told: of one id, and of the starts of one event, the first."""
    log: dict[str, Tracked] = {}
    started: set[str] = set()
    for one in told:
        tracked = tracked_of(tenant_id, one)
        starts = one.kind in STARTS
        if tracked.tracked_id in log or (starts and tracked.event_id in started):
            continue
        log[tracked.tracked_id] = tracked
        if starts:
            started.add(tracked.event_id)
        elif one.event_id is None and tracked.event_id not in started and tracked.event_id not in log:
            log[tracked.event_id] = implied_start(tracked)
            started.add(tracked.event_id)
    return list(log.values())


def tracked_of(tenant_id: str, told: Told) -> Tracked:
    """What the log keeps of what is told."""
    return Tracked(
        interaction_id_of(tenant_id, told), told.kind, told.user_id, event_id_of(tenant_id, told), told.artifact_id,
        told.contact_id, dict(told.metadata), told.occurred_at,
    )  # fmt: skip


def fold(log: Iterable[Tracked]) -> Graph:
    """The graph of a log, whatever its order. An edge that names no contact is of its event's."""
    rows = list(log)
    events = {
        row.event_id: Event(row.kind, row.user_id, row.contact_id, row.metadata, row.occurred_at)
        for row in rows
        if row.kind in STARTS
    }
    edges = {}
    for row in rows:
        if row.kind in STARTS or row.artifact_id is None:
            continue
        event = events.get(row.event_id)
        contact = row.contact_id or (event.contact_id if event else None)
        edges[row.tracked_id] = Edge(
            row.event_id, row.artifact_id, row.kind, contact, row.metadata, row.occurred_at, parked=event is None
        )
    return Graph(events, edges)


def kind_of(word: str) -> Kind:
    """The kind; its word was validated by the contract."""
    return cast(Kind, word)
