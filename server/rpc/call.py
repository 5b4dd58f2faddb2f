"""CallService: thin; the work is in `server/usecases/{calls,call_history,call_settings}.py`."""

from grpc.aio import ServicerContext
from kith.call.v1 import call_pb2 as pb
from kith.call.v1 import call_service_pb2_grpc as grpc_pb

from server import callers
from server.convert import call as convert
from server.rpc.call_endpoints import CallEndpointMethods
from server.usecases import call_history, call_settings, calls
from server.usecases.calls import Result
from server.usecases.services import Services

Context = ServicerContext[object, object]


class CallServicer(CallEndpointMethods, grpc_pb.CallServiceServicer):
    """Takes in what is told of calls, and shows them."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def CreateCall(self, request: pb.CreateCallRequest, context: Context) -> pb.CreateCallResponse:
        """Records a call."""
        told = convert.told(request, "in-progress")
        result = await calls.tell(self._services, callers.tenant_id(), told, anew=True)
        return pb.CreateCallResponse(call=await _stored(result, context))

    async def CallStarted(self, request: pb.CallStartedRequest, context: Context) -> pb.CallStartedResponse:
        """A call began."""
        told = convert.told(request, "in-progress")
        result = await calls.tell(self._services, callers.tenant_id(), told)
        return pb.CallStartedResponse(call=await _stored(result, context))

    async def CallCompleted(self, request: pb.CallCompletedRequest, context: Context) -> pb.CallCompletedResponse:
        """A call is over."""
        told = convert.told(request, "completed")
        result = await calls.tell(self._services, callers.tenant_id(), told)
        return pb.CallCompletedResponse(call=await _stored(result, context))

    async def UpdateCallStatus(
        self, request: pb.UpdateCallStatusRequest, context: Context
    ) -> pb.UpdateCallStatusResponse:
        """Tells more of a call."""
        result = await calls.tell_more(self._services, callers.tenant_id(), request.call_id, convert.more(request))
        return pb.UpdateCallStatusResponse(call=convert.call(result.call))

    async def ListCalls(self, request: pb.ListCallsRequest, context: Context) -> pb.ListCallsResponse:
        """Lists a page of calls."""
        limit = request.limit if request.HasField("limit") else 20
        result = await call_history.list_calls(
            self._services, callers.tenant_id(), convert.wanted(request), limit=limit, cursor=request.cursor or None
        )
        return convert.page(result)

    async def GetCall(self, request: pb.GetCallRequest, context: Context) -> pb.GetCallResponse:
        """Shows one call."""
        row = await call_history.get_call(self._services, callers.tenant_id(), request.call_id)
        return pb.GetCallResponse(call=convert.call(row))

    async def DeleteCall(self, request: pb.DeleteCallRequest, context: Context) -> pb.DeleteCallResponse:
        """Removes a call."""
        await call_history.delete_call(self._services, callers.tenant_id(), request.call_id)
        return pb.DeleteCallResponse(id=request.call_id, deleted=True)

    async def GetCallAnalytics(
        self, request: pb.GetCallAnalyticsRequest, context: Context
    ) -> pb.GetCallAnalyticsResponse:
        """Adds figures up."""
        result = await call_history.call_analytics(
            self._services,
            callers.tenant_id(),
            start=convert.instant(request, "start"),
            end=convert.instant(request, "end"),
            agent_id=request.agent_id if request.HasField("agent_id") else None,
        )
        return convert.analytics(result)

    async def GetCallSettings(self, request: pb.GetCallSettingsRequest, context: Context) -> pb.GetCallSettingsResponse:
        """Shows the settings."""
        row = await call_settings.get_settings(self._services, callers.tenant_id())
        return pb.GetCallSettingsResponse(settings=convert.settings(row))

    async def UpdateCallSettings(
        self, request: pb.UpdateCallSettingsRequest, context: Context
    ) -> pb.UpdateCallSettingsResponse:
        """Changes settings."""
        row = await call_settings.update_settings(self._services, callers.tenant_id(), convert.change(request))
        return pb.UpdateCallSettingsResponse(settings=convert.settings(row))


async def _stored(result: Result, context: Context) -> pb.Call:
    if result.created:
        await context.send_initial_metadata((("x-http-status", "201"),))
    return convert.call(result.call)
