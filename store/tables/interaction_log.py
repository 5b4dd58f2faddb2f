"""Ingested turns, as they came."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, Float, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from store.tables.base import instant, metadata, of_contact, tenant_id

interaction_logs: Final = Table(
    "interaction_logs",
    metadata,
    tenant_id(),
    Column("contact_id", Text, primary_key=True),
    Column("interaction_id", Text, primary_key=True),
    instant("occurred_at"),
    Column("session_id", Text, nullable=False),
    Column("turn_id", Text),
    Column("user_message", Text),
    Column("ai_response", Text),
    Column("user_message_ref", Text),
    Column("ai_response_ref", Text),
    Column("mood", Text, nullable=False),
    Column("mood_confidence", Float, nullable=False),
    Column("mood_source", Text, nullable=False),
    Column("energy", Text, nullable=False),
    # The counts that the ingest was answered with, so that the same turn is answered the same again.
    Column("answer", JSONB, nullable=False),
    instant("created_at"),
    of_contact(),
    Index(
        "interaction_logs_turn_id_key", "tenant_id", "contact_id", "turn_id",
        unique=True, postgresql_where=text("turn_id IS NOT NULL"),
    ),
    Index(None, "tenant_id", "contact_id", "occurred_at"),
    Index(None, "tenant_id", "created_at"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class InteractionLogRow:
    """A row of `interaction_logs`, column by column."""

    tenant_id: str
    contact_id: str
    interaction_id: str
    occurred_at: datetime
    session_id: str
    turn_id: str | None
    user_message: str | None
    ai_response: str | None
    user_message_ref: str | None
    ai_response_ref: str | None
    mood: str
    mood_confidence: float
    mood_source: str
    energy: str
    answer: dict[str, Any]
    created_at: datetime
