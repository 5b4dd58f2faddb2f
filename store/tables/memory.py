"""Memories and the entities that they mention."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Column, Float, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY

from store.tables.base import instant, metadata, of_contact, tenant_id

memories: Final = Table(
    "memories",
    metadata,
    tenant_id(),
    Column("contact_id", Text, primary_key=True),
    Column("memory_id", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("importance", Float, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("subject", Text),
    Column("attribute", Text),
    Column("value", Text),
    Column("entity_ids", ARRAY(Text), nullable=False),
    # The caller's references of the turns it came from, and our own ids of the same turns.
    Column("sources", ARRAY(Text), nullable=False),
    Column("interaction_ids", ARRAY(Text), nullable=False),
    Column("session_id", Text),
    Column("sequence", Integer, nullable=False),
    Column("speaker", Text),
    instant("occurred_at"),
    instant("event_start", nullable=True),
    instant("event_end", nullable=True),
    Column("strength", Float, nullable=False),
    instant("strength_at", nullable=True),
    Column("access_count", Integer, nullable=False),
    Column("status", Text, nullable=False),
    instant("valid_from"),
    instant("valid_to", nullable=True),
    Column("superseded_by", Text),
    instant("created_at"),
    # Who drew it from the turns: `rules`, or `llm`.
    Column("origin", Text, nullable=False, server_default="rules"),
    of_contact(),
    Index(None, "tenant_id", "contact_id", "status", "importance", "memory_id"),
    # What outreach looks for: whose day it is.
    Index(
        "memories_dated_idx",
        "tenant_id",
        "event_start",
        postgresql_where=text("event_start IS NOT NULL AND status = 'current'"),
    ),
    Index(
        "memories_birthdays_idx",
        "tenant_id",
        "contact_id",
        postgresql_where=text("attribute = 'birthday' AND status = 'current'"),
    ),
)

entities: Final = Table(
    "entities",
    metadata,
    tenant_id(),
    Column("contact_id", Text, primary_key=True),
    Column("entity_id", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("aliases", ARRAY(Text), nullable=False),
    instant("created_at"),
    of_contact(),
)


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """A row of `memories`, column by column."""

    tenant_id: str
    contact_id: str
    memory_id: str
    type: str
    content: str
    importance: float
    confidence: float
    subject: str | None
    attribute: str | None
    value: str | None
    entity_ids: list[str]
    sources: list[str]
    interaction_ids: list[str]
    session_id: str | None
    sequence: int
    speaker: str | None
    occurred_at: datetime
    event_start: datetime | None
    event_end: datetime | None
    strength: float
    strength_at: datetime | None
    access_count: int
    status: str
    valid_from: datetime
    valid_to: datetime | None
    superseded_by: str | None
    created_at: datetime
    origin: str = "rules"


@dataclass(frozen=True, slots=True)
class EntityRow:
    """A row of `entities`, column by column."""

    tenant_id: str
    contact_id: str
    entity_id: str
    type: str
    display_name: str
    aliases: list[str]
    created_at: datetime
