"""Queries on gateway keys. The secret itself is nowhere: rows hold its SHA-256."""

from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert, select, update

from store.database import Transaction
from store.tables.tenant import GatewayKeyRow
from store.tables.tenant import gateway_keys as keys

_COLUMNS: Final = [keys.c[field.name] for field in fields(GatewayKeyRow)]


async def by_hash(tx: Transaction, key_hash: bytes) -> GatewayKeyRow | None:
    """The key of the transaction's tenant whose secret has this hash."""
    query = select(*_COLUMNS).where(keys.c.tenant_id == tx.tenant_id, keys.c.key_hash == key_hash)
    row = (await tx.execute(query)).one_or_none()
    return None if row is None else GatewayKeyRow(*row)


async def get(tx: Transaction, key_id: str, *, lock: bool = False) -> GatewayKeyRow | None:
    """The key; with `lock`, nobody else changes it until this transaction ends."""
    query = select(*_COLUMNS).where(keys.c.tenant_id == tx.tenant_id, keys.c.key_id == key_id)
    row = (await tx.execute(query.with_for_update() if lock else query)).one_or_none()
    return None if row is None else GatewayKeyRow(*row)


async def of_tenant(tx: Transaction) -> list[GatewayKeyRow]:
    """Every key of the transaction's tenant, newest first."""
    query = (
        select(*_COLUMNS)
        .where(keys.c.tenant_id == tx.tenant_id)
        .order_by(keys.c.created_at.desc(), keys.c.key_id.desc())
    )
    return [GatewayKeyRow(*row) for row in await tx.execute(query)]


async def add(tx: Transaction, row: GatewayKeyRow) -> None:
    """Stores a new key."""
    values: dict[str, Any] = {field.name: getattr(row, field.name) for field in fields(GatewayKeyRow)}
    await tx.execute(insert(keys).values(values))


async def change(tx: Transaction, key_id: str, *, expires_at: datetime | None, revoked_at: datetime | None) -> None:
    """Sets when the key stops being good, and when it was revoked."""
    await tx.execute(
        update(keys)
        .where(keys.c.tenant_id == tx.tenant_id, keys.c.key_id == key_id)
        .values(expires_at=expires_at, revoked_at=revoked_at)
    )
