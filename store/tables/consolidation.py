"""How the deferred work on each contact's memories last went."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Column, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from store.tables.base import instant, metadata, of_contact, tenant_id

consolidation_tasks: Final = Table(
    "consolidation_tasks",
    metadata,
    tenant_id(),
    Column("contact_id", Text, primary_key=True),
    Column("task", Text, primary_key=True),
    # `done`, `skipped` or `failed`.
    Column("status", Text, nullable=False),
    Column("changed", Integer, nullable=False),
    # What it did in numbers, by name; never text.
    Column("counts", JSONB, nullable=False),
    instant("finished_at"),
    of_contact(),
)


@dataclass(frozen=True, slots=True)
class ConsolidationTaskRow:
    """A row of `consolidation_tasks`, column by column."""

    tenant_id: str
    contact_id: str
    task: str
    status: str
    changed: int
    counts: dict[str, int]
    finished_at: datetime
