"""Receipts of erasures become a chain of hashes in each tenant."""

import hashlib
import json
from datetime import UTC
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy import text

revision = "0006"
down_revision = "0005"

COLUMNS = (("position", sa.BigInteger), ("previous_hash", sa.LargeBinary), ("hash", sa.LargeBinary))

RECEIPTS = text(
    "SELECT receipt_id, kind, contact_digest, counts, erased_at FROM erasure_receipts ORDER BY erased_at, receipt_id"
)
CHAIN = text(
    "UPDATE erasure_receipts SET position = :position, previous_hash = :previous_hash, hash = :hash"
    " WHERE tenant_id = :tenant AND receipt_id = :receipt"
)


def upgrade() -> None:
    for name, kind in COLUMNS:
        op.add_column("erasure_receipts", sa.Column(name, kind))
    # What was erased before there was a chain, tenant by tenant: the owner too sees only the tenant it names.
    connection = op.get_bind()
    for (tenant,) in connection.execute(text("SELECT tenant_id FROM tenants")).all():
        connection.execute(text("SELECT set_config('app.tenant', :tenant, true)"), {"tenant": tenant})
        previous = bytes(32)
        for position, row in enumerate(connection.execute(RECEIPTS).all(), 1):
            hashed = _hash(previous, row)
            values = {"position": position, "previous_hash": previous, "hash": hashed}
            connection.execute(CHAIN, {**values, "tenant": tenant, "receipt": row.receipt_id})
            previous = hashed
    for name, _ in COLUMNS:
        op.alter_column("erasure_receipts", name, nullable=False)
    op.create_unique_constraint(
        "erasure_receipts_tenant_id_position_key", "erasure_receipts", ["tenant_id", "position"]
    )


def _hash(previous: bytes, row: "sa.Row[Any]") -> bytes:
    """As `store.receipts.hash_of` had it when this was written."""
    instant = row.erased_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    said = [previous.hex(), row.receipt_id, row.kind, bytes(row.contact_digest).hex(), row.counts, instant]
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).digest()


def downgrade() -> None:
    op.drop_constraint("erasure_receipts_tenant_id_position_key", "erasure_receipts")
    for name, _ in reversed(COLUMNS):
        op.drop_column("erasure_receipts", name)
