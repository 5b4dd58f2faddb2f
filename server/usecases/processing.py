"""What a tenant sets of the deferred processing: language models, embedder, ranking encoder, budget, retention."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from server.credentials.tenants import CHANGED
from server.domain.errors import InvalidInput, NotFound
from server.providers.ports import Role
from server.usecases import audit, enrichment
from server.usecases.encoders import EncoderChoice
from server.usecases.new_providers import BUILT_IN, NewProvider, check, put
from server.usecases.providers import COUNCIL, EMBEDDER, LANGUAGE_MODEL
from server.usecases.tenants import Administration
from store import providers, queue, tenants
from store.database import Transaction
from store.errors import UniqueViolation
from store.notifications import notify
from store.tables.provider import ProcessingRow, ProviderRow

Strategy = Literal["first", "council"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The budget of a UTC day, and for how many days raw turns are kept; None means without limit."""

    daily_tokens: int | None = None
    daily_cost: float | None = None
    raw_turn_retention_days: int | None = None


@dataclass(frozen=True, slots=True)
class Processing:
    """All of it as it is, and what was used today."""

    strategy: Strategy
    language_models: list[ProviderRow]
    embedder: ProviderRow | None
    limits: Limits
    tokens_today: int
    cost_today: float
    ranking_encoder: EncoderChoice


async def get_processing(parts: Administration, tenant_id: str) -> Processing:
    """The tenant's settings. Raises NotFound."""
    async with parts.database.transaction(tenant_id) as tx:
        await _require(tx)
        return await _read(tx, parts.clock())


async def set_language_models(
    parts: Administration, tenant_id: str, new: Sequence[NewProvider], strategy: Strategy = "first"
) -> Processing:
    """Puts a list in the place of the tenant's language models. Raises NotFound, InvalidInput."""
    check(parts, new, "language_models")
    if strategy == COUNCIL and (len(new) < 2 or any(one.kind == BUILT_IN for one in new)):
        raise InvalidInput.of("strategy", "a council needs at least two language models, none of them built in")

    async def work(tx: Transaction) -> Processing:
        await _require(tx)
        await put(parts, tx, LANGUAGE_MODEL, new)
        now = parts.clock()
        settings = await providers.processing(tx) or _unset(tx.tenant_id, now)
        await providers.set_processing(tx, _with(settings, strategy, _limits(settings), now))
        return await _done(tx, now, enrichment.backfill_job(tenant_id) if new else None)

    return await _run(parts, tenant_id, work)


async def set_embedder(parts: Administration, tenant_id: str, new: NewProvider) -> Processing:
    """Sets the tenant's embedder; memories are embedded by a job. Raises NotFound, InvalidInput."""
    check(parts, [new], "embedder")

    async def work(tx: Transaction) -> Processing:
        await _require(tx)
        await put(parts, tx, EMBEDDER, [new])
        return await _done(tx, parts.clock(), enrichment.backfill_job(tenant_id))

    return await _run(parts, tenant_id, work)


async def set_limits(parts: Administration, tenant_id: str, limits: Limits) -> Processing:
    """Sets budget and retention. Raises NotFound."""

    async def work(tx: Transaction) -> Processing:
        await _require(tx)
        now = parts.clock()
        settings = await providers.processing(tx) or _unset(tx.tenant_id, now)
        await providers.set_processing(tx, _with(settings, settings.strategy, limits, now))
        return await _done(tx, now, None)

    return await _run(parts, tenant_id, work)


async def set_ranking_encoder(parts: Administration, tenant_id: str, encoder: EncoderChoice) -> Processing:
    """Sets what ranks a tenant's memories besides the built-in parts; a job makes the vectors, or deletes them.

    Raises NotFound; InvalidInput where the deployment has no encoder.
    """
    if encoder != "none" and (lacking := parts.encoder_missing()) is not None:
        raise InvalidInput.of("encoder", f"this deployment has no sentence encoder: {lacking}")

    async def work(tx: Transaction) -> Processing:
        await _require(tx)
        await tenants.set_ranking_encoder(tx, encoder)
        await notify(tx, CHANGED, tenant=tenant_id)
        job = enrichment.drop_job(tenant_id) if encoder == "none" else enrichment.backfill_job(tenant_id)
        return await _done(tx, parts.clock(), job)

    return await _run(parts, tenant_id, work)


async def delete_providers(parts: Administration, tenant_id: str, role: Role | None) -> Processing:
    """Removes the providers of a role with their keys; of both roles, and the limits, without one. Raises NotFound."""

    async def work(tx: Transaction) -> Processing:
        await _require(tx)
        if role is None:
            await providers.clear(tx)
        else:
            await providers.replace(tx, role, [])
        job = None if role == LANGUAGE_MODEL else enrichment.drop_job(tenant_id)
        return await _done(tx, parts.clock(), job)

    return await _run(parts, tenant_id, work)


async def _run(
    parts: Administration, tenant_id: str, work: Callable[[Transaction], Awaitable[Processing]]
) -> Processing:
    try:
        return await parts.database.run(tenant_id, work)
    except UniqueViolation:
        # The same job was queued at this moment; looked at again, it waits.
        return await parts.database.run(tenant_id, work)


async def _require(tx: Transaction) -> None:
    found = await tenants.get(tx, tx.tenant_id, lock=True)
    if found is None or found.status == "deleting":
        raise NotFound(f"Tenant {tx.tenant_id} does not exist.", reason="TENANT_NOT_FOUND")


def _unset(tenant_id: str, now: datetime) -> ProcessingRow:
    return ProcessingRow(tenant_id, "first", None, None, None, now)


def _limits(row: ProcessingRow) -> Limits:
    return Limits(row.daily_tokens, row.daily_cost, row.raw_turn_retention_days)


def _with(row: ProcessingRow, strategy: str, limits: Limits, now: datetime) -> ProcessingRow:
    return ProcessingRow(
        row.tenant_id, strategy, limits.daily_tokens, limits.daily_cost, limits.raw_turn_retention_days, now
    )


async def _done(tx: Transaction, now: datetime, job: queue.Job | None) -> Processing:
    await audit.record(tx, target=tx.tenant_id)
    if job is not None:
        await queue.put_unless_waiting(tx, job)
    return await _read(tx, now)


async def _read(tx: Transaction, now: datetime) -> Processing:
    rows = await providers.of_tenant(tx)
    settings = await providers.processing(tx) or _unset(tx.tenant_id, now)
    used = await providers.usage(tx, now.astimezone(UTC).date())
    tenant = await tenants.get(tx, tx.tenant_id)
    embedders = [row for row in rows if row.role == EMBEDDER]
    return Processing(
        strategy="council" if settings.strategy == COUNCIL else "first",
        language_models=[row for row in rows if row.role == LANGUAGE_MODEL],
        embedder=embedders[0] if embedders else None,
        limits=_limits(settings),
        tokens_today=used.tokens if used else 0,
        cost_today=used.cost if used else 0.0,
        ranking_encoder="minilm" if tenant is not None and tenant.ranking_encoder == "minilm" else "none",
    )
