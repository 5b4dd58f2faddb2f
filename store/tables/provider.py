"""What a tenant configured of language models and embedders, and what they did."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import BigInteger, Column, Date, Float, ForeignKeyConstraint, Integer, LargeBinary, Table, Text

from store.tables.base import instant, metadata, of_contact, tenant_id
from store.tables.vector import Vector

processing_settings: Final = Table(
    "processing_settings",
    metadata,
    tenant_id(),
    # How several language models are asked: `first` or `council`.
    Column("strategy", Text, nullable=False),
    # The most tokens and the most money of a UTC day; null means no limit.
    Column("daily_tokens", BigInteger),
    Column("daily_cost", Float),
    # Null keeps raw turns for as long as their contact.
    Column("raw_turn_retention_days", Integer),
    instant("updated_at"),
)

providers: Final = Table(
    "providers",
    metadata,
    tenant_id(),
    Column("provider_id", Text, primary_key=True),
    # `language_model` or `embedder`.
    Column("role", Text, nullable=False),
    # `openai` or `built_in`.
    Column("kind", Text, nullable=False),
    # Its place among those of its role, from 0.
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("base_url", Text),
    Column("model", Text, nullable=False),
    Column("dimensions", Integer),
    # Under envelope encryption (server/secrets.py); the id changes with every new key.
    Column("api_key", LargeBinary),
    Column("api_key_id", Text),
    Column("timeout_seconds", Float, nullable=False),
    # Money per million tokens, in whatever unit the daily budget is given in.
    Column("prompt_price", Float, nullable=False),
    Column("completion_price", Float, nullable=False),
    # Grows when what the model answers may change, so that vectors of before are made anew.
    Column("revision", Integer, nullable=False),
    instant("updated_at"),
)

provider_usage: Final = Table(
    "provider_usage",
    metadata,
    tenant_id(),
    # A day of UTC.
    Column("day", Date, primary_key=True),
    Column("calls", BigInteger, nullable=False),
    # What was used, and what calls under way may use at most.
    Column("tokens", BigInteger, nullable=False),
    Column("cost", Float, nullable=False),
)

memory_embeddings: Final = Table(
    "memory_embeddings",
    metadata,
    tenant_id(),
    Column("contact_id", Text, primary_key=True),
    Column("memory_id", Text, primary_key=True),
    Column("model", Text, nullable=False),
    Column("dimensions", Integer, nullable=False),
    # The embedder's revision that made it.
    Column("version", Integer, nullable=False),
    # MD5 of the text it was made from, so that an edited memory is found.
    Column("content_hash", Text, nullable=False),
    Column("vector", Vector(), nullable=False),
    instant("created_at"),
    ForeignKeyConstraint(
        ["tenant_id", "contact_id", "memory_id"],
        ["memories.tenant_id", "memories.contact_id", "memories.memory_id"],
        ondelete="CASCADE",
    ),
)

memory_encodings: Final = Table(
    "memory_encodings",
    metadata,
    tenant_id(),
    Column("contact_id", Text, primary_key=True),
    Column("memory_id", Text, primary_key=True),
    # The sentence encoder, and which version of what it makes.
    Column("encoder", Text, nullable=False),
    # MD5 of the text it was made from, so that an edited memory is found.
    Column("content_hash", Text, nullable=False),
    # A signed byte for each number, as ranking takes them: they are read whole with every snapshot.
    Column("vector", LargeBinary, nullable=False),
    ForeignKeyConstraint(
        ["tenant_id", "contact_id", "memory_id"],
        ["memories.tenant_id", "memories.contact_id", "memories.memory_id"],
        ondelete="CASCADE",
    ),
)

turn_readings: Final = Table(
    "turn_readings",
    metadata,
    tenant_id(),
    Column("contact_id", Text, primary_key=True),
    Column("interaction_id", Text, primary_key=True),
    # Who read the turn; `none` where nobody may.
    Column("model", Text, nullable=False),
    # How many memories came of it.
    Column("memories", Integer, nullable=False),
    instant("read_at"),
    ForeignKeyConstraint(
        ["tenant_id", "contact_id", "interaction_id"],
        ["interaction_logs.tenant_id", "interaction_logs.contact_id", "interaction_logs.interaction_id"],
        ondelete="CASCADE",
    ),
)

enrichment_leases: Final = Table(
    "enrichment_leases",
    metadata,
    tenant_id(),
    Column("contact_id", Text, primary_key=True),
    # Who works on the contact with providers, and until when nobody else does.
    Column("token", Text, nullable=False),
    instant("expires_at"),
    of_contact(),
)


@dataclass(frozen=True, slots=True)
class ProcessingRow:
    """A row of `processing_settings`."""

    tenant_id: str
    strategy: str
    daily_tokens: int | None
    daily_cost: float | None
    raw_turn_retention_days: int | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """A row of `providers`, column by column."""

    tenant_id: str
    provider_id: str
    role: str
    kind: str
    position: int
    name: str
    base_url: str | None
    model: str
    dimensions: int | None
    api_key: bytes | None
    api_key_id: str | None
    timeout_seconds: float
    prompt_price: float
    completion_price: float
    revision: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class UsageRow:
    """A row of `provider_usage`."""

    tenant_id: str
    day: date
    calls: int
    tokens: int
    cost: float
