"""How contacts are reached and recognised, and which were made one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Boolean, Column, Index, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from store.tables.base import instant, metadata, of_contact, tenant_id

contact_identities: Final = Table(
    "contact_identities",
    metadata,
    tenant_id(),
    Column("identity_id", Text, primary_key=True),
    Column("contact_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    # Of an external id the system it belongs to; else empty.
    Column("system", Text, nullable=False),
    # A number in E.164, an address in lower case, or what was given where it could not be read.
    Column("value", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column("unreadable", Boolean, nullable=False),
    instant("created_at"),
    of_contact(),
    UniqueConstraint("tenant_id", "kind", "system", "value"),
    Index(None, "tenant_id", "contact_id"),
)

contact_merges: Final = Table(
    "contact_merges",
    metadata,
    tenant_id(),
    Column("merge_id", Text, primary_key=True),
    # The contact that stayed; the merge goes with it.
    Column("contact_id", Text, nullable=False),
    Column("merged_contact_id", Text, nullable=False),
    # Where the other was written to, and by what it is found when somebody makes it known again.
    Column("merged_channel", Text, nullable=False),
    Column("merged_external_id", Text, nullable=False),
    instant("merged_at"),
    instant("undo_until"),
    instant("undone_at", nullable=True),
    # What an undoing needs: keys of the rows that moved, and the rows that two became one of, as both were. Empty
    # where it cannot be undone any more.
    Column("moved", JSONB, nullable=False),
    of_contact(),
    Index(None, "tenant_id", "contact_id", "merged_at"),
    Index(None, "tenant_id", "merged_contact_id"),
    Index("contact_merges_external_idx", "tenant_id", "merged_channel", "merged_external_id"),
    # What maintenance looks for: records whose time to be undone is over.
    Index("contact_merges_spent_idx", "tenant_id", "undo_until", postgresql_where=text("moved <> '{}'")),
)


@dataclass(frozen=True, slots=True)
class IdentityRow:
    """A row of `contact_identities`, column by column."""

    tenant_id: str
    identity_id: str
    contact_id: str
    kind: str
    system: str
    value: str
    raw: str
    unreadable: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MergeRow:
    """A row of `contact_merges`, column by column."""

    tenant_id: str
    merge_id: str
    contact_id: str
    merged_contact_id: str
    merged_channel: str
    merged_external_id: str
    merged_at: datetime
    undo_until: datetime
    undone_at: datetime | None
    moved: dict[str, Any]
