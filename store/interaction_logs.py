"""Queries on ingested turns."""

from sqlalchemy import insert

from store.database import Transaction
from store.tables.base import values
from store.tables.interaction_log import InteractionLogRow, interaction_logs


async def add(tx: Transaction, row: InteractionLogRow) -> None:
    """Stores one turn. Raises UniqueViolation for a turn id that is taken."""
    await tx.execute(insert(interaction_logs).values(values(row)))
