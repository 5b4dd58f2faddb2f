"""Queries on the keys that Kith signs tokens with."""

from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert, select, text, update

from store.database import Transaction
from store.tables.tenant import SigningKeyRow
from store.tables.tenant import signing_keys as keys

_COLUMNS: Final = [keys.c[field.name] for field in fields(SigningKeyRow)]
_LOCK: Final = text("SELECT pg_advisory_xact_lock(1802073448)")


async def only_one(tx: Transaction) -> None:
    """Waits until no other transaction is making a signing key."""
    await tx.execute(_LOCK)


async def good(tx: Transaction) -> list[SigningKeyRow]:
    """The keys that are not retired, newest first."""
    query = (
        select(*_COLUMNS)
        .where(keys.c.tenant_id == tx.tenant_id, keys.c.retired_at.is_(None))
        .order_by(keys.c.created_at.desc())
    )
    return [SigningKeyRow(*row) for row in await tx.execute(query)]


async def add(tx: Transaction, row: SigningKeyRow) -> None:
    """Stores a new key."""
    values: dict[str, Any] = {field.name: getattr(row, field.name) for field in fields(SigningKeyRow)}
    await tx.execute(insert(keys).values(values))


async def retire(tx: Transaction, key_id: str, at: datetime) -> int:
    """Ends a key: tokens that it signed are no longer good. Returns how many keys that were."""
    found = await tx.execute(
        update(keys)
        .where(keys.c.tenant_id == tx.tenant_id, keys.c.key_id == key_id, keys.c.retired_at.is_(None))
        .values(retired_at=at)
    )
    return found.rowcount
