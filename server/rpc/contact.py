"""ContactService: thin; the work is in `server/usecases/{contacts,portability,importing,receipts}.py`."""

from collections.abc import AsyncIterator
from typing import Final

from grpc.aio import ServicerContext
from kith.contact.v1 import contact_pb2 as pb
from kith.contact.v1 import contact_service_pb2_grpc as grpc_pb
from kith.contact.v1 import erasure_pb2, export_pb2

from server import callers
from server.convert import contact as convert
from server.convert import erasure as erasure_convert
from server.convert import export as export_convert
from server.domain.errors import TooLarge
from server.rpc import streaming
from server.usecases import contacts, importing, portability, receipts
from server.usecases.services import Services

Context = ServicerContext[object, object]

_MOST_BYTES: Final = 32 * 1024 * 1024
"""An export over it is streamed: as JSON it could pass what the gateway takes for one answer."""

_CONSENT: Final = "outreach:write"
"""The permission to record what a contact agreed to."""


class ContactServicer(grpc_pb.ContactServiceServicer):
    """Creates, reads, changes and erases contacts."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._streams = streaming.Streams()

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

    async def ExportContact(
        self, request: export_pb2.ExportContactRequest, context: Context
    ) -> export_pb2.ExportContactResponse:
        """Exports everything of a contact."""
        found = await portability.export_contact(self._services, callers.tenant_id(), request.contact_id)
        answer = export_convert.whole(found)
        if answer.ByteSize() > _MOST_BYTES:
            raise TooLarge("This export is too large for one answer; ExportContactStream gives it record by record.")
        return answer

    async def ExportContactStream(  # type: ignore[override]  # gRPC also takes one that writes instead of yielding
        self, request: export_pb2.ExportContactStreamRequest, context: Context
    ) -> None:
        """Exports everything of a contact, record by record."""
        async with self._streams.one():
            pieces = portability.stream_contact(self._services, callers.tenant_id(), request.contact_id)
            await streaming.write(pieces, context.write, self._services.clock())

    async def ImportContact(
        self, request: export_pb2.ImportContactRequest, context: Context
    ) -> export_pb2.ImportContactResponse:
        """Makes a contact again from an export."""
        archive = export_convert.archive(request)
        result = await importing.import_contact(
            self._services, callers.tenant_id(), archive, may_consent=callers.may(_CONSENT)
        )
        if result.created:
            await context.send_initial_metadata((("x-http-status", "201"),))
        return export_convert.imported(result)

    async def ImportContactStream(
        self, request: AsyncIterator[export_pb2.ImportContactStreamRequest], context: Context
    ) -> export_pb2.ImportContactStreamResponse:
        """Makes a contact again from a streamed export."""
        async with self._streams.one():
            row, records = await streaming.read(request)
            result = await importing.import_stream(
                self._services, callers.tenant_id(), row, records, may_consent=callers.may(_CONSENT)
            )
        return export_convert.streamed(result)

    async def ListErasures(
        self, request: erasure_pb2.ListErasuresRequest, context: Context
    ) -> erasure_pb2.ListErasuresResponse:
        """Lists a page of receipts."""
        found = await receipts.list_receipts(
            self._services.database,
            callers.tenant_id(),
            contact_id=request.contact_id or None,
            limit=request.limit if request.HasField("limit") else 20,
            cursor=request.cursor or None,
        )
        return erasure_convert.page(found)

    async def GetErasure(
        self, request: erasure_pb2.GetErasureRequest, context: Context
    ) -> erasure_pb2.GetErasureResponse:
        """Shows one receipt."""
        found = await receipts.get_receipt(self._services.database, callers.tenant_id(), request.receipt_id)
        return erasure_pb2.GetErasureResponse(erasure=erasure_convert.receipt(found))

    async def VerifyErasures(
        self, request: erasure_pb2.VerifyErasuresRequest, context: Context
    ) -> erasure_pb2.VerifyErasuresResponse:
        """Checks the chain of receipts."""
        known = bytes.fromhex(request.known_head) if request.HasField("known_head") else None
        found = await receipts.verify_receipts(self._services.database, callers.tenant_id(), known)
        return erasure_convert.verification(found)
