"""Idempotency keys: what was asked under a key, and what was answered."""

from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, and_, delete, literal_column, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from store.database import Transaction
from store.tables.operations import IdempotencyRow
from store.tables.operations import idempotency_keys as keys

_COLUMNS: Final = [keys.c[field.name] for field in fields(IdempotencyRow)]
_FEW: Final = 5


async def claim(tx: Transaction, row: IdempotencyRow, *, abandoned_before: datetime) -> IdempotencyRow | None:
    """Claims the key for a request that begins now. None if it is ours, else the row that stands.

    A row that has expired, or whose request began before `abandoned_before` and never ended, is taken over.
    """
    values: dict[str, Any] = {field.name: getattr(row, field.name) for field in fields(IdempotencyRow)}
    free = or_(
        keys.c.expires_at <= row.started_at, and_(keys.c.response.is_(None), keys.c.started_at < abandoned_before)
    )
    claimed = await tx.execute(
        upsert(keys)
        .values(values)
        .on_conflict_do_update(
            index_elements=["tenant_id", "operation", "idempotency_key"],
            set_={name: values[name] for name in values if name not in _KEY},
            where=free,
        )
        .returning(keys.c.started_at)
    )
    if claimed.one_or_none() is not None:
        return None
    standing = (await tx.execute(select(*_COLUMNS).where(_same(row)))).one_or_none()
    return row if standing is None else IdempotencyRow(*standing)


_KEY: Final = frozenset({"tenant_id", "operation", "idempotency_key"})


def _same(row: IdempotencyRow) -> ColumnElement[bool]:
    return and_(
        keys.c.tenant_id == row.tenant_id,
        keys.c.operation == row.operation,
        keys.c.idempotency_key == row.idempotency_key,
    )


async def keep(tx: Transaction, row: IdempotencyRow) -> None:
    """Keeps the answer with the key, unless the claim was taken over meanwhile; also where it was erased meanwhile."""
    values: dict[str, Any] = {field.name: getattr(row, field.name) for field in fields(IdempotencyRow)}
    await tx.execute(
        upsert(keys)
        .values(values)
        .on_conflict_do_update(
            index_elements=["tenant_id", "operation", "idempotency_key"],
            set_={name: values[name] for name in values if name not in _KEY},
            where=keys.c.started_at == row.started_at,
        )
    )


async def keep_unless_erased(tx: Transaction, row: IdempotencyRow) -> None:
    """Keeps the answer with the key, unless the claim was taken over, or erased, meanwhile."""
    await tx.execute(
        update(keys)
        .where(_same(row), keys.c.started_at == row.started_at)
        .values(response=row.response, http_status=row.http_status, contact_id=row.contact_id)
    )


async def release(tx: Transaction, row: IdempotencyRow) -> None:
    """Gives the key back after a failure, so that the request may be tried again."""
    await tx.execute(delete(keys).where(_same(row), keys.c.started_at == row.started_at, keys.c.response.is_(None)))


async def remove_expired(tx: Transaction, now: datetime, *, at_most: int = _FEW) -> int:
    """Forgets some of the tenant's answers that have expired. Returns how many."""
    row_id: ColumnElement[str] = literal_column("ctid", Text)
    old = (
        select(row_id)
        .select_from(keys)
        .where(keys.c.tenant_id == tx.tenant_id, keys.c.expires_at <= now)
        .limit(at_most)
        .with_for_update(skip_locked=True)
    )
    found = await tx.execute(delete(keys).where(keys.c.tenant_id == tx.tenant_id, row_id.in_(old)))
    return found.rowcount
