"""Tenants, their gateway keys, and the keys that Kith signs tokens with."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, LargeBinary, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from store.tables.base import instant, metadata, tenant_id

PLATFORM: Final = "platform"
"""The reserved tenant that holds platform keys and signing keys; no contact can belong to it."""

tenants: Final = Table(
    "tenants",
    metadata,
    tenant_id(),
    Column("name", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("status", Text, nullable=False),
    # What ranks its memories besides the built-in parts: `none`, or the name of a sentence encoder.
    Column("ranking_encoder", Text, nullable=False, server_default="none"),
    instant("created_at"),
)

gateway_keys: Final = Table(
    "gateway_keys",
    metadata,
    tenant_id(),
    Column("key_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    # SHA-256 of the secret: keys have 256 random bits, so a slow hash would protect nothing.
    Column("key_hash", LargeBinary, nullable=False),
    instant("created_at"),
    instant("expires_at", nullable=True),
    instant("revoked_at", nullable=True),
    UniqueConstraint("tenant_id", "key_hash"),
)

signing_keys: Final = Table(
    "signing_keys",
    metadata,
    tenant_id(),
    Column("key_id", Text, primary_key=True),
    Column("public_jwk", JSONB, nullable=False),
    # The private half in PEM, under envelope encryption (server/secrets.py).
    Column("private_key", LargeBinary, nullable=False),
    instant("created_at"),
    instant("retired_at", nullable=True),
)


@dataclass(frozen=True, slots=True)
class TenantRow:
    """A row of `tenants`."""

    tenant_id: str
    name: str
    time_zone: str
    status: str
    created_at: datetime
    ranking_encoder: str = "none"


@dataclass(frozen=True, slots=True)
class GatewayKeyRow:
    """A row of `gateway_keys`."""

    tenant_id: str
    key_id: str
    name: str
    key_hash: bytes
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class SigningKeyRow:
    """A row of `signing_keys`."""

    tenant_id: str
    key_id: str
    public_jwk: dict[str, Any]
    private_key: bytes
    created_at: datetime
    retired_at: datetime | None
