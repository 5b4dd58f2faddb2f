"""Queries on ingested turns."""

from collections.abc import AsyncIterator
from dataclasses import fields
from datetime import datetime
from typing import Final

from sqlalchemy import delete, insert, select, text

from store.database import Transaction
from store.tables.base import values
from store.tables.interaction_log import InteractionLogRow, interaction_logs

_COLUMNS: Final = [interaction_logs.c[field.name] for field in fields(InteractionLogRow)]

_REMOVE_BEFORE: Final = text(
    "DELETE FROM interaction_logs WHERE tenant_id = :tenant AND (contact_id, interaction_id) IN"
    " (SELECT contact_id, interaction_id FROM interaction_logs"
    "   WHERE tenant_id = :tenant AND created_at < :at ORDER BY created_at LIMIT :batch)"
)


async def of_contact(tx: Transaction, contact_id: str) -> AsyncIterator[InteractionLogRow]:
    """Every turn of the contact, oldest first."""
    rows = await tx.execute(
        select(*_COLUMNS)
        .where(interaction_logs.c.tenant_id == tx.tenant_id, interaction_logs.c.contact_id == contact_id)
        .order_by(interaction_logs.c.occurred_at, interaction_logs.c.interaction_id)
    )
    for row in rows:
        yield InteractionLogRow(*row)


async def remove_before(tx: Transaction, at: datetime, batch: int) -> int:
    """Deletes a batch of the tenant's turns that came in before an instant, oldest first. Returns how many."""
    return (await tx.execute(_REMOVE_BEFORE, {"tenant": tx.tenant_id, "at": at, "batch": batch})).rowcount


async def add(tx: Transaction, row: InteractionLogRow) -> None:
    """Stores one turn. Raises UniqueViolation for a turn id that is taken."""
    await tx.execute(insert(interaction_logs).values(values(row)))


async def remove_all(tx: Transaction, contact_id: str) -> int:
    """Deletes every turn of the contact. Returns how many."""
    result = await tx.execute(
        delete(interaction_logs).where(
            interaction_logs.c.tenant_id == tx.tenant_id, interaction_logs.c.contact_id == contact_id
        )
    )
    return result.rowcount
