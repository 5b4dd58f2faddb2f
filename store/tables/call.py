"""Calls, what was told of them, and where phone systems tell it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from store.tables.base import instant, metadata, of_contact, tenant_id

calls: Final = Table(
    "calls",
    metadata,
    tenant_id(),
    Column("call_id", Text, primary_key=True),
    # Null until a number or a contact was told.
    Column("contact_id", Text),
    Column("provider", Text, nullable=False),
    Column("call_sid", Text, nullable=False),
    Column("agent_id", Text),
    Column("user_id", Text),
    Column("org_id", Text),
    Column("direction", Text, nullable=False),
    Column("caller_number", Text),
    Column("number_unreadable", Boolean, nullable=False),
    Column("caller_name", Text),
    Column("status", Text, nullable=False),
    Column("duration", Float),
    Column("recording_url", Text),
    Column("transcript", Text),
    Column("sentiment", Text),
    Column("topics", ARRAY(Text), nullable=False),
    Column("summary", Text),
    Column("collected_data", JSONB, nullable=False),
    Column("cost", Float),
    instant("started_at"),
    instant("ended_at", nullable=True),
    instant("created_at"),
    instant("updated_at"),
    of_contact(),
    UniqueConstraint("tenant_id", "provider", "call_sid"),
    Index(None, "tenant_id", "started_at", "call_id"),
    Index(None, "tenant_id", "contact_id", "started_at", "call_id"),
    Index(None, "tenant_id", "agent_id", "started_at", "call_id"),
    # What retention looks for.
    Index("calls_recordings_idx", "tenant_id", "started_at", postgresql_where=text("recording_url IS NOT NULL")),
    Index("calls_transcripts_idx", "tenant_id", "started_at", postgresql_where=text("transcript IS NOT NULL")),
)

call_events: Final = Table(
    "call_events",
    metadata,
    tenant_id(),
    Column("call_id", Text, primary_key=True),
    # Digest of what was told: the same told twice is one event.
    Column("event_key", Text, primary_key=True),
    Column("contact_id", Text),
    # What was told, in the names of `calls`. The call is what all of its events say together, however they came.
    Column("told", JSONB, nullable=False),
    instant("received_at"),
    of_contact(),
    Index(None, "tenant_id", "contact_id"),
)

gone_calls: Final = Table(
    "gone_calls",
    metadata,
    tenant_id(),
    # SHA-256 of provider and call sid: enough to know a late event's call again, not to tell whose it was.
    Column("call_digest", LargeBinary, primary_key=True),
    # With all of its contact; else deleted by itself, and may be recorded again.
    Column("erased", Boolean, nullable=False),
    instant("gone_at"),
)

call_endpoints: Final = Table(
    "call_endpoints",
    metadata,
    tenant_id(),
    Column("endpoint_id", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("agent_id", Text),
    # Encrypted under the master key.
    Column("secret", LargeBinary),
    instant("created_at"),
)

call_settings: Final = Table(
    "call_settings",
    metadata,
    tenant_id(),
    Column("default_region", Text),
    Column("recording_retention_days", Integer),
    Column("transcript_retention_days", Integer),
    Column("remember_summaries", Boolean, nullable=False),
    instant("updated_at"),
)


@dataclass(frozen=True, slots=True)
class CallRow:
    """A row of `calls`, column by column."""

    tenant_id: str
    call_id: str
    contact_id: str | None
    provider: str
    call_sid: str
    agent_id: str | None
    user_id: str | None
    org_id: str | None
    direction: str
    caller_number: str | None
    number_unreadable: bool
    caller_name: str | None
    status: str
    duration: float | None
    recording_url: str | None
    transcript: str | None
    sentiment: str | None
    topics: list[str]
    summary: str | None
    collected_data: dict[str, Any]
    cost: float | None
    started_at: datetime
    ended_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class CallEventRow:
    """A row of `call_events`, column by column."""

    tenant_id: str
    call_id: str
    event_key: str
    contact_id: str | None
    told: dict[str, Any]
    received_at: datetime


@dataclass(frozen=True, slots=True)
class CallEndpointRow:
    """A row of `call_endpoints`, column by column."""

    tenant_id: str
    endpoint_id: str
    provider: str
    agent_id: str | None
    secret: bytes | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CallSettingsRow:
    """A row of `call_settings`, column by column."""

    tenant_id: str
    default_region: str | None
    recording_retention_days: int | None
    transcript_retention_days: int | None
    remember_summaries: bool
    updated_at: datetime
