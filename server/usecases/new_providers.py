"""The providers that a tenant sets: what may be wrong with them, and their rows, keys encrypted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from server import ids
from server.domain.errors import FieldViolation, InvalidInput, Unavailable
from server.providers.addresses import wrong_with_url
from server.providers.built_in import DIMENSIONS, HASHED, RULES
from server.providers.ports import Role
from server.secrets import UnreadableSecret
from server.usecases.providers import EMBEDDER, LANGUAGE_MODEL, key_purpose
from server.usecases.tenants import Administration
from store import embeddings, providers
from store.database import Transaction
from store.tables.provider import ProviderRow

_TIMEOUT_SECONDS: Final = 30.0
BUILT_IN: Final = "built_in"


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


def check(parts: Administration, new: Sequence[NewProvider], field: str) -> None:
    """Raises InvalidInput, naming each field of `field`; Unavailable where a key could not be kept."""
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
    if one.kind == BUILT_IN:
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


async def put(parts: Administration, tx: Transaction, role: Role, new: Sequence[NewProvider]) -> None:
    """Stores them in the place of those of the role; one that is known by its name keeps its id."""
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
    built_in = new.kind == BUILT_IN
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
