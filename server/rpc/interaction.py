"""InteractionService: thin; the work is in `server/usecases/`."""

from typing import Final

from grpc.aio import ServicerContext
from kith.interaction.v1 import interaction_pb2 as pb
from kith.interaction.v1 import interaction_service_pb2_grpc as grpc_pb

from server.callers import tenant_id
from server.convert import interaction as convert
from server.domain.errors import FieldViolation, InvalidInput
from server.domain.interaction import NewInteraction
from server.rpc.validation import compile_message
from server.usecases import interactions
from server.usecases.interaction_bulk import create_interactions
from server.usecases.services import Services
from server.usecases.timeline import get_timeline

Context = ServicerContext[object, object]

_validate_item: Final = compile_message(pb.NewInteraction.DESCRIPTOR)


class InteractionServicer(grpc_pb.InteractionServiceServicer):
    """Records touchpoints with contacts, and lists what happened."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def ListInteractions(
        self, request: pb.ListInteractionsRequest, context: Context
    ) -> pb.ListInteractionsResponse:
        """Lists a page of touchpoints."""
        found = await interactions.list_interactions(self._services, tenant_id(), convert.query(request))
        return convert.page(found)

    async def CreateInteraction(
        self, request: pb.CreateInteractionRequest, context: Context
    ) -> pb.CreateInteractionResponse:
        """Records a touchpoint."""
        result = await interactions.create_interaction(self._services, tenant_id(), convert.new(request))
        if result.created:
            await context.send_initial_metadata((("x-http-status", "201"),))
        return pb.CreateInteractionResponse(interaction=convert.interaction(result.named))

    async def BulkCreateInteractions(
        self, request: pb.BulkCreateInteractionsRequest, context: Context
    ) -> pb.BulkCreateInteractionsResponse:
        """Records many touchpoints, each by itself."""
        items = [_item(index, item) for index, item in enumerate(request.items)]
        return convert.bulk(await create_interactions(self._services, tenant_id(), items))

    async def GetInteraction(self, request: pb.GetInteractionRequest, context: Context) -> pb.GetInteractionResponse:
        """Shows a touchpoint."""
        found = await interactions.get_interaction(self._services, tenant_id(), request.interaction_id)
        return pb.GetInteractionResponse(interaction=convert.interaction(found))

    async def UpdateInteraction(
        self, request: pb.UpdateInteractionRequest, context: Context
    ) -> pb.UpdateInteractionResponse:
        """Changes a touchpoint."""
        found = await interactions.update_interaction(
            self._services, tenant_id(), request.interaction_id, convert.change(request)
        )
        return pb.UpdateInteractionResponse(interaction=convert.interaction(found))

    async def DeleteInteraction(
        self, request: pb.DeleteInteractionRequest, context: Context
    ) -> pb.DeleteInteractionResponse:
        """Removes a touchpoint."""
        await interactions.delete_interaction(self._services, tenant_id(), request.interaction_id)
        return pb.DeleteInteractionResponse(id=request.interaction_id, deleted=True)

    async def GetTimeline(self, request: pb.GetTimelineRequest, context: Context) -> pb.GetTimelineResponse:
        """Lists what happened with a contact."""
        return convert.timeline(await get_timeline(self._services, tenant_id(), convert.timeline_query(request)))


def _item(index: int, item: pb.NewInteraction) -> NewInteraction | InvalidInput:
    """One of many, or what is wrong with it, told in the paths of the whole request."""
    try:
        _validate_item(item)
    except InvalidInput as error:
        return InvalidInput([FieldViolation(f"items[{index}].{v.field}", v.description) for v in error.violations])
    return convert.new(item)
