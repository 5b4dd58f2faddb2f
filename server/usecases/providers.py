"""The providers of a tenant, ready to be asked: made from what it configured, kept between uses, under its budget."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Protocol

from server.providers.addresses import wrong_with_url
from server.providers.built_in import BuiltInEmbedder, BuiltInModel
from server.providers.council import Council
from server.providers.endpoint import Endpoint, EndpointOptions
from server.providers.errors import AddressRefused, OverBudget, ProviderError, Refused
from server.providers.metered import MeteredEmbedder, MeteredModel, Prices
from server.providers.openai import OpenAiEmbedder, OpenAiModel
from server.providers.ports import Embedder, LanguageModel, Reservation, Role, Usage
from server.providers.unusable import UnusableEmbedder, UnusableModel
from server.secrets import Envelope, UnreadableSecret
from store import providers, tenants
from store.database import Database, Transaction
from store.tables.provider import ProcessingRow, ProviderRow

LANGUAGE_MODEL: Final = "language_model"
EMBEDDER: Final = "embedder"
COUNCIL: Final = "council"

_KEPT: Final = 256
"""Endpoints that are kept open between uses, over all tenants."""


class Observe(Protocol):
    """Counts calls of providers, for metrics: kinds and numbers, no names, addresses or texts."""

    def __call__(self, role: str, outcome: str, seconds: float, prompt_tokens: int, completion_tokens: int) -> None:
        """One call ended."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What a tenant has; None of what it has not."""

    model: LanguageModel | None = None
    embedder: Embedder | None = None

    def __bool__(self) -> bool:
        return self.model is not None or self.embedder is not None


@dataclass(frozen=True, slots=True)
class _Adapters:
    """A provider as it was configured, and the ways to ask it."""

    row: ProviderRow
    endpoint: Endpoint
    model: OpenAiModel
    embedder: OpenAiEmbedder


def key_purpose(provider_id: str) -> str:
    """What a provider's key is encrypted for; it cannot be read as any other's."""
    return f"provider key {provider_id}"


class Providers:
    """Makes providers of what is stored; one per process. Close it with `close`."""

    def __init__(
        self,
        database: Database,
        envelope: Envelope | None,
        clock: Callable[[], datetime],
        observe: Observe,
        *,
        allow_private: bool = False,
        attempts: int = 3,
        first_wait: float = 0.5,
    ) -> None:
        """`allow_private` lets tenants name private addresses and plain http: for a model on the same machine."""
        self._database = database
        self._envelope = envelope
        self._clock = clock
        self._observe = observe
        self._allow_private = allow_private
        self._attempts = attempts
        self._first_wait = first_wait
        self._kept: OrderedDict[tuple[str, str], _Adapters] = OrderedDict()

    async def configured(self, tenant_id: str) -> bool:
        """Whether the tenant has any provider, or ranks with an encoder."""
        async with self._database.transaction(tenant_id) as tx:
            if await providers.of_tenant(tx):
                return True
            tenant = await tenants.get(tx, tenant_id)
        return tenant is not None and tenant.ranking_encoder != "none"

    async def of_tenant(self, tenant_id: str) -> Ready:
        """The tenant's providers as they are configured now; one that cannot be asked says so when it is."""
        async with self._database.transaction(tenant_id) as tx:
            rows = await providers.of_tenant(tx)
            settings = await providers.processing(tx)
        if not rows:
            return Ready()
        meter = TenantMeter(self._database, tenant_id, settings, self._clock, self._observe)
        models = [await self._model(row, meter) for row in rows if row.role == LANGUAGE_MODEL]
        embedders = [await self._embedder(row, meter) for row in rows if row.role == EMBEDDER]
        model = models[0] if models else None
        if settings is not None and settings.strategy == COUNCIL and len(models) > 1:
            model = Council(models)
        return Ready(model, embedders[0] if embedders else None)

    async def _model(self, row: ProviderRow, meter: "TenantMeter") -> LanguageModel:
        if row.kind == "built_in":
            return BuiltInModel()
        try:
            model = (await self._adapters(row)).model
        except ProviderError as error:
            return UnusableModel(row.model, error)
        return MeteredModel(model, meter, Prices(row.prompt_price, row.completion_price))

    async def _embedder(self, row: ProviderRow, meter: "TenantMeter") -> Embedder:
        if row.kind == "built_in":
            return BuiltInEmbedder(row.revision)
        try:
            embedder = (await self._adapters(row)).embedder
        except ProviderError as error:
            return UnusableEmbedder(row.model, row.revision, error)
        return MeteredEmbedder(embedder, meter, Prices(row.prompt_price, row.completion_price))

    async def _adapters(self, row: ProviderRow) -> "_Adapters":
        """Those kept of a provider, unless it was configured anew; with them what they learned of the endpoint."""
        place = (row.tenant_id, row.provider_id)
        kept = self._kept.get(place)
        gone: list[_Adapters] = []
        if kept is None or kept.row != row:
            gone += [kept] if kept else []
            endpoint = self._new_endpoint(row)
            embedder = OpenAiEmbedder(endpoint, row.model, version=row.revision, dimensions=row.dimensions)
            kept = self._kept[place] = _Adapters(row, endpoint, OpenAiModel(endpoint, row.model), embedder)
        self._kept.move_to_end(place)
        while len(self._kept) > _KEPT:
            gone.append(self._kept.popitem(last=False)[1])
        for adapters in gone:
            await adapters.endpoint.close()
        return kept

    def _new_endpoint(self, row: ProviderRow) -> Endpoint:
        # Also what was stored when this deployment still allowed it.
        if row.base_url is None or wrong_with_url(row.base_url, allow_private=self._allow_private):
            raise AddressRefused("the provider's URL is not one that this deployment calls")
        return Endpoint(
            EndpointOptions(
                base_url=row.base_url,
                api_key=self._key(row),
                timeout_seconds=row.timeout_seconds,
                attempts=self._attempts,
                first_wait=self._first_wait,
                allow_private=self._allow_private,
            )
        )

    def _key(self, row: ProviderRow) -> str | None:
        if row.api_key is None:
            return None
        if self._envelope is None:
            raise Refused("the provider's key cannot be read: KITH_MASTER_KEY is not set")
        try:
            key = self._envelope.decrypt(row.api_key, tenant_id=row.tenant_id, purpose=key_purpose(row.provider_id))
        except UnreadableSecret as error:
            raise Refused(f"the provider's key cannot be read: {error}") from None
        return key.decode()

    async def close(self) -> None:
        """Closes every connection."""
        while self._kept:
            await self._kept.popitem()[1].endpoint.close()


class TenantMeter:
    """A tenant's budget of the day, in the database, so that all processes share it."""

    def __init__(
        self,
        database: Database,
        tenant_id: str,
        settings: ProcessingRow | None,
        clock: Callable[[], datetime],
        observe: Observe,
    ) -> None:
        self._database = database
        self._tenant_id = tenant_id
        self._most_tokens = settings.daily_tokens if settings else None
        self._most_cost = settings.daily_cost if settings else None
        self._clock = clock
        self._observe = observe

    async def reserve(self, at_most: Usage) -> Reservation:
        """Sets aside what a call may use. Raises OverBudget."""
        now = self._clock().astimezone(UTC)

        async def work(tx: Transaction) -> bool:
            return await providers.reserve(
                tx, now.date(), tokens=at_most.tokens, cost=at_most.cost,
                most_tokens=self._most_tokens, most_cost=self._most_cost,
            )  # fmt: skip

        if not await self._database.run(self._tenant_id, work):
            raise OverBudget("the budget of the day is used up", retry_after=_to_next_day(now))
        return Reservation(now.date(), at_most)

    async def settle(self, reserved: Reservation, used: Usage) -> None:
        """Says what a call really used."""
        tokens, cost = used.tokens - reserved.at_most.tokens, used.cost - reserved.at_most.cost

        async def work(tx: Transaction) -> None:
            await providers.settle(tx, reserved.day, tokens=tokens, cost=cost)

        await self._database.run(self._tenant_id, work)

    def note(self, role: Role, outcome: str, seconds: float, used: Usage) -> None:
        """Counts a call."""
        self._observe(role, outcome, seconds, used.prompt_tokens, used.completion_tokens)


def _to_next_day(now: datetime) -> float:
    tomorrow: date = now.date() + timedelta(days=1)
    return (datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=UTC) - now).total_seconds()
