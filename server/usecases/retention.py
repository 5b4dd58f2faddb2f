"""Raw turns go when the tenant's retention says; what was remembered of them stays, with their ids as provenance."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from store import embeddings, encodings, interaction_logs, providers, tenants
from store.database import Database, Transaction
from store.tables.tenant import PLATFORM

_BATCH: Final = 1_000


async def forget_old_turns(database: Database, clock: Callable[[], datetime]) -> int:
    """Deletes the raw turns of every tenant that came in before its retention, in batches. Returns how many."""
    removed, after = 0, ""
    while True:
        async with database.transaction(PLATFORM) as tx:
            page = await tenants.every(tx, after=after)
        if not page:
            return removed
        for tenant in page:
            removed += await _forget_of_tenant(database, tenant.tenant_id, clock())
        after = page[-1].tenant_id


async def _forget_of_tenant(database: Database, tenant_id: str, now: datetime) -> int:
    async with database.transaction(tenant_id) as tx:
        settings = await providers.processing(tx)
    if settings is None or settings.raw_turn_retention_days is None:
        return 0
    before = now - timedelta(days=settings.raw_turn_retention_days)
    return await _until_none(database, tenant_id, lambda tx: interaction_logs.remove_before(tx, before, _BATCH))


async def drop_vectors(database: Database, tenant_id: str) -> int:
    """Deletes a tenant's vectors in batches, but those that it has an embedder or encoder for. Returns how many."""
    async with database.transaction(tenant_id) as tx:
        has_embedder = any(row.role == "embedder" for row in await providers.of_tenant(tx))
        tenant = await tenants.get(tx, tenant_id)
    removed = 0
    if not has_embedder:
        removed += await _until_none(database, tenant_id, lambda tx: embeddings.remove_some(tx, _BATCH))
    if tenant is None or tenant.ranking_encoder == "none":
        removed += await _until_none(database, tenant_id, lambda tx: encodings.remove_some(tx, _BATCH))
    return removed


async def _until_none(database: Database, tenant_id: str, work: Callable[[Transaction], Awaitable[int]]) -> int:
    removed = 0
    while some := await database.run(tenant_id, work):
        removed += some
    return removed
