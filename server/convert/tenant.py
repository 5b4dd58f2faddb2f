"""Tenants and their keys between the store and protobuf."""

from kith.tenant.v1 import tenant_pb2 as pb

from server.convert import times
from server.usecases.tenants import NewTenant
from store.tables.tenant import GatewayKeyRow, TenantRow


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
        expires_at=None if row.expires_at is None else times.to_proto(row.expires_at),
        revoked_at=None if row.revoked_at is None else times.to_proto(row.revoked_at),
    )
