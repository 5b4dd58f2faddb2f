"""MemoryService: thin; the work is in `server/usecases/`."""

from grpc.aio import ServicerContext
from kith.memory.v1 import memory_pb2 as pb
from kith.memory.v1 import memory_service_pb2_grpc as grpc_pb

from server.convert import memory as convert
from server.rpc import caller
from server.usecases import memories
from server.usecases.enrichment import consolidate_now
from server.usecases.services import Services

Context = ServicerContext[object, object]


class MemoryServicer(grpc_pb.MemoryServiceServicer):
    """Lists, deletes and consolidates memories."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def ListMemories(self, request: pb.ListMemoriesRequest, context: Context) -> pb.ListMemoriesResponse:
        """Lists a page of current memories."""
        return convert.page(await memories.list_memories(self._services, caller.tenant_id(), convert.query(request)))

    async def DeleteMemory(self, request: pb.DeleteMemoryRequest, context: Context) -> pb.DeleteMemoryResponse:
        """Deletes one memory."""
        await memories.delete_memory(self._services, caller.tenant_id(), request.contact_id, request.memory_id)
        await context.send_initial_metadata((("x-http-status", "204"),))
        return pb.DeleteMemoryResponse()

    async def DeleteAllMemories(
        self, request: pb.DeleteAllMemoriesRequest, context: Context
    ) -> pb.DeleteAllMemoriesResponse:
        """Forgets everything about a contact."""
        result = await memories.delete_all_memories(self._services, caller.tenant_id(), request.contact_id)
        return convert.forgotten(result)

    async def ConsolidateMemories(
        self, request: pb.ConsolidateMemoriesRequest, context: Context
    ) -> pb.ConsolidateMemoriesResponse:
        """Runs deferred tasks now."""
        results = await consolidate_now(self._services, caller.tenant_id(), request.contact_id, convert.tasks(request))
        return convert.consolidated(results)
