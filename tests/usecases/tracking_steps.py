"""What tests of tracking do again and again."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from server.composition import Composition
from server.domain.tracking import Edge, Event, Graph, Kind, Told
from server.usecases.tracking import project_waiting, record_interaction
from store import graph

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def told(kind: Kind, n: int = 0, **changes: Any) -> Told:
    usual = {
        "kind": kind, "user_id": "ada", "occurred_at": START + timedelta(seconds=n), "artifact_id": None,
        "metadata": {}, "contact_id": None, "event_id": None, "interaction_id": None,
    }  # fmt: skip
    return Told(**{**usual, **changes})


async def tell(parts: Composition, tenant: str, *all_told: Told) -> list[str]:
    """Records, and returns the events that they belong to."""
    found = [await record_interaction(parts.services, tenant, one) for one in all_told]
    assert all(one.queued for one in found)
    return [one.event_id for one in found]


async def project(parts: Composition, tenant: str) -> int:
    return await project_waiting(parts.services, tenant, settle=0)


async def rows(parts: Composition, tenant: str, query: str, **values: Any) -> list[tuple[Any, ...]]:
    async with parts.services.database.transaction(tenant) as tx:
        return [tuple(row) for row in await tx.execute(text(query), values)]


async def stored(parts: Composition, tenant: str) -> Graph:
    """The graph in use."""
    async with parts.services.database.transaction(tenant) as tx:
        generation = await graph.in_use(tx)
    events = await rows(
        parts, tenant,
        "SELECT event_id, kind, user_id, contact_id, metadata, occurred_at FROM graph_events WHERE generation = :g",
        g=generation,
    )  # fmt: skip
    edges = await rows(
        parts, tenant,
        "SELECT tracked_id, event_id, artifact_id, kind, contact_id, metadata, occurred_at, parked"
        " FROM graph_edges WHERE generation = :g",
        g=generation,
    )  # fmt: skip
    return Graph({row[0]: Event(*row[1:]) for row in events}, {row[0]: Edge(*row[1:]) for row in edges})
