"""The demo's own tenant, and a key for it, by the platform's RPCs."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import grpc
from kith.maintenance.v1 import maintenance_pb2
from kith.maintenance.v1.maintenance_service_pb2_grpc import MaintenanceServiceStub
from kith.tenant.v1 import tenant_pb2
from kith.tenant.v1.tenant_service_pb2_grpc import TenantServiceStub

from server.demoing.api import Metadata, call
from server.measuring.connection import open_channel
from server.measuring.credentials import Credentials
from server.measuring.errors import MeasuringError

NAME: Final = "Kith demo"
"""The name of every tenant of a demo; a tenant of another name is somebody's and is left alone."""

ZONE: Final = "Europe/Lisbon"
"""The time zone of the demo's days."""


async def settle(
    platform: Credentials, tenant_id: str, held_key: str | None, tls_ca: Path | None = None
) -> tuple[datetime, str]:
    """Makes the tenant, or finds it; when it was made, and a gateway key of it: `held_key` where that is still good.

    Raises MeasuringError where the tenant is none of a demo.
    """
    metadata: Metadata = (("x-gateway-key", platform.platform_key),)
    async with open_channel(platform.grpc, tls_ca) as channel:
        tenants = TenantServiceStub(channel)
        wanted = tenant_pb2.CreateTenantRequest(tenant_id=tenant_id, name=NAME, time_zone=ZONE)
        try:
            made = await call(tenants.CreateTenant, wanted, metadata)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.ALREADY_EXISTS:
                raise
            raise MeasuringError(
                f"{error.details()} It is not of a demo: name another by --tenant, so that its contacts stay its own."
            ) from error
        if held_key is not None and await _is_good(channel, held_key):
            key = held_key
        else:
            new_key = tenant_pb2.CreateGatewayKeyRequest(tenant_id=tenant_id, name="demo")
            key = (await call(tenants.CreateGatewayKey, new_key, metadata)).secret
    return made.tenant.created_at.ToDatetime(UTC), key


async def _is_good(channel: grpc.aio.Channel, key: str) -> bool:
    """Whether a key opens anything: asked by a call that changes nothing."""
    status = maintenance_pb2.GetMaintenanceStatusRequest()
    try:
        await call(MaintenanceServiceStub(channel).GetMaintenanceStatus, status, (("x-gateway-key", key),))
    except grpc.aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.UNAUTHENTICATED:
            raise
        return False
    return True
