"""Queries on tenants, and the deletion of everything that is theirs."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Text, delete, func, literal_column, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from store.database import Transaction
from store.tables import metadata
from store.tables.tenant import TenantRow, tenants

_COLUMNS: Final = [tenants.c[field.name] for field in fields(TenantRow)]
_BATCH: Final = 5_000

OWNED: Final = tuple(
    table for table in reversed(metadata.sorted_tables) if "tenant_id" in table.c and table is not tenants
)
"""Every table with a tenant's rows, what depends on others first."""

JOBS: Final = "procrastinate_jobs"


def _row(row: Row[Any]) -> TenantRow:
    return TenantRow(*tuple(row))


async def get(tx: Transaction, tenant_id: str, *, lock: bool = False) -> TenantRow | None:
    """The tenant; with `lock`, nobody else changes it until this transaction ends."""
    query = select(*_COLUMNS).where(tenants.c.tenant_id == tenant_id)
    row = (await tx.execute(query.with_for_update() if lock else query)).one_or_none()
    return None if row is None else _row(row)


async def add(tx: Transaction, row: TenantRow) -> bool:
    """Stores a new tenant. False, and nothing changed, where its id is taken."""
    values = {field.name: getattr(row, field.name) for field in fields(TenantRow)}
    statement = upsert(tenants).values(values).on_conflict_do_nothing().returning(tenants.c.tenant_id)
    return (await tx.execute(statement)).one_or_none() is not None


async def set_status(tx: Transaction, tenant_id: str, status: str) -> None:
    """Changes whether its credentials are good: `active`, `suspended` or `deleting`."""
    await tx.execute(update(tenants).where(tenants.c.tenant_id == tenant_id).values(status=status))


async def set_ranking_encoder(tx: Transaction, encoder: str) -> None:
    """Sets what the transaction's tenant ranks with: `none`, or an encoder's name."""
    await tx.execute(update(tenants).where(tenants.c.tenant_id == tx.tenant_id).values(ranking_encoder=encoder))


async def time_zone(tx: Transaction) -> str:
    """The IANA time zone of the transaction's tenant; UTC where it is not known."""
    found = await tx.execute(select(tenants.c.time_zone).where(tenants.c.tenant_id == tx.tenant_id))
    return found.scalar_one_or_none() or "UTC"


async def every(tx: Transaction, *, after: str = "", limit: int = 1000) -> list[TenantRow]:
    """Tenants in the order of their ids, a page at a time."""
    query = select(*_COLUMNS).where(tenants.c.tenant_id > after).order_by(tenants.c.tenant_id).limit(limit)
    return [_row(row) for row in await tx.execute(query)]


async def remove(tx: Transaction, tenant_id: str) -> None:
    """Deletes the tenant's own row: the last act of its deletion."""
    await tx.execute(delete(tenants).where(tenants.c.tenant_id == tenant_id))


async def remove_some(tx: Transaction, table: str) -> int:
    """Deletes a batch of the transaction's tenant's rows from a table of `OWNED` or from `JOBS`. Returns how many."""
    await _deleting(tx)
    if table == JOBS:
        found = await tx.execute(
            text(
                f"DELETE FROM {JOBS} WHERE id IN (SELECT id FROM {JOBS}"  # noqa: S608 (a constant of ours)
                " WHERE args ->> 'tenant_id' = :tenant LIMIT :batch)"
            ),
            {"tenant": tx.tenant_id, "batch": _BATCH},
        )
        return found.rowcount
    owned = metadata.tables[table]
    row_id: ColumnElement[str] = literal_column("ctid", Text)
    batch = select(row_id).select_from(owned).where(owned.c.tenant_id == tx.tenant_id).limit(_BATCH)
    found = await tx.execute(
        delete(owned).where(owned.c.tenant_id == tx.tenant_id, row_id == func.any(func.array(batch.scalar_subquery())))
    )
    return found.rowcount


async def count(tx: Transaction) -> Mapping[str, int]:
    """How many rows the transaction's tenant still has, by table, jobs included."""
    counts: dict[str, int] = {}
    for table in OWNED:
        query = select(func.count()).select_from(table).where(table.c.tenant_id == tx.tenant_id)
        counts[table.name] = (await tx.execute(query)).scalar_one()
    jobs: Any = await tx.execute(
        text(f"SELECT count(*) FROM {JOBS} WHERE args ->> 'tenant_id' = :tenant"),  # noqa: S608 (a constant of ours)
        {"tenant": tx.tenant_id},
    )
    counts[JOBS] = jobs.scalar_one()
    return counts


async def _deleting(tx: Transaction) -> None:
    # The id has no character that would need quoting, see Database.transaction.
    await tx.driver.execute(f"SET LOCAL app.deleting_tenant = '{tx.tenant_id}'".encode(), prepare=False)
