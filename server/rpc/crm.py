"""CrmService: thin; the work is in `server/usecases/crm.py`. Merging is in `crm_merges.py`."""

from grpc.aio import ServicerContext
from kith.crm.v1 import crm_pb2 as pb
from kith.crm.v1 import crm_service_pb2_grpc as grpc_pb

from server.callers import tenant_id
from server.convert import crm as convert
from server.rpc.crm_merges import MergesMixin
from server.usecases import contacts, crm
from server.usecases.services import Services

Context = ServicerContext[object, object]


class CrmServicer(MergesMixin, grpc_pb.CrmServiceServicer):
    """Keeps contacts as a CRM does."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def ListCrmContacts(self, request: pb.ListCrmContactsRequest, context: Context) -> pb.ListCrmContactsResponse:
        """Lists a page of contacts."""
        return convert.page(await crm.list_cards(self._services, tenant_id(), convert.query(request)))

    async def CreateCrmContact(
        self, request: pb.CreateCrmContactRequest, context: Context
    ) -> pb.CreateCrmContactResponse:
        """Makes a contact known."""
        made = await crm.create_card(self._services, tenant_id(), convert.new(request))
        if made.created:
            await context.send_initial_metadata((("x-http-status", "201"),))
        return pb.CreateCrmContactResponse(contact=convert.contact(made.card))

    async def FindCrmContact(self, request: pb.FindCrmContactRequest, context: Context) -> pb.FindCrmContactResponse:
        """Shows whose identity it is."""
        card = await crm.find_card(self._services, tenant_id(), convert.given(request))
        return pb.FindCrmContactResponse(contact=convert.contact(card))

    async def GetCrmContact(self, request: pb.GetCrmContactRequest, context: Context) -> pb.GetCrmContactResponse:
        """Shows a contact."""
        card = await crm.get_card(self._services, tenant_id(), request.contact_id)
        return pb.GetCrmContactResponse(contact=convert.contact(card))

    async def UpdateCrmContact(
        self, request: pb.UpdateCrmContactRequest, context: Context
    ) -> pb.UpdateCrmContactResponse:
        """Changes a contact."""
        card = await crm.update_card(self._services, tenant_id(), request.contact_id, convert.change(request))
        return pb.UpdateCrmContactResponse(contact=convert.contact(card))

    async def DeleteCrmContact(
        self, request: pb.DeleteCrmContactRequest, context: Context
    ) -> pb.DeleteCrmContactResponse:
        """Erases a contact."""
        erased = await contacts.delete_contact(self._services, tenant_id(), request.contact_id)
        return pb.DeleteCrmContactResponse(id=erased.receipt_id, deleted=True)

    async def AddIdentity(self, request: pb.AddIdentityRequest, context: Context) -> pb.AddIdentityResponse:
        """Gives a contact an identity."""
        added = await crm.add_identity(self._services, tenant_id(), request.contact_id, convert.given(request))
        if added.created:
            await context.send_initial_metadata((("x-http-status", "201"),))
        return pb.AddIdentityResponse(identity=convert.identity(added.row))

    async def RemoveIdentity(self, request: pb.RemoveIdentityRequest, context: Context) -> pb.RemoveIdentityResponse:
        """Takes an identity from a contact."""
        await crm.remove_identity(self._services, tenant_id(), request.contact_id, request.identity_id)
        return pb.RemoveIdentityResponse(id=request.identity_id, deleted=True)
