"""Queries on ingested turns."""

from datetime import datetime
from typing import Final

from sqlalchemy import insert, text

from store.database import Transaction
from store.tables.base import values
from store.tables.interaction_log import InteractionLogRow, interaction_logs

_REMOVE_BEFORE: Final = text(
    "DELETE FROM interaction_logs WHERE tenant_id = :tenant AND (contact_id, interaction_id) IN"
    " (SELECT contact_id, interaction_id FROM interaction_logs"
    "   WHERE tenant_id = :tenant AND created_at < :at ORDER BY created_at LIMIT :batch)"
)


async def remove_before(tx: Transaction, at: datetime, batch: int) -> int:
    """Deletes a batch of the tenant's turns that came in before an instant, oldest first. Returns how many."""
    return (await tx.execute(_REMOVE_BEFORE, {"tenant": tx.tenant_id, "at": at, "batch": batch})).rowcount


async def add(tx: Transaction, row: InteractionLogRow) -> None:
    """Stores one turn. Raises UniqueViolation for a turn id that is taken."""
    await tx.execute(insert(interaction_logs).values(values(row)))
