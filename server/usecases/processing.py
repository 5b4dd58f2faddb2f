"""What a tenant sets of the deferred processing: language models, embedder, ranking encoder, budget, retention."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from server import ids
from server.credentials.tenants import CHANGED
from server.domain.errors import FieldViolation, InvalidInput, NotFound, Unavailable
from server.providers.addresses import wrong_with_url
from server.providers.built_in import DIMENSIONS, HASHED, RULES
from server.providers.ports import Role
from server.secrets import UnreadableSecret
from server.usecases import audit, enrichment
from server.usecases.encoders import EncoderChoice
from server.usecases.providers import COUNCIL, EMBEDDER, LANGUAGE_MODEL, key_purpose
from server.usecases.tenants import Administration
from store import embeddings, providers, queue, tenants
from store.database import Transaction
from store.errors import UniqueViolation
from store.notifications import notify
from store.tables.provider import ProcessingRow, ProviderRow

Strategy = Literal["first", "council"]

_TIMEOUT_SECONDS: Final = 30.0
_BUILT_IN: Final = "built_in"


@dataclass(frozen=True, slots=True)
class NewProvider:
    """A provider as it is to be; ranges are validated by the contract. `api_key` None keeps the stored one."""

    name: str | None = None
    kind: Literal["openai", "built_in"] = "openai"
    base_url: str | None = None
    model: str | None = None
    api_key: str | None = None
    dimensions: int | None = None
    timeout_seconds: float = _TIMEOUT_SECONDS
    prompt_price: float = 0.0
    completion_price: float = 0.0


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
    _check(parts, new, "language_models")
    if strategy == COUNCIL and (len(new) < 2 or any(one.kind == _BUILT_IN for one in new)):
        raise InvalidInput.of("strategy", "a council needs at least two language models, none of them built in")

    async def work(tx: Transaction) -> Processing:
        await _require(tx)
        await _replace(parts, tx, LANGUAGE_MODEL, new)
        now = parts.clock()
        settings = await providers.processing(tx) or _unset(tx.tenant_id, now)
        await providers.set_processing(tx, _with(settings, strategy, _limits(settings), now))
        return await _done(tx, now, enrichment.backfill_job(tenant_id) if new else None)

    return await _run(parts, tenant_id, work)


async def set_embedder(parts: Administration, tenant_id: str, new: NewProvider) -> Processing:
    """Sets the tenant's embedder; memories are embedded by a job. Raises NotFound, InvalidInput."""
    _check(parts, [new], "embedder")

    async def work(tx: Transaction) -> Processing:
        await _require(tx)
        await _replace(parts, tx, EMBEDDER, [new])
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


def _check(parts: Administration, new: Sequence[NewProvider], field: str) -> None:
    """Raises InvalidInput, naming each field."""
    wrong: list[FieldViolation] = []
    for n, one in enumerate(new):
        where = f"{field}[{n}]" if field == "language_models" else field
        wrong += [FieldViolation(f"{where}.{name}", problem) for name, problem in _problems(parts, one, field)]
    names = [_name(one) for one in new]
    if len(set(names)) != len(names):
        wrong.append(FieldViolation(field, "each needs a name of its own"))
    if wrong:
        raise InvalidInput(wrong)
    if parts.envelope is None and any(one.api_key for one in new):
        raise Unavailable("This deployment has no master key (KITH_MASTER_KEY), so it can keep no provider's key.")


def _problems(parts: Administration, one: NewProvider, field: str) -> list[tuple[str, str]]:
    if one.kind == _BUILT_IN:
        given = {"base_url": one.base_url, "model": one.model, "api_key": one.api_key, "dimensions": one.dimensions}
        return [(name, "is not for what is built in") for name, value in given.items() if value]
    found: list[tuple[str, str]] = []
    if one.base_url is None:
        found.append(("base_url", "must be given"))
    elif problem := wrong_with_url(one.base_url, allow_private=parts.private_providers):
        found.append(("base_url", problem))
    if one.model is None:
        found.append(("model", "must be given"))
    if one.api_key and not (one.api_key.isascii() and one.api_key.isprintable()):
        found.append(("api_key", "must be printable ASCII"))
    if field == "language_models" and one.dimensions is not None:
        found.append(("dimensions", "is only for an embedder"))
    return found


def _name(one: NewProvider) -> str:
    return one.name or one.model or "built-in"


async def _replace(parts: Administration, tx: Transaction, role: Role, new: Sequence[NewProvider]) -> None:
    known = [row for row in await providers.of_tenant(tx) if row.role == role]
    by_name = {row.name: row for row in known}
    # A revision that was used once is never used again, so that no vector is taken for one of another model.
    latest = max((row.revision for row in known), default=0)
    if role == EMBEDDER and not known:
        latest = await embeddings.latest_version(tx)
    rows = [_row(parts, tx.tenant_id, role, n, one, by_name.get(_name(one)), latest) for n, one in enumerate(new)]
    await providers.replace(tx, role, rows)


def _row(
    parts: Administration,
    tenant_id: str,
    role: Role,
    position: int,
    new: NewProvider,
    known: ProviderRow | None,
    latest: int,
) -> ProviderRow:
    now = parts.clock()
    provider_id = known.provider_id if known else ids.new("prv", now)
    built_in = new.kind == _BUILT_IN
    model = (RULES if role == LANGUAGE_MODEL else HASHED) if built_in else new.model or ""
    dimensions = (DIMENSIONS if role == EMBEDDER else None) if built_in else new.dimensions
    same = known is not None and (known.kind, known.base_url, known.model, known.dimensions) == (
        new.kind, new.base_url, model, dimensions,
    )  # fmt: skip
    key, key_id = _key(parts, tenant_id, provider_id, new, known, now)
    return ProviderRow(
        tenant_id=tenant_id,
        provider_id=provider_id,
        role=role,
        kind=new.kind,
        position=position,
        name=_name(new),
        base_url=new.base_url,
        model=model,
        dimensions=dimensions,
        api_key=key,
        api_key_id=key_id,
        timeout_seconds=new.timeout_seconds,
        prompt_price=new.prompt_price,
        completion_price=new.completion_price,
        revision=known.revision if known and same else latest + 1,
        updated_at=now,
    )


def _key(
    parts: Administration,
    tenant_id: str,
    provider_id: str,
    new: NewProvider,
    known: ProviderRow | None,
    now: datetime,
) -> tuple[bytes | None, str | None]:
    """The stored key and its id.

    A key that is not given again is kept only for the URL that it was given for: whoever may change settings could
    have it sent to themselves otherwise. It is encrypted anew, under the master key of today.
    """
    purpose = key_purpose(provider_id)
    if new.api_key is not None:
        if not new.api_key or parts.envelope is None:
            return None, None
        sealed = parts.envelope.encrypt(new.api_key.encode(), tenant_id=tenant_id, purpose=purpose)
        return sealed, ids.new("pky", now)
    if known is None or known.api_key is None or known.base_url != new.base_url:
        return None, None
    if parts.envelope is None:
        return known.api_key, known.api_key_id
    try:
        opened = parts.envelope.decrypt(known.api_key, tenant_id=tenant_id, purpose=purpose)
    except UnreadableSecret:
        # It may be readable again when the old master key is back in the settings.
        return known.api_key, known.api_key_id
    return parts.envelope.encrypt(opened, tenant_id=tenant_id, purpose=purpose), known.api_key_id


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
