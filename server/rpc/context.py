"""ContextService: thin; the work is in `server/usecases/`."""

from grpc.aio import ServicerContext
from kith.context.v1 import context_pb2 as pb
from kith.context.v1 import context_service_pb2_grpc as grpc_pb

from server import callers
from server.convert import context as convert
from server.usecases.context import get_contact_context
from server.usecases.ingest import ingest_interaction
from server.usecases.services import Services

Context = ServicerContext[object, object]


class ContextServicer(grpc_pb.ContextServiceServicer):
    """What a chat engine calls on every message."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def GetContactContext(
        self, request: pb.GetContactContextRequest, context: Context
    ) -> pb.GetContactContextResponse:
        """Answers with what a good friend would know."""
        found = await get_contact_context(self._services, callers.tenant_id(), convert.question(request))
        context.set_trailing_metadata((("kith-rank-us", str(found.rank_us)),))
        return convert.answer(found)

    async def IngestInteraction(
        self, request: pb.IngestInteractionRequest, context: Context
    ) -> pb.IngestInteractionResponse:
        """Takes one exchange in."""
        turn = convert.turn(request, self._services.clock())
        result = await ingest_interaction(self._services, callers.tenant_id(), request.contact_id, turn)
        await context.send_initial_metadata((("x-http-status", "202"),))
        return convert.ingested(result)
