"""TenantService: thin; the work is in `server/usecases/`."""

from datetime import timedelta
from typing import Any, Final

from grpc.aio import ServicerContext
from kith.tenant.v1 import tenant_pb2 as pb
from kith.tenant.v1 import tenant_service_pb2_grpc as grpc_pb

from server import callers
from server.convert import tenant as convert
from server.convert import times
from server.providers.ports import Role
from server.usecases import credentials, processing, tenants
from server.usecases.encoders import EncoderChoice
from server.usecases.tenants import Administration

Context = ServicerContext[Any, Any]

_OVERLAP_SECONDS: Final = 3600


class TenantServicer(grpc_pb.TenantServiceServicer):
    """What the platform does with tenants and their keys."""

    def __init__(self, parts: Administration) -> None:
        self._parts = parts

    async def CreateTenant(self, request: pb.CreateTenantRequest, context: Context) -> pb.CreateTenantResponse:
        """Makes a tenant."""
        row, is_new = await tenants.create_tenant(self._parts, convert.new_tenant(request))
        if is_new:
            await context.send_initial_metadata((("x-http-status", "201"),))
        return pb.CreateTenantResponse(tenant=convert.tenant(row))

    async def GetTenant(self, request: pb.GetTenantRequest, context: Context) -> pb.GetTenantResponse:
        """Returns one tenant."""
        return pb.GetTenantResponse(tenant=convert.tenant(await tenants.get_tenant(self._parts, request.tenant_id)))

    async def SuspendTenant(self, request: pb.SuspendTenantRequest, context: Context) -> pb.SuspendTenantResponse:
        """Refuses every credential of the tenant."""
        row = await tenants.suspend_tenant(self._parts, request.tenant_id)
        return pb.SuspendTenantResponse(tenant=convert.tenant(row))

    async def ResumeTenant(self, request: pb.ResumeTenantRequest, context: Context) -> pb.ResumeTenantResponse:
        """Lets the tenant in again."""
        row = await tenants.resume_tenant(self._parts, request.tenant_id)
        return pb.ResumeTenantResponse(tenant=convert.tenant(row))

    async def DeleteTenant(self, request: pb.DeleteTenantRequest, context: Context) -> pb.DeleteTenantResponse:
        """Deletes the tenant whole."""
        deleted = await tenants.delete_tenant(self._parts, request.tenant_id)
        return pb.DeleteTenantResponse(status="deleted", rows_deleted=deleted.rows, verified=deleted.verified)

    async def CreateGatewayKey(
        self, request: pb.CreateGatewayKeyRequest, context: Context
    ) -> pb.CreateGatewayKeyResponse:
        """Makes a key."""
        new = await credentials.create_gateway_key(
            self._parts,
            request.tenant_id,
            name=request.name or None,
            expires_at=times.from_proto(request.expires_at) if request.HasField("expires_at") else None,
        )
        await context.send_initial_metadata((("x-http-status", "201"),))
        return pb.CreateGatewayKeyResponse(key=convert.key(new.row), secret=new.secret)

    async def ListGatewayKeys(self, request: pb.ListGatewayKeysRequest, context: Context) -> pb.ListGatewayKeysResponse:
        """Returns the keys of a tenant."""
        rows = await credentials.list_gateway_keys(self._parts, request.tenant_id)
        return pb.ListGatewayKeysResponse(keys=map(convert.key, rows))

    async def RotateGatewayKey(
        self, request: pb.RotateGatewayKeyRequest, context: Context
    ) -> pb.RotateGatewayKeyResponse:
        """Makes a key in the place of another one."""
        seconds = request.overlap_seconds if request.HasField("overlap_seconds") else _OVERLAP_SECONDS
        new = await credentials.rotate_gateway_key(
            self._parts, request.tenant_id, request.key_id, overlap=timedelta(seconds=seconds)
        )
        await context.send_initial_metadata((("x-http-status", "201"),))
        return pb.RotateGatewayKeyResponse(key=convert.key(new.row), secret=new.secret)

    async def RevokeGatewayKey(
        self, request: pb.RevokeGatewayKeyRequest, context: Context
    ) -> pb.RevokeGatewayKeyResponse:
        """Ends a key."""
        row = await credentials.revoke_gateway_key(self._parts, request.tenant_id, request.key_id)
        return pb.RevokeGatewayKeyResponse(key=convert.key(row))

    async def GetProcessing(self, request: pb.GetProcessingRequest, context: Context) -> pb.GetProcessingResponse:
        """Returns what a tenant has set of the deferred processing."""
        found = await processing.get_processing(self._parts, callers.tenant_id())
        return pb.GetProcessingResponse(processing=convert.processing(found))

    async def SetLanguageModels(
        self, request: pb.SetLanguageModelsRequest, context: Context
    ) -> pb.SetLanguageModelsResponse:
        """Sets the language models."""
        done = await processing.set_language_models(
            self._parts,
            callers.tenant_id(),
            [convert.new_provider(one) for one in request.language_models],
            "council" if request.strategy == "council" else "first",
        )
        return pb.SetLanguageModelsResponse(processing=convert.processing(done))

    async def SetEmbedder(self, request: pb.SetEmbedderRequest, context: Context) -> pb.SetEmbedderResponse:
        """Sets the embedder."""
        done = await processing.set_embedder(self._parts, callers.tenant_id(), convert.new_provider(request.embedder))
        return pb.SetEmbedderResponse(processing=convert.processing(done))

    async def SetProcessingLimits(
        self, request: pb.SetProcessingLimitsRequest, context: Context
    ) -> pb.SetProcessingLimitsResponse:
        """Sets budget and retention."""
        done = await processing.set_limits(self._parts, callers.tenant_id(), convert.limits(request))
        return pb.SetProcessingLimitsResponse(processing=convert.processing(done))

    async def SetRankingEncoder(
        self, request: pb.SetRankingEncoderRequest, context: Context
    ) -> pb.SetRankingEncoderResponse:
        """Sets what ranks besides the built-in parts."""
        encoder: EncoderChoice = "minilm" if request.encoder == "minilm" else "none"
        done = await processing.set_ranking_encoder(self._parts, callers.tenant_id(), encoder)
        return pb.SetRankingEncoderResponse(processing=convert.processing(done))

    async def DeleteProviders(self, request: pb.DeleteProvidersRequest, context: Context) -> pb.DeleteProvidersResponse:
        """Removes providers with their keys."""
        role: Role | None = None
        if request.HasField("role"):
            role = "embedder" if request.role == "embedder" else "language_model"
        done = await processing.delete_providers(self._parts, callers.tenant_id(), role)
        return pb.DeleteProvidersResponse(processing=convert.processing(done))
