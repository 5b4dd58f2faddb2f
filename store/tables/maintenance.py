"""Runs of maintenance, and what they found out about a tenant as a whole."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Boolean, Column, Float, Index, Integer, Table, Text

from store.tables.base import instant, metadata, tenant_id

maintenance_runs: Final = Table(
    "maintenance_runs",
    metadata,
    tenant_id(),
    Column("run_id", Text, primary_key=True),
    Column("status", Text, nullable=False),
    instant("started_at"),
    instant("finished_at", nullable=True),
    # The last contact gone through; whoever takes the run up again goes on after it.
    Column("after_contact", Text),
    # Whoever works on it holds it until then.
    instant("held_until"),
    Column("contacts", Integer, nullable=False),
    Column("churn_updated", Integer, nullable=False),
    Column("stages_changed", Integer, nullable=False),
    Column("streaks_ended", Integer, nullable=False),
    Column("memories_pruned", Integer, nullable=False),
    Column("memories_expired", Integer, nullable=False),
    Column("logs_removed", Integer, nullable=False),
    Column("keys_removed", Integer, nullable=False),
    Index(None, "tenant_id", "started_at"),
)

churn_models: Final = Table(
    "churn_models",
    metadata,
    tenant_id(),
    Column("r", Float, nullable=False),
    Column("alpha", Float, nullable=False),
    Column("a", Float, nullable=False),
    Column("b", Float, nullable=False),
    # False while the shipped prior holds.
    Column("fitted", Boolean, nullable=False),
    Column("contacts", Integer, nullable=False),
    instant("fitted_at"),
)


@dataclass(frozen=True, slots=True)
class MaintenanceRunRow:
    """A row of `maintenance_runs`."""

    tenant_id: str
    run_id: str
    status: str
    started_at: datetime
    finished_at: datetime | None
    after_contact: str | None
    held_until: datetime
    contacts: int
    churn_updated: int
    stages_changed: int
    streaks_ended: int
    memories_pruned: int
    memories_expired: int
    logs_removed: int
    keys_removed: int


@dataclass(frozen=True, slots=True)
class ChurnModelRow:
    """A row of `churn_models`."""

    tenant_id: str
    r: float
    alpha: float
    a: float
    b: float
    fitted: bool
    contacts: int
    fitted_at: datetime
