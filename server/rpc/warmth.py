"""WarmthService: thin; the work is in `server/usecases/warmth*.py`."""

from grpc.aio import ServicerContext
from kith.warmth.v1 import warmth_pb2 as pb
from kith.warmth.v1 import warmth_service_pb2_grpc as grpc_pb

from server.callers import tenant_id
from server.convert import times
from server.convert import warmth as convert
from server.usecases import warmth_reports, warmth_upkeep
from server.usecases.services import Services

Context = ServicerContext[object, object]

_HISTORY_DAYS = 90


class WarmthServicer(grpc_pb.WarmthServiceServicer):
    """Tells how warm contacts are, why, and who cools down."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def GetWarmth(self, request: pb.GetWarmthRequest, context: Context) -> pb.GetWarmthResponse:
        """Returns a contact's warmth with its parts."""
        as_of = times.from_proto(request.as_of) if request.HasField("as_of") else None
        return convert.report(await warmth_reports.get_warmth(self._services, tenant_id(), request.contact_id, as_of))

    async def GetWarmthHistory(
        self, request: pb.GetWarmthHistoryRequest, context: Context
    ) -> pb.GetWarmthHistoryResponse:
        """Returns a contact's warmth by day."""
        days = request.days if request.HasField("days") else _HISTORY_DAYS
        return convert.history(await warmth_reports.get_history(self._services, tenant_id(), request.contact_id, days))

    async def ListLosingTouch(self, request: pb.ListLosingTouchRequest, context: Context) -> pb.ListLosingTouchResponse:
        """Returns contacts that cool down."""
        query = convert.losing_touch_query(request)
        return convert.losing_touch(await warmth_reports.list_losing_touch(self._services, tenant_id(), query))

    async def RecomputeWarmth(self, request: pb.RecomputeWarmthRequest, context: Context) -> pb.RecomputeWarmthResponse:
        """Recomputes stored values."""
        contact_id = request.contact_id if request.HasField("contact_id") else None
        return convert.recomputed(await warmth_upkeep.recompute(self._services, tenant_id(), contact_id))

    async def GetWarmthConfig(self, request: pb.GetWarmthConfigRequest, context: Context) -> pb.GetWarmthConfigResponse:
        """Returns the constants."""
        return pb.GetWarmthConfigResponse(
            config=convert.config(await warmth_upkeep.get_config(self._services, tenant_id()))
        )

    async def UpdateWarmthConfig(
        self, request: pb.UpdateWarmthConfigRequest, context: Context
    ) -> pb.UpdateWarmthConfigResponse:
        """Changes the constants."""
        change = convert.config_change(request)
        return pb.UpdateWarmthConfigResponse(
            config=convert.config(await warmth_upkeep.update_config(self._services, tenant_id(), change))
        )
