"""The part of CallService that is about phone systems' endpoints."""

from grpc.aio import ServicerContext
from kith.call.v1 import call_pb2 as pb

from server.callers import tenant_id
from server.convert import call_endpoint as convert
from server.usecases import call_endpoints
from server.usecases.services import Services

Context = ServicerContext[object, object]


class CallEndpointMethods:
    """Makes, lists and closes endpoints; the servicer of CallService is one of these too."""

    _services: Services

    async def CreateCallEndpoint(
        self, request: pb.CreateCallEndpointRequest, context: Context
    ) -> pb.CreateCallEndpointResponse:
        """Makes an endpoint."""
        parts = self._services.endpoints
        new = await call_endpoints.create_endpoint(
            parts,
            tenant_id(),
            request.provider,
            secret=request.secret if request.HasField("secret") else None,
            agent_id=request.agent_id if request.HasField("agent_id") else None,
        )
        await context.send_initial_metadata((("x-http-status", "201"),))
        return convert.created(parts, new)

    async def ListCallEndpoints(
        self, request: pb.ListCallEndpointsRequest, context: Context
    ) -> pb.ListCallEndpointsResponse:
        """Lists the endpoints."""
        parts = self._services.endpoints
        rows = await call_endpoints.list_endpoints(parts, tenant_id())
        return pb.ListCallEndpointsResponse(endpoints=[convert.endpoint(parts, row) for row in rows])

    async def DeleteCallEndpoint(
        self, request: pb.DeleteCallEndpointRequest, context: Context
    ) -> pb.DeleteCallEndpointResponse:
        """Closes an endpoint."""
        await call_endpoints.delete_endpoint(self._services.endpoints, tenant_id(), request.endpoint_id)
        return pb.DeleteCallEndpointResponse(id=request.endpoint_id, deleted=True)
