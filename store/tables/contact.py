"""Contacts with their state, and the sessions and days in which they were active."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

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
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

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
    Column("title", Text),
    Column("tags", ARRAY(Text), nullable=False, server_default="{}"),
    Column("attributes", JSONB, nullable=False, server_default="{}"),
    # The warmth as it was stored last, for lists; when it will be another, when it leaves its band, and when it last
    # fell from hot or warm.
    Column("warmth", Float, nullable=False, server_default="0"),
    Column("warmth_band", Text, nullable=False, server_default="cold"),
    instant("warmth_changes_at", nullable=True),
    instant("warmth_band_until", nullable=True),
    instant("warmth_fell_at", nullable=True),
    instant("last_touch_at", nullable=True),
    # What the warmth of any moment is worked out from, see `server.domain.warmth`.
    Column("touches", JSONB, nullable=False, server_default="[]"),
    UniqueConstraint("tenant_id", "channel", "external_id"),
    Index("contacts_recent_idx", "tenant_id", text("coalesce(last_active_at, created_at)"), "contact_id"),
    Index(None, "tenant_id", "total_messages", "contact_id"),
    Index(None, "tenant_id", "churn_risk", "contact_id"),
    Index(None, "tenant_id", "first_active_at"),
    Index(None, "tenant_id", "warmth", "contact_id"),
    Index("contacts_band_idx", "tenant_id", "warmth_band", "warmth", "contact_id"),
    Index(None, "tenant_id", "warmth_changes_at"),
    # Who cools down: partial, as most turns touch neither.
    Index(
        "contacts_cooling_idx",
        "tenant_id",
        "warmth_band_until",
        "contact_id",
        postgresql_where=text("warmth_band <> 'cold'"),
    ),
    Index(
        "contacts_fallen_idx",
        "tenant_id",
        "warmth_fell_at",
        "contact_id",
        postgresql_where=text("warmth_fell_at IS NOT NULL"),
    ),
    Index("contacts_name_idx", "tenant_id", text("lower(coalesce(display_name, ''))"), "contact_id"),
    Index(None, "tenant_id", "created_at", "contact_id"),
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
    title: str | None
    tags: list[str]
    attributes: dict[str, Any]
    warmth: float
    warmth_band: str
    warmth_changes_at: datetime | None
    warmth_band_until: datetime | None
    warmth_fell_at: datetime | None
    last_touch_at: datetime | None
    touches: list[Any]
