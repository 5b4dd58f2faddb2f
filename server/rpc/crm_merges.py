"""The part of CrmService that makes two contacts one, and two again; the work is in `server/usecases/*merg*.py`."""

from grpc.aio import ServicerContext
from kith.crm.v1 import crm_pb2 as pb

from server.callers import tenant_id
from server.convert import crm as crm_convert
from server.convert import crm_merges as convert
from server.usecases import crm, merges, unmerging
from server.usecases.services import Services

Context = ServicerContext[object, object]


class MergesMixin:
    """Merges contacts, undoes it, and lists what was merged."""

    _services: Services

    async def MergeContacts(self, request: pb.MergeContactsRequest, context: Context) -> pb.MergeContactsResponse:
        """Makes two contacts one."""
        done = await merges.merge_contacts(self._services, tenant_id(), request.contact_id, request.other_id)
        return pb.MergeContactsResponse(
            merge=convert.merge(done.merge), contact=await self._contact(done.merge.contact_id)
        )

    async def UndoMerge(self, request: pb.UndoMergeRequest, context: Context) -> pb.UndoMergeResponse:
        """Makes them two again."""
        done = await unmerging.undo_merge(self._services, tenant_id(), request.merge_id)
        return pb.UndoMergeResponse(
            merge=convert.merge(done.merge),
            contact=await self._contact(done.contact_id),
            other=await self._contact(done.other_id),
        )

    async def ListMerges(self, request: pb.ListMergesRequest, context: Context) -> pb.ListMergesResponse:
        """Lists the merges that a contact was part of."""
        found = await merges.list_merges(self._services, tenant_id(), request.contact_id)
        return pb.ListMergesResponse(merges=[convert.merge(row) for row in found])

    async def _contact(self, contact_id: str) -> pb.CrmContact:
        return crm_convert.contact(await crm.get_card(self._services, tenant_id(), contact_id))
