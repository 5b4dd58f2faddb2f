"""Placeholder of w5-warmth's module, until it is merged."""

from datetime import datetime

from store import contacts
from store.database import Transaction


async def recompute_contact(tx: Transaction, contact_id: str, now: datetime) -> int | None:
    return await contacts.change(tx, contact_id, {})
