"""What users did with what was surfaced: the log, which is the truth, and the graph, which is made from it.

The graph has generations: a rebuild fills the next one beside that in use, and takes its place in one statement.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Column, Identity, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from store.tables.base import instant, metadata, of_contact, tenant_id

tracking_log: Final = Table(
    "tracking_log",
    metadata,
    tenant_id(),
    Column("tracked_id", Text, primary_key=True),
    # The order in which it came.
    Column("position", BigInteger, Identity(always=False), nullable=False),
    Column("kind", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("contact_id", Text),
    Column("event_id", Text, nullable=False),
    Column("artifact_id", Text),
    Column("metadata", JSONB, nullable=False),
    instant("occurred_at"),
    instant("received_at"),
    # Whether the graph in use has it.
    Column("projected", Boolean, nullable=False, server_default="false"),
    of_contact(),
    Index(None, "tenant_id", "position"),
    Index("tracking_log_waiting_idx", "tenant_id", "position", postgresql_where=text("NOT projected")),
    # An event is started once; what starts it again changes nothing.
    Index(
        "tracking_log_start_key",
        "tenant_id",
        "event_id",
        unique=True,
        postgresql_where=text("kind IN ('recall', 'workspace')"),
    ),
    Index(None, "tenant_id", "event_id"),
    Index(None, "tenant_id", "contact_id"),
)

graph_heads: Final = Table(
    "graph_heads",
    metadata,
    tenant_id(),
    # The generation in use, and that under way, if any.
    Column("generation", Integer, nullable=False),
    Column("rebuilding", Integer),
    instant("rebuilt_at", nullable=True),
)

graph_events: Final = Table(
    "graph_events",
    metadata,
    tenant_id(),
    Column("generation", Integer, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("contact_id", Text),
    Column("metadata", JSONB, nullable=False),
    instant("occurred_at"),
    of_contact(),
    Index(None, "tenant_id", "generation", "user_id", "occurred_at"),
    Index(None, "tenant_id", "contact_id"),
)

graph_edges: Final = Table(
    "graph_edges",
    metadata,
    tenant_id(),
    Column("generation", Integer, primary_key=True),
    Column("tracked_id", Text, primary_key=True),
    Column("event_id", Text, nullable=False),
    Column("artifact_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("contact_id", Text),
    Column("metadata", JSONB, nullable=False),
    instant("occurred_at"),
    # Whether it waits for its event.
    Column("parked", Boolean, nullable=False),
    of_contact(),
    # The kind before the far end: of a node with very many edges, those of one kind are read no further than asked for.
    Index(
        "graph_edges_of_event_idx",
        "tenant_id",
        "generation",
        "event_id",
        "kind",
        "artifact_id",
        postgresql_where=text("NOT parked"),
    ),
    Index(
        "graph_edges_of_artifact_idx",
        "tenant_id",
        "generation",
        "artifact_id",
        "kind",
        "event_id",
        postgresql_where=text("NOT parked"),
    ),
    Index("graph_edges_parked_idx", "tenant_id", "generation", "event_id", postgresql_where=text("parked")),
    Index(None, "tenant_id", "contact_id"),
)


@dataclass(frozen=True, slots=True)
class TrackedRow:
    """A row of `tracking_log`, but for its position."""

    tenant_id: str
    tracked_id: str
    kind: str
    user_id: str
    contact_id: str | None
    event_id: str
    artifact_id: str | None
    metadata: dict[str, Any]
    occurred_at: datetime
    received_at: datetime
    projected: bool


@dataclass(frozen=True, slots=True)
class GraphEventRow:
    """A row of `graph_events`, column by column."""

    tenant_id: str
    generation: int
    event_id: str
    kind: str
    user_id: str
    contact_id: str | None
    metadata: dict[str, Any]
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class GraphEdgeRow:
    """A row of `graph_edges`, column by column."""

    tenant_id: str
    generation: int
    tracked_id: str
    event_id: str
    artifact_id: str
    kind: str
    contact_id: str | None
    metadata: dict[str, Any]
    occurred_at: datetime
    parked: bool
