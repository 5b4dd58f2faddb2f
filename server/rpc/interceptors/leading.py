"""The id of a contact that was merged into another leads on to the one that stayed."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from server.domain.errors import NotFound
from server.rpc.interceptors.chain import Call, Context, Next
from server.rpc.policy import MethodPolicy

Lead = Callable[[str, str], Awaitable[str | None]]
"""Tenant and contact to the contact that it was merged into, if it was."""

_FIELD: Final = "contact_id"
_HOPS: Final = 4
"""How often it may be merged on while a request is under way."""


class Leading:
    """Only where a contact is not found does this cost anything: then the request is put to the one that stayed.

    A request that does not find its contact has changed nothing, so it may be put again.
    """

    def __init__(self, lead: Lead) -> None:
        self._lead = lead

    def around(self, policy: MethodPolicy, following: Next) -> Next:
        """Leads the requests on that name a contact."""
        if policy.client_streaming or _FIELD not in policy.request_class.DESCRIPTOR.fields_by_name:
            return following

        async def leading(call: Call, request: Any, context: Context) -> Any:
            for _ in range(_HOPS):
                try:
                    return await following(call, request, context)
                except NotFound as error:
                    if error.reason != "CONTACT_NOT_FOUND" or call.caller is None or not request.contact_id:
                        raise
                    stayed = await self._lead(call.caller.tenant_id, request.contact_id)
                    if stayed is None:
                        raise
                    # In place: what is kept of the answer, and what is logged, is of the contact that stayed.
                    request.contact_id = stayed
            return await following(call, request, context)

        return leading
