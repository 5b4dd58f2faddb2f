"""MemoryService: thin; the work is in `server/usecases/`."""

from grpc.aio import ServicerContext
from kith.memory.v1 import memory_pb2 as pb
from kith.memory.v1 import memory_service_pb2_grpc as grpc_pb

from server import callers
from server.convert import memory as convert
from server.usecases import memories
from server.usecases.consolidation import consolidation_status
from server.usecases.enrichment import consolidate_now
from server.usecases.memory_search import search_memories
from server.usecases.memory_writing import create_memory
from server.usecases.services import Services

Context = ServicerContext[object, object]


class MemoryServicer(grpc_pb.MemoryServiceServicer):
    """Creates, lists, finds, corrects, deletes and consolidates memories, and lists the entities that they mention."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def ListMemories(self, request: pb.ListMemoriesRequest, context: Context) -> pb.ListMemoriesResponse:
        """Lists a page of current memories."""
        return convert.page(await memories.list_memories(self._services, callers.tenant_id(), convert.query(request)))

    async def SearchMemories(self, request: pb.SearchMemoriesRequest, context: Context) -> pb.SearchMemoriesResponse:
        """Finds the memories that fit best."""
        return convert.found(await search_memories(self._services, callers.tenant_id(), convert.search(request)))

    async def CreateMemory(self, request: pb.CreateMemoryRequest, context: Context) -> pb.CreateMemoryResponse:
        """Remembers what was not said in a turn."""
        note = convert.note(request, self._services.clock())
        result = await create_memory(self._services, callers.tenant_id(), request.contact_id, note)
        if result.created:
            await context.send_initial_metadata((("x-http-status", "201"),))
        return convert.written(result)

    async def UpdateMemory(self, request: pb.UpdateMemoryRequest, context: Context) -> pb.UpdateMemoryResponse:
        """Corrects a memory."""
        memory = await memories.update_memory(
            self._services, callers.tenant_id(), request.contact_id, request.memory_id, convert.edit(request)
        )
        return pb.UpdateMemoryResponse(memory=convert.memory(memory))

    async def ListEntities(self, request: pb.ListEntitiesRequest, context: Context) -> pb.ListEntitiesResponse:
        """Lists a page of entities."""
        return convert.entity_page(
            await memories.list_entities(self._services, callers.tenant_id(), convert.entity_query(request))
        )

    async def DeleteMemory(self, request: pb.DeleteMemoryRequest, context: Context) -> pb.DeleteMemoryResponse:
        """Deletes one memory."""
        await memories.delete_memory(self._services, callers.tenant_id(), request.contact_id, request.memory_id)
        await context.send_initial_metadata((("x-http-status", "204"),))
        return pb.DeleteMemoryResponse()

    async def DeleteAllMemories(
        self, request: pb.DeleteAllMemoriesRequest, context: Context
    ) -> pb.DeleteAllMemoriesResponse:
        """Forgets everything about a contact."""
        result = await memories.delete_all_memories(self._services, callers.tenant_id(), request.contact_id)
        return convert.forgotten(result)

    async def ConsolidateMemories(
        self, request: pb.ConsolidateMemoriesRequest, context: Context
    ) -> pb.ConsolidateMemoriesResponse:
        """Runs deferred tasks now."""
        results = await consolidate_now(self._services, callers.tenant_id(), request.contact_id, convert.tasks(request))
        return convert.consolidated(results)

    async def GetConsolidationStatus(
        self, request: pb.GetConsolidationStatusRequest, context: Context
    ) -> pb.GetConsolidationStatusResponse:
        """Tells how far the deferred work is."""
        return convert.status(await consolidation_status(self._services, callers.tenant_id(), request.contact_id))
