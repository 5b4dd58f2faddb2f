"""Queries on the endpoints that phone systems post to."""

from dataclasses import fields
from typing import Any, Final

from sqlalchemy import delete, func, insert, select

from store.database import Transaction
from store.tables.call import CallEndpointRow, call_endpoints

_COLUMNS: Final = [call_endpoints.c[field.name] for field in fields(CallEndpointRow)]


async def get(tx: Transaction, endpoint_id: str) -> CallEndpointRow | None:
    """The endpoint of the transaction's tenant."""
    query = select(*_COLUMNS).where(
        call_endpoints.c.tenant_id == tx.tenant_id, call_endpoints.c.endpoint_id == endpoint_id
    )
    row = (await tx.execute(query)).one_or_none()
    return None if row is None else CallEndpointRow(*row)


async def of_tenant(tx: Transaction) -> list[CallEndpointRow]:
    """Every endpoint of the transaction's tenant, newest first."""
    query = (
        select(*_COLUMNS)
        .where(call_endpoints.c.tenant_id == tx.tenant_id)
        .order_by(call_endpoints.c.created_at.desc(), call_endpoints.c.endpoint_id.desc())
    )
    return [CallEndpointRow(*row) for row in await tx.execute(query)]


async def count(tx: Transaction) -> int:
    """How many endpoints the transaction's tenant has."""
    query = select(func.count()).select_from(call_endpoints).where(call_endpoints.c.tenant_id == tx.tenant_id)
    return int((await tx.execute(query)).scalar_one())


async def add(tx: Transaction, row: CallEndpointRow) -> None:
    """Stores a new endpoint."""
    values: dict[str, Any] = {field.name: getattr(row, field.name) for field in fields(CallEndpointRow)}
    await tx.execute(insert(call_endpoints).values(values))


async def remove(tx: Transaction, endpoint_id: str) -> bool:
    """Deletes an endpoint; False where there is none."""
    result = await tx.execute(
        delete(call_endpoints)
        .where(call_endpoints.c.tenant_id == tx.tenant_id, call_endpoints.c.endpoint_id == endpoint_id)
        .returning(call_endpoints.c.endpoint_id)
    )
    return result.one_or_none() is not None
