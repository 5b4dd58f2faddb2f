"""Tenants and their keys between the store and protobuf."""

from typing import Final

from kith.tenant.v1 import tenant_pb2 as pb

from server.convert import times
from server.usecases.new_providers import NewProvider
from server.usecases.processing import Limits, Processing
from server.usecases.tenants import NewTenant
from store.tables.provider import ProviderRow
from store.tables.tenant import GatewayKeyRow, TenantRow

_MOST_TOKENS_SHOWN: Final = 2**31 - 1
"""A 64-bit number would be a string in JSON."""


def new_tenant(request: pb.CreateTenantRequest) -> NewTenant:
    """The tenant to make."""
    return NewTenant(
        tenant_id=request.tenant_id if request.HasField("tenant_id") else None,
        name=request.name if request.HasField("name") else None,
        time_zone=request.time_zone if request.HasField("time_zone") else None,
    )


def tenant(row: TenantRow) -> pb.Tenant:
    """One tenant."""
    return pb.Tenant(
        id=row.tenant_id,
        name=row.name,
        time_zone=row.time_zone,
        status=row.status,
        created_at=times.to_proto(row.created_at),
    )


def key(row: GatewayKeyRow) -> pb.GatewayKey:
    """A gateway key without its secret."""
    return pb.GatewayKey(
        id=row.key_id,
        name=row.name,
        created_at=times.to_proto(row.created_at),
        expires_at=times.optional(row.expires_at),
        revoked_at=times.optional(row.revoked_at),
    )


def new_provider(settings: pb.ProviderSettings) -> NewProvider:
    """A provider to set, with the contract's defaults."""
    default = NewProvider()
    return NewProvider(
        name=settings.name if settings.HasField("name") else None,
        kind="built_in" if settings.kind == "built_in" else "openai",
        base_url=settings.base_url if settings.HasField("base_url") else None,
        model=settings.model if settings.HasField("model") else None,
        api_key=settings.api_key if settings.HasField("api_key") else None,
        dimensions=settings.dimensions if settings.HasField("dimensions") else None,
        timeout_seconds=settings.timeout_seconds if settings.HasField("timeout_seconds") else default.timeout_seconds,
        prompt_price=settings.prompt_price,
        completion_price=settings.completion_price,
    )


def limits(request: pb.SetProcessingLimitsRequest) -> Limits:
    """The limits to set."""
    return Limits(
        daily_tokens=request.daily_tokens if request.HasField("daily_tokens") else None,
        daily_cost=request.daily_cost if request.HasField("daily_cost") else None,
        raw_turn_retention_days=(
            request.raw_turn_retention_days if request.HasField("raw_turn_retention_days") else None
        ),
    )


def processing(value: Processing) -> pb.Processing:
    """All that a tenant has set. No key is among it."""
    return pb.Processing(
        strategy=value.strategy,
        language_models=map(_provider, value.language_models),
        embedder=None if value.embedder is None else _provider(value.embedder),
        daily_tokens=value.limits.daily_tokens,
        daily_cost=value.limits.daily_cost,
        raw_turn_retention_days=value.limits.raw_turn_retention_days,
        tokens_today=min(value.tokens_today, _MOST_TOKENS_SHOWN),
        cost_today=value.cost_today,
        ranking_encoder=value.ranking_encoder,
    )


def _provider(row: ProviderRow) -> pb.Provider:
    return pb.Provider(
        id=row.provider_id,
        name=row.name,
        kind=row.kind,
        base_url=row.base_url,
        model=row.model,
        api_key_id=row.api_key_id,
        dimensions=row.dimensions,
        timeout_seconds=row.timeout_seconds,
        prompt_price=row.prompt_price,
        completion_price=row.completion_price,
        revision=row.revision,
        updated_at=times.to_proto(row.updated_at),
    )
