"""Proactive messages, how they leave, and what contacts agreed to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from store.tables.base import instant, metadata, of_contact, tenant_id

outreach_configs: Final = Table(
    "outreach_configs",
    metadata,
    tenant_id(),
    Column("inactivity_enabled", Boolean, nullable=False),
    Column("inactivity_days", Integer, nullable=False),
    Column("inactivity_max_attempts", Integer, nullable=False),
    Column("milestone_enabled", Boolean, nullable=False),
    Column("recurring_enabled", Boolean, nullable=False),
    Column("recurring_cron", Text),
    Column("quiet_hours_start", Text, nullable=False),
    Column("quiet_hours_end", Text, nullable=False),
    Column("max_per_day", Integer, nullable=False),
    Column("max_per_week", Integer, nullable=False),
    Column("requires_approval", Boolean, nullable=False),
    Column("inactivity_template", Text),
    Column("milestone_template", Text),
    Column("recurring_template", Text),
    # Up to when recurrence was looked at; slots after it are still to be made.
    instant("recurring_until", nullable=True),
    instant("updated_at"),
)

outreach_channels: Final = Table(
    "outreach_channels",
    metadata,
    tenant_id(),
    Column("channel", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("url", Text),
    Column("sender", Text),
    # Encrypted under the master key.
    Column("secret", LargeBinary),
    instant("updated_at"),
)

outreach_triggers: Final = Table(
    "outreach_triggers",
    metadata,
    tenant_id(),
    Column("trigger_id", Text, primary_key=True),
    Column("contact_id", Text, nullable=False),
    Column("trigger_type", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("status", Text, nullable=False),
    # `given`, `template` or `generated`; `message` is null until the text is known.
    Column("text_source", Text, nullable=False),
    Column("message", Text),
    Column("template", Text),
    Column("template_variables", JSONB),
    Column("llm_context", Text),
    instant("scheduled_at"),
    instant("expires_at"),
    Column("expire_on_reply", Boolean, nullable=False),
    # What made it due, e.g. `silent_days:5`; and the key by which one occasion makes one message.
    Column("reason", Text),
    Column("occasion", Text),
    Column("dedupe_key", Text),
    # When it may be looked at again: its time, a postponement, or the next try.
    instant("due_at"),
    # Whoever claimed it holds it until then; a claim that ran out is taken over with a look-up first.
    instant("claimed_until", nullable=True),
    Column("attempts", Integer, nullable=False),
    # Whether a try ended without anybody knowing whether the provider took it.
    Column("outcome_unknown", Boolean, nullable=False),
    Column("provider_message_id", Text),
    Column("failure", Text),
    instant("sent_at", nullable=True),
    instant("created_at"),
    of_contact(),
    Index(None, "tenant_id", "status", "due_at"),
    Index(None, "tenant_id", "scheduled_at", "trigger_id"),
    Index(None, "tenant_id", "contact_id", "scheduled_at"),
    # What went out, for the timeline.
    Index(
        "outreach_triggers_sent_idx",
        "tenant_id",
        "contact_id",
        "sent_at",
        "trigger_id",
        postgresql_where=text("status = 'sent'"),
    ),
    Index(
        "outreach_triggers_dedupe_key",
        "tenant_id",
        "contact_id",
        "dedupe_key",
        unique=True,
        postgresql_where=text("dedupe_key IS NOT NULL AND status IN ('pending', 'held', 'claimed')"),
    ),
    Index(
        "outreach_triggers_occasion_key",
        "tenant_id",
        "contact_id",
        "occasion",
        unique=True,
        postgresql_where=text("occasion IS NOT NULL"),
    ),
)

outreach_outbox: Final = Table(
    "outreach_outbox",
    metadata,
    tenant_id(),
    Column("trigger_id", Text, primary_key=True),
    Column("contact_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("message", Text, nullable=False),
    instant("sent_at"),
    of_contact(),
    Index(None, "tenant_id", "sent_at", "trigger_id"),
)

channel_consents: Final = Table(
    "channel_consents",
    metadata,
    tenant_id(),
    Column("contact_id", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("source", Text, nullable=False),
    instant("at"),
    of_contact(),
)


@dataclass(frozen=True, slots=True)
class OutreachConfigRow:
    """A row of `outreach_configs`."""

    tenant_id: str
    inactivity_enabled: bool
    inactivity_days: int
    inactivity_max_attempts: int
    milestone_enabled: bool
    recurring_enabled: bool
    recurring_cron: str | None
    quiet_hours_start: str
    quiet_hours_end: str
    max_per_day: int
    max_per_week: int
    requires_approval: bool
    inactivity_template: str | None
    milestone_template: str | None
    recurring_template: str | None
    recurring_until: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A row of `outreach_channels`."""

    tenant_id: str
    channel: str
    kind: str
    url: str | None
    sender: str | None
    secret: bytes | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class TriggerRow:
    """A row of `outreach_triggers`."""

    tenant_id: str
    trigger_id: str
    contact_id: str
    trigger_type: str
    channel: str
    status: str
    text_source: str
    message: str | None
    template: str | None
    template_variables: dict[str, Any] | None
    llm_context: str | None
    scheduled_at: datetime
    expires_at: datetime
    expire_on_reply: bool
    reason: str | None
    occasion: str | None
    dedupe_key: str | None
    due_at: datetime
    claimed_until: datetime | None
    attempts: int
    outcome_unknown: bool
    provider_message_id: str | None
    failure: str | None
    sent_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A row of `outreach_outbox`."""

    tenant_id: str
    trigger_id: str
    contact_id: str
    channel: str
    message: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """A row of `channel_consents`."""

    tenant_id: str
    contact_id: str
    channel: str
    status: str
    source: str
    at: datetime
