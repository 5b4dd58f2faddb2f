"""Queries on a tenant's providers, its processing settings, and what its providers used."""

from dataclasses import fields
from datetime import date
from typing import Final

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from store.database import Transaction
from store.tables.base import values
from store.tables.provider import (
    ProcessingRow,
    ProviderRow,
    UsageRow,
    processing_settings,
    provider_usage,
    providers,
)

_PROVIDER: Final = [providers.c[field.name] for field in fields(ProviderRow)]
_PROCESSING: Final = [processing_settings.c[field.name] for field in fields(ProcessingRow)]
_USAGE: Final = [provider_usage.c[field.name] for field in fields(UsageRow)]

_RESERVE: Final = text(
    "INSERT INTO provider_usage AS u (tenant_id, day, calls, tokens, cost)"
    " SELECT :tenant, :day, 1, :tokens, :cost"
    # Not of one that is being deleted: nothing of it may come back.
    " WHERE EXISTS (SELECT FROM tenants WHERE tenant_id = :tenant AND status <> 'deleting')"
    "   AND (CAST(:most_tokens AS bigint) IS NULL OR :tokens <= CAST(:most_tokens AS bigint))"
    "   AND (CAST(:most_cost AS float8) IS NULL OR :cost <= CAST(:most_cost AS float8))"
    " ON CONFLICT (tenant_id, day) DO UPDATE SET"
    "   calls = u.calls + 1, tokens = u.tokens + excluded.tokens, cost = u.cost + excluded.cost"
    " WHERE (CAST(:most_tokens AS bigint) IS NULL OR u.tokens + excluded.tokens <= CAST(:most_tokens AS bigint))"
    "   AND (CAST(:most_cost AS float8) IS NULL OR u.cost + excluded.cost <= CAST(:most_cost AS float8))"
    " RETURNING 1"
)

_SETTLE: Final = text(
    "UPDATE provider_usage SET tokens = greatest(0, tokens + :tokens), cost = greatest(0, cost + :cost)"
    " WHERE tenant_id = :tenant AND day = :day"
)


async def of_tenant(tx: Transaction) -> list[ProviderRow]:
    """Every provider of the transaction's tenant, by role and place."""
    query = (
        select(*_PROVIDER)
        .where(providers.c.tenant_id == tx.tenant_id)
        .order_by(providers.c.role, providers.c.position, providers.c.provider_id)
    )
    return [ProviderRow(*row) for row in await tx.execute(query)]


async def replace(tx: Transaction, role: str, rows: list[ProviderRow]) -> None:
    """Puts these in the place of all of the tenant's providers of a role."""
    await tx.execute(delete(providers).where(providers.c.tenant_id == tx.tenant_id, providers.c.role == role))
    if rows:
        await tx.execute(upsert(providers), [values(row) for row in rows])


async def processing(tx: Transaction) -> ProcessingRow | None:
    """The tenant's processing settings; None where it never set any."""
    query = select(*_PROCESSING).where(processing_settings.c.tenant_id == tx.tenant_id)
    row = (await tx.execute(query)).one_or_none()
    return None if row is None else ProcessingRow(*row)


async def set_processing(tx: Transaction, row: ProcessingRow) -> None:
    """Stores the tenant's processing settings."""
    new = values(row)
    statement = upsert(processing_settings).values(new)
    changed = {name: statement.excluded[name] for name in new if name != "tenant_id"}
    await tx.execute(statement.on_conflict_do_update(index_elements=["tenant_id"], set_=changed))


async def clear(tx: Transaction) -> None:
    """Deletes the tenant's providers with their keys, and its processing settings. What was used stays counted."""
    await tx.execute(delete(providers).where(providers.c.tenant_id == tx.tenant_id))
    await tx.execute(delete(processing_settings).where(processing_settings.c.tenant_id == tx.tenant_id))


async def usage(tx: Transaction, day: date) -> UsageRow | None:
    """What the tenant's providers used on a day of UTC."""
    query = select(*_USAGE).where(provider_usage.c.tenant_id == tx.tenant_id, provider_usage.c.day == day)
    row = (await tx.execute(query)).one_or_none()
    return None if row is None else UsageRow(*row)


async def reserve(
    tx: Transaction, day: date, *, tokens: int, cost: float, most_tokens: int | None, most_cost: float | None
) -> bool:
    """Counts a call that may use this much; False, and nothing counted, where the day's budget does not allow it."""
    found = await tx.execute(
        _RESERVE,
        {
            "tenant": tx.tenant_id, "day": day, "tokens": tokens, "cost": cost,
            "most_tokens": most_tokens, "most_cost": most_cost,
        },
    )  # fmt: skip
    return found.one_or_none() is not None


async def settle(tx: Transaction, day: date, *, tokens: int, cost: float) -> None:
    """Adds the difference between what a call used and what was reserved for it; mostly negative."""
    await tx.execute(_SETTLE, {"tenant": tx.tenant_id, "day": day, "tokens": tokens, "cost": cost})
