"""ContactService: thin; the work is in `server/usecases/contacts.py`."""

from grpc.aio import ServicerContext
from kith.contact.v1 import contact_pb2 as pb
from kith.contact.v1 import contact_service_pb2_grpc as grpc_pb

from server import callers
from server.convert import contact as convert
from server.usecases import contacts
from server.usecases.services import Services

Context = ServicerContext[object, object]


class ContactServicer(grpc_pb.ContactServiceServicer):
    """Creates, reads, changes and erases contacts."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def CreateContact(self, request: pb.CreateContactRequest, context: Context) -> pb.CreateContactResponse:
        """Makes a contact known."""
        result = await contacts.create_contact(self._services, callers.tenant_id(), convert.new_contact(request))
        if result.created:
            await context.send_initial_metadata((("x-http-status", "201"),))
        return convert.created(result)

    async def ListContacts(self, request: pb.ListContactsRequest, context: Context) -> pb.ListContactsResponse:
        """Lists a page of contacts."""
        return convert.page(await contacts.list_contacts(self._services, callers.tenant_id(), convert.query(request)))

    async def GetContactProfile(
        self, request: pb.GetContactProfileRequest, context: Context
    ) -> pb.GetContactProfileResponse:
        """Shows one contact whole."""
        return convert.full_profile(
            await contacts.get_contact_profile(self._services, callers.tenant_id(), request.contact_id)
        )

    async def UpdateContact(self, request: pb.UpdateContactRequest, context: Context) -> pb.UpdateContactResponse:
        """Changes who a contact is."""
        given, mask = convert.changes(request)
        profile = await contacts.update_contact(self._services, callers.tenant_id(), request.contact_id, given, mask)
        return pb.UpdateContactResponse(contact=convert.contact(profile))

    async def DeleteContact(self, request: pb.DeleteContactRequest, context: Context) -> pb.DeleteContactResponse:
        """Erases a contact."""
        return convert.erased(await contacts.delete_contact(self._services, callers.tenant_id(), request.contact_id))

    async def ExportContact(self, request: pb.ExportContactRequest, context: Context) -> pb.ExportContactResponse:
        """Exports everything of a contact."""
        return convert.export(await contacts.export_contact(self._services, callers.tenant_id(), request.contact_id))
