"""Touchpoints with contacts, as the CRM side records them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, Float, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from store.tables.base import instant, metadata, of_contact, tenant_id

KINDS: Final = ("call", "email", "meeting", "message", "note", "video_call")
"""Every kind of touchpoint. The indexes that pages are read from begin with it, see `store.interaction_pages`."""

interactions: Final = Table(
    "interactions",
    metadata,
    tenant_id(),
    Column("interaction_id", Text, primary_key=True),
    Column("contact_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("content", Text),
    Column("metadata", JSONB, nullable=False),
    # The surface it came from, and what it is there: a call's id, a message's.
    Column("origin", Text, nullable=False),
    Column("origin_id", Text),
    # The caller's own id.
    Column("external_id", Text),
    # 0 to 1: where in its kind's band of points it stands.
    Column("quality", Float, nullable=False),
    instant("occurred_at"),
    instant("created_at"),
    instant("updated_at"),
    of_contact(),
    Index("interactions_created_idx", "tenant_id", "kind", "created_at", "interaction_id"),
    Index("interactions_occurred_idx", "tenant_id", "kind", "occurred_at", "interaction_id"),
    Index("interactions_updated_idx", "tenant_id", "kind", "updated_at", "interaction_id"),
    Index("interactions_contact_created_idx", "tenant_id", "contact_id", "kind", "created_at", "interaction_id"),
    Index("interactions_contact_occurred_idx", "tenant_id", "contact_id", "kind", "occurred_at", "interaction_id"),
    Index("interactions_contact_updated_idx", "tenant_id", "contact_id", "kind", "updated_at", "interaction_id"),
    # What happened with a contact, of all kinds: the timeline, and the touches that make the warmth.
    Index(
        "interactions_timeline_idx", "tenant_id", "contact_id", "occurred_at", "interaction_id",
        postgresql_include=["kind", "origin", "quality"],
    ),
    Index(
        "interactions_external_id_key", "tenant_id", "external_id",
        unique=True, postgresql_where=text("external_id IS NOT NULL"),
    ),
    Index(
        "interactions_origin_id_key", "tenant_id", "origin", "origin_id",
        unique=True, postgresql_where=text("origin_id IS NOT NULL"),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class InteractionRow:
    """A row of `interactions`, column by column."""

    tenant_id: str
    interaction_id: str
    contact_id: str
    kind: str
    content: str | None
    metadata: dict[str, Any]
    origin: str
    origin_id: str | None
    external_id: str | None
    quality: float
    occurred_at: datetime
    created_at: datetime
    updated_at: datetime
