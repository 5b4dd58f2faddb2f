"""MaintenanceService: thin; the work is in `server/usecases/`."""

from grpc.aio import ServicerContext
from kith.maintenance.v1 import maintenance_pb2 as pb
from kith.maintenance.v1 import maintenance_service_pb2_grpc as grpc_pb

from server import callers
from server.convert import maintenance as convert
from server.usecases import maintenance
from server.usecases.services import Services
from store.tables.tenant import PLATFORM

Context = ServicerContext[object, object]


class MaintenanceServicer(grpc_pb.MaintenanceServiceServicer):
    """Recomputes churn, ends what time ended, and removes what is past its keeping."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def RunMaintenance(self, request: pb.RunMaintenanceRequest, context: Context) -> pb.RunMaintenanceResponse:
        """Runs maintenance of the caller's tenant; a platform key that names none goes through all tenants."""
        tenant_id = callers.tenant_id()
        tenants = None if tenant_id == PLATFORM else [tenant_id]
        wait = request.wait if request.HasField("wait") else True
        runs = await maintenance.request_maintenance(self._services, tenants, wait=wait)
        return pb.RunMaintenanceResponse(runs=[convert.run(run) for run in runs])

    async def GetMaintenanceStatus(
        self, request: pb.GetMaintenanceStatusRequest, context: Context
    ) -> pb.GetMaintenanceStatusResponse:
        """Returns the last run."""
        run = await maintenance.last_run(self._services, callers.tenant_id())
        return pb.GetMaintenanceStatusResponse(run=None if run is None else convert.run(run))
