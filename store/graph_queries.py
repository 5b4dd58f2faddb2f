"""Questions to the graph: each reads the generation that it is given, and no more of a node than it is told to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import text

from store.database import Transaction
from store.tables.tracking import GraphEdgeRow, GraphEventRow

_EVENT: Final = "tenant_id, generation, event_id, kind, user_id, contact_id, metadata, occurred_at"
_EDGE: Final = (
    "tenant_id, generation, tracked_id, event_id, artifact_id, kind, contact_id, metadata, occurred_at, parked"
)
_OF: Final = "tenant_id = :tenant AND generation = :generation"

_GET: Final = text(f"SELECT {_EVENT} FROM graph_events WHERE {_OF} AND event_id = :event")  # noqa: S608
_EDGES_OF: Final = text(
    f"SELECT {_EDGE} FROM graph_edges WHERE {_OF} AND event_id = :event AND NOT parked"  # noqa: S608
    " ORDER BY occurred_at, tracked_id LIMIT :limit"
)


async def event(tx: Transaction, generation: int, event_id: str) -> GraphEventRow | None:
    """One event."""
    found = await tx.execute(_GET, {"tenant": tx.tenant_id, "generation": generation, "event": event_id})
    row = found.one_or_none()
    return None if row is None else GraphEventRow(*row)


async def edges_of(tx: Transaction, generation: int, event_id: str, limit: int) -> list[GraphEdgeRow]:
    """The event's edges, the oldest first."""
    key = {"tenant": tx.tenant_id, "generation": generation, "event": event_id, "limit": limit}
    return [GraphEdgeRow(*row) for row in await tx.execute(_EDGES_OF, key)]


@dataclass(frozen=True, slots=True)
class Engagement:
    """What became of an artifact; `kept_in` are the events in which it was kept, among `events`."""

    peels: int
    keeps: int
    good: int
    bad: int
    events: int
    kept_in: int
    users: int
    first_at: datetime | None
    last_at: datetime | None


_KINDS: Final = (
    "count(*) FILTER (WHERE e.kind = 'peel') AS peels, count(*) FILTER (WHERE e.kind = 'keep') AS keeps,"
    " count(*) FILTER (WHERE e.kind = 'mark_good') AS good, count(*) FILTER (WHERE e.kind = 'mark_bad') AS bad"
)
_SINCE: Final = "(CAST(:since AS timestamptz) IS NULL OR {0}.occurred_at >= :since)"
_EDGES_TO_EVENTS: Final = (
    "graph_edges e JOIN graph_events v"
    " ON v.tenant_id = e.tenant_id AND v.generation = e.generation AND v.event_id = e.event_id"
    " WHERE e.tenant_id = :tenant AND e.generation = :generation AND NOT e.parked"
)

_ENGAGEMENT: Final = text(
    f"SELECT {_KINDS}, count(DISTINCT e.event_id), count(DISTINCT e.event_id) FILTER (WHERE e.kind = 'keep'),"  # noqa: S608
    f" count(DISTINCT v.user_id), min(e.occurred_at), max(e.occurred_at) FROM {_EDGES_TO_EVENTS}"
    f" AND e.artifact_id = :artifact AND {_SINCE.format('e')}"
)


async def engagement(tx: Transaction, generation: int, artifact_id: str, since: datetime | None) -> Engagement:
    """What became of an artifact, of what happened at `since` or later."""
    key = {"tenant": tx.tenant_id, "generation": generation, "artifact": artifact_id, "since": since}
    return Engagement(*(await tx.execute(_ENGAGEMENT, key)).one())


@dataclass(frozen=True, slots=True)
class CoKept:
    """An artifact, in how many events both were kept, and in how many it was."""

    artifact_id: str
    together: int
    keeps: int


_CO_KEPT: Final = text("""
    WITH mine AS (
        SELECT DISTINCT event_id FROM graph_edges WHERE tenant_id = :tenant AND generation = :generation
            AND artifact_id = :artifact AND kind = 'keep' AND NOT parked
    ), along AS (
        SELECT e.artifact_id, count(DISTINCT e.event_id) AS together
        FROM mine JOIN graph_edges e ON e.tenant_id = :tenant AND e.generation = :generation
            AND e.event_id = mine.event_id AND e.kind = 'keep' AND NOT e.parked
        WHERE e.artifact_id <> :artifact
        GROUP BY e.artifact_id ORDER BY together DESC, e.artifact_id LIMIT :limit
    )
    SELECT a.artifact_id, a.together, (
        SELECT count(DISTINCT e.event_id) FROM graph_edges e WHERE e.tenant_id = :tenant
            AND e.generation = :generation AND e.artifact_id = a.artifact_id AND e.kind = 'keep' AND NOT e.parked
    ), (SELECT count(*) FROM mine)
    FROM along a ORDER BY a.together DESC, a.artifact_id
""")


async def co_kept(tx: Transaction, generation: int, artifact_id: str, limit: int) -> tuple[list[CoKept], int]:
    """Artifacts that were most often kept along, and in how many events the artifact itself was kept."""
    key = {"tenant": tx.tenant_id, "generation": generation, "artifact": artifact_id, "limit": limit}
    rows = (await tx.execute(_CO_KEPT, key)).all()
    return [CoKept(*row[:3]) for row in rows], rows[0][3] if rows else 0


@dataclass(frozen=True, slots=True)
class UserStats:
    """What a user did in the events that are theirs."""

    recalls: int
    workspaces: int
    peels: int
    keeps: int
    good: int
    bad: int
    artifacts: int
    first_at: datetime | None
    last_at: datetime | None


_USER_STATS: Final = text(
    "SELECT s.recalls, s.workspaces, d.peels, d.keeps, d.good, d.bad, d.artifacts,"  # noqa: S608
    " least(s.first_at, d.first_at), greatest(s.last_at, d.last_at)"
    " FROM (SELECT count(*) FILTER (WHERE v.kind = 'recall') AS recalls,"
    " count(*) FILTER (WHERE v.kind = 'workspace') AS workspaces, min(v.occurred_at) AS first_at,"
    " max(v.occurred_at) AS last_at FROM graph_events v"
    f" WHERE v.tenant_id = :tenant AND v.generation = :generation AND v.user_id = :user AND {_SINCE.format('v')}) s,"
    f" (SELECT {_KINDS}, count(DISTINCT e.artifact_id) AS artifacts,"
    " min(e.occurred_at) AS first_at, max(e.occurred_at) AS last_at"
    f" FROM {_EDGES_TO_EVENTS} AND v.user_id = :user AND {_SINCE.format('e')}) d"
)


async def user_stats(tx: Transaction, generation: int, user_id: str, since: datetime | None) -> UserStats:
    """A user's figures, of what happened at `since` or later."""
    key = {"tenant": tx.tenant_id, "generation": generation, "user": user_id, "since": since}
    figures: Any = tuple((await tx.execute(_USER_STATS, key)).one())
    return UserStats(*figures)


class Link(NamedTuple):
    """How a node of a frontier hangs together with another: `times` interactions of a kind were read."""

    node: str
    kind: str
    other: str
    times: int


def _expansion(near: str, far: str) -> Any:
    """What hangs on each node, kind by kind, in the order of the far end, and no further than `each` interactions."""
    return text(
        f"SELECT f.id, k.kind, n.far, n.count FROM unnest(CAST(:ids AS text[])) f(id)"  # noqa: S608
        f" CROSS JOIN unnest(CAST(:kinds AS text[])) k(kind)"
        f" CROSS JOIN LATERAL (SELECT e.far, count(*) AS count FROM (SELECT e.{far} AS far FROM graph_edges e"
        f" WHERE e.tenant_id = :tenant AND e.generation = :generation AND e.{near} = f.id AND e.kind = k.kind"
        f" AND NOT e.parked ORDER BY e.{far} LIMIT :each) e GROUP BY e.far) n LIMIT :most"
    )


_ARTIFACTS_OF_EVENTS: Final = _expansion("event_id", "artifact_id")
_EVENTS_OF_ARTIFACTS: Final = _expansion("artifact_id", "event_id")
_USERS_OF_EVENTS: Final = text(
    f"SELECT event_id, 'started', user_id, 1 FROM graph_events WHERE {_OF} AND event_id = ANY(:ids)"  # noqa: S608
    " ORDER BY event_id LIMIT :most"
)
_EVENTS_OF_USERS: Final = text(
    "SELECT f.id, 'started', n.event_id, 1 FROM unnest(CAST(:ids AS text[])) f(id) CROSS JOIN LATERAL ("
    "SELECT event_id FROM graph_events WHERE tenant_id = :tenant AND generation = :generation AND user_id = f.id"
    " ORDER BY occurred_at DESC LIMIT :each) n LIMIT :most"
)


async def artifacts_of_events(
    tx: Transaction, generation: int, ids: Sequence[str], kinds: Sequence[str], *, each: int, most: int
) -> list[Link]:
    """Artifacts of these events: of each event and kind from at most `each` interactions, and `most` links in all."""
    return await _links(tx, _ARTIFACTS_OF_EVENTS, generation, ids, kinds=list(kinds), each=each, most=most)


async def events_of_artifacts(
    tx: Transaction, generation: int, ids: Sequence[str], kinds: Sequence[str], *, each: int, most: int
) -> list[Link]:
    """Events in which these artifacts came up, bounded as `artifacts_of_events`."""
    return await _links(tx, _EVENTS_OF_ARTIFACTS, generation, ids, kinds=list(kinds), each=each, most=most)


async def users_of_events(tx: Transaction, generation: int, ids: Sequence[str], *, most: int) -> list[Link]:
    """Whose events these are."""
    return await _links(tx, _USERS_OF_EVENTS, generation, ids, most=most)


async def events_of_users(tx: Transaction, generation: int, ids: Sequence[str], *, each: int, most: int) -> list[Link]:
    """The users' events, the newest `each` of each."""
    return await _links(tx, _EVENTS_OF_USERS, generation, ids, each=each, most=most)


async def _links(tx: Transaction, statement: Any, generation: int, ids: Sequence[str], **more: Any) -> list[Link]:
    if not ids:
        return []
    key = {"tenant": tx.tenant_id, "generation": generation, "ids": list(ids), **more}
    return [Link._make(row) for row in await tx.execute(statement, key)]


_EXISTS: Final = {
    "event": text(f"SELECT EXISTS (SELECT FROM graph_events WHERE {_OF} AND event_id = :id)"),  # noqa: S608
    "artifact": text(f"SELECT EXISTS (SELECT FROM graph_edges WHERE {_OF} AND artifact_id = :id AND NOT parked)"),  # noqa: S608
    "user": text(f"SELECT EXISTS (SELECT FROM graph_events WHERE {_OF} AND user_id = :id)"),  # noqa: S608
}


async def exists(tx: Transaction, generation: int, of: str, node_id: str) -> bool:
    """Whether the graph has an `event`, an `artifact` or a `user` of this id."""
    key = {"tenant": tx.tenant_id, "generation": generation, "id": node_id}
    return bool((await tx.execute(_EXISTS[of], key)).scalar_one())


_PAGES: Final = {
    "events": f"SELECT {_EVENT} FROM graph_events WHERE {_OF} AND event_id > :after ORDER BY event_id LIMIT :limit",  # noqa: S608
    "edges": (
        f"SELECT {_EDGE} FROM graph_edges WHERE {_OF} AND tracked_id > :after AND NOT parked"  # noqa: S608
        " ORDER BY tracked_id LIMIT :limit"
    ),
    "artifacts": (
        f"SELECT DISTINCT artifact_id FROM graph_edges WHERE {_OF} AND artifact_id > :after AND NOT parked"  # noqa: S608
        " ORDER BY artifact_id LIMIT :limit"
    ),
    "users": (
        f"SELECT DISTINCT user_id FROM graph_events WHERE {_OF} AND user_id > :after"  # noqa: S608
        " ORDER BY user_id LIMIT :limit"
    ),
}


async def events_after(tx: Transaction, generation: int, after: str, limit: int) -> list[GraphEventRow]:
    """A page of the graph's events, by id."""
    return [GraphEventRow(*row) for row in await _page(tx, "events", generation, after, limit)]


async def edges_after(tx: Transaction, generation: int, after: str, limit: int) -> list[GraphEdgeRow]:
    """A page of the graph's edges but the parked, by the id of their interaction."""
    return [GraphEdgeRow(*row) for row in await _page(tx, "edges", generation, after, limit)]


async def artifacts_after(tx: Transaction, generation: int, after: str, limit: int) -> list[str]:
    """A page of the graph's artifacts, by id."""
    return [row[0] for row in await _page(tx, "artifacts", generation, after, limit)]


async def users_after(tx: Transaction, generation: int, after: str, limit: int) -> list[str]:
    """A page of the users with events, by id."""
    return [row[0] for row in await _page(tx, "users", generation, after, limit)]


async def _page(tx: Transaction, what: str, generation: int, after: str, limit: int) -> Any:
    key = {"tenant": tx.tenant_id, "generation": generation, "after": after, "limit": limit}
    return await tx.execute(text(_PAGES[what]), key)
