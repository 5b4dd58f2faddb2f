"""Contacts with their state, and the sessions and days in which they were active."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from store.tables.base import instant, metadata, of_contact, tenant_id

contacts: Final = Table(
    "contacts",
    metadata,
    tenant_id(),
    Column("contact_id", Text, primary_key=True),
    Column("external_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("display_name", Text),
    Column("language", Text, nullable=False),
    Column("time_zone", Text),
    Column("outreach_consent", Boolean),
    instant("created_at"),
    # Grows by one with every change that a context could show; caches are fresh if they hold the same number.
    Column("version", BigInteger, nullable=False),
    Column("mood", Text, nullable=False),
    Column("mood_strength", Float, nullable=False),
    Column("energy", Text, nullable=False),
    Column("style", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("trust", Text, nullable=False),
    Column("streak_days", Integer, nullable=False),
    Column("streak_last_day", Date),
    Column("total_messages", Integer, nullable=False),
    Column("total_sessions", Integer, nullable=False),
    Column("active_days", Integer, nullable=False),
    Column("disclosures", Integer, nullable=False),
    instant("last_active_at", nullable=True),
    instant("first_active_at", nullable=True),
    instant("last_wrote_at", nullable=True),
    Column("session_id", Text),
    Column("recent_gaps", ARRAY(Float), nullable=False),
    Column("hours", ARRAY(Integer), nullable=False),
    Column("churn_risk", Float, nullable=False),
    UniqueConstraint("tenant_id", "channel", "external_id"),
    Index("contacts_recent_idx", "tenant_id", text("coalesce(last_active_at, created_at)"), "contact_id"),
    Index(None, "tenant_id", "total_messages", "contact_id"),
    Index(None, "tenant_id", "churn_risk", "contact_id"),
    Index(None, "tenant_id", "first_active_at"),
    # Ingest updates the row in place most of the time if its page has room.
    postgresql_with={"fillfactor": 80},
)


contact_sessions: Final = Table(
    "contact_sessions",
    metadata,
    tenant_id(),
    Column("contact_id", Text, primary_key=True),
    Column("session_id", Text, primary_key=True),
    instant("started_at"),
    instant("last_turn_at"),
    Column("turns", Integer, nullable=False),
    of_contact(),
    Index(None, "tenant_id", "started_at"),
)

contact_days: Final = Table(
    "contact_days",
    metadata,
    tenant_id(),
    Column("contact_id", Text, primary_key=True),
    # A day of the contact's own time zone.
    Column("day", Date, primary_key=True),
    Column("turns", Integer, nullable=False),
    of_contact(),
)


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A row of `contacts`, column by column."""

    tenant_id: str
    contact_id: str
    external_id: str
    channel: str
    display_name: str | None
    language: str
    time_zone: str | None
    outreach_consent: bool | None
    created_at: datetime
    version: int
    mood: str
    mood_strength: float
    energy: str
    style: str
    stage: str
    trust: str
    streak_days: int
    streak_last_day: date | None
    total_messages: int
    total_sessions: int
    active_days: int
    disclosures: int
    last_active_at: datetime | None
    first_active_at: datetime | None
    last_wrote_at: datetime | None
    session_id: str | None
    recent_gaps: list[float]
    hours: list[int]
    churn_risk: float
