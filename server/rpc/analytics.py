"""AnalyticsService: thin; the work is in `server/usecases/`."""

from grpc.aio import ServicerContext
from kith.analytics.v1 import analytics_pb2 as pb
from kith.analytics.v1 import analytics_service_pb2_grpc as grpc_pb

from server.callers import tenant_id
from server.convert import analytics as convert
from server.usecases import analytics, churn
from server.usecases.services import Services

Context = ServicerContext[object, object]


class AnalyticsServicer(grpc_pb.AnalyticsServiceServicer):
    """Figures about a tenant's contacts."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def GetTrends(self, request: pb.GetTrendsRequest, context: Context) -> pb.GetTrendsResponse:
        """Returns how many wrote, came and went."""
        return convert.trends(await analytics.get_trends(self._services, tenant_id(), convert.days(request)))

    async def GetChurnReport(self, request: pb.GetChurnReportRequest, context: Context) -> pb.GetChurnReportResponse:
        """Returns who is about to leave."""
        return convert.churn_report(
            await churn.get_churn_report(self._services, tenant_id(), convert.churn_query(request))
        )

    async def GetMoods(self, request: pb.GetMoodsRequest, context: Context) -> pb.GetMoodsResponse:
        """Returns how contacts feel."""
        return convert.moods(await analytics.get_moods(self._services, tenant_id(), convert.days(request)))
