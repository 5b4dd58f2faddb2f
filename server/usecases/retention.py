"""Raw turns go when the tenant's retention says; what was remembered of them stays, with their ids as provenance."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from server.usecases.tenants import every_tenant
from store import embeddings, encodings, interaction_logs, providers, tenants
from store.database import Database, Transaction

_BATCH: Final = 1_000


async def forget_old_turns(database: Database, clock: Callable[[], datetime]) -> int:
    """Deletes the raw turns of every tenant that came in before its retention, in batches. Returns how many."""
    removed = 0
    async for tenant in every_tenant(database):
        removed += await forget_old_turns_of(database, tenant.tenant_id, clock())
    return removed


async def forget_old_turns_of(database: Database, tenant_id: str, now: datetime) -> int:
    """Deletes the raw turns of one tenant that came in before its retention. Returns how many."""
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
