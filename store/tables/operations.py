"""What keeps operations honest: idempotency keys, the audit log, erasure receipts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from store.tables.base import instant, metadata, tenant_id

idempotency_keys: Final = Table(
    "idempotency_keys",
    metadata,
    tenant_id(),
    Column("operation", Text, primary_key=True),
    Column("idempotency_key", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    # When the request that holds the key began; it also tells that request from a later one that took over.
    instant("started_at"),
    # Null while the request is being worked on.
    Column("response", LargeBinary),
    Column("http_status", Text),
    # The contact that the answer is about, so that erasing the contact erases the answer.
    Column("contact_id", Text),
    instant("expires_at"),
    Index(None, "tenant_id", "expires_at"),
    Index(None, "tenant_id", "contact_id"),
)

audit_log: Final = Table(
    "audit_log",
    metadata,
    tenant_id(),
    Column("audit_id", Text, primary_key=True),
    instant("at"),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    # The id of what it was done to; never personal text.
    Column("target", Text),
    Column("request_id", Text),
    Index(None, "tenant_id", "at"),
)

erasure_receipts: Final = Table(
    "erasure_receipts",
    metadata,
    tenant_id(),
    Column("receipt_id", Text, primary_key=True),
    # `contact`, or `memories` where the contact itself stayed.
    Column("kind", Text, nullable=False),
    # Digest of the erased contact's id: enough to refuse the id later, not to tell whose it was.
    Column("contact_digest", LargeBinary, nullable=False),
    Column("counts", JSONB, nullable=False),
    instant("erased_at"),
    # The tenant's receipts are a chain: places from 1 on, and hashes over what each says and the hash before it.
    Column("position", BigInteger, nullable=False),
    Column("previous_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    UniqueConstraint("tenant_id", "position"),
    Index(None, "tenant_id", "contact_digest"),
)


@dataclass(frozen=True, slots=True)
class IdempotencyRow:
    """A row of `idempotency_keys`."""

    tenant_id: str
    operation: str
    idempotency_key: str
    request_hash: bytes
    started_at: datetime
    response: bytes | None
    http_status: str | None
    contact_id: str | None
    expires_at: datetime
