"""The benchmark's own tenant and key, made through the public API and kept beside the demo's credentials."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import grpc
from kith.tenant.v1 import tenant_pb2
from kith.tenant.v1.tenant_service_pb2_grpc import TenantServiceStub

from server.embedded.secrets_file import write_private
from server.measuring.connection import open_channel
from server.measuring.credentials import Credentials

TENANT: Final = "bench"
KEY_FILE: Final = "bench.json"

if TYPE_CHECKING:
    from kith.tenant.v1.tenant_service_pb2_grpc import TenantServiceAsyncStub

_PATIENCE_S: Final = 15.0


async def gateway_key(credentials: Credentials, beside: Path) -> str:
    """A gateway key of the tenant `bench`: the one kept in `beside` if it still holds, else a new one."""
    path = beside / KEY_FILE
    async with open_channel(credentials.grpc) as channel:
        tenants = TenantServiceStub(channel)
        platform = (("x-gateway-key", credentials.platform_key),)
        kept = _kept(path)
        if kept is not None and await _holds(tenants, platform, kept[0]):
            return kept[1]
        await _make_tenant(tenants, platform)
        made = await tenants.CreateGatewayKey(
            tenant_pb2.CreateGatewayKeyRequest(tenant_id=TENANT, name="kith bench"),
            metadata=platform,
            timeout=_PATIENCE_S,
        )
    write_private(path, json.dumps({"tenant_id": TENANT, "key_id": made.key.id, "gateway_key": made.secret}))
    return made.secret


async def _make_tenant(tenants: "TenantServiceAsyncStub", platform: tuple[tuple[str, str], ...]) -> None:
    request = tenant_pb2.CreateTenantRequest(tenant_id=TENANT, name="Benchmark")
    try:
        await tenants.CreateTenant(request, metadata=platform, timeout=_PATIENCE_S)
    except grpc.aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.ALREADY_EXISTS:
            raise


async def _holds(tenants: "TenantServiceAsyncStub", platform: tuple[tuple[str, str], ...], key_id: str) -> bool:
    """Whether the key is still one of the tenant's; the data may have been started afresh since."""
    try:
        listed = await tenants.ListGatewayKeys(
            tenant_pb2.ListGatewayKeysRequest(tenant_id=TENANT), metadata=platform, timeout=_PATIENCE_S
        )
    except grpc.aio.AioRpcError as error:
        if error.code() is grpc.StatusCode.NOT_FOUND:
            return False
        raise
    return any(key.id == key_id and not key.HasField("revoked_at") for key in listed.keys)


def _kept(path: Path) -> tuple[str, str] | None:
    try:
        found = json.loads(path.read_text())
        return str(found["key_id"]), str(found["gateway_key"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
