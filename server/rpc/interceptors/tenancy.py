"""Which tenant a call acts for: the credential says, and a request may only agree with it."""

from dataclasses import replace
from typing import Any, Final

from server import callers
from server.callers import Caller
from server.credentials.tenants import TenantDirectory
from server.domain.errors import InvalidInput, PermissionDenied
from server.rpc.interceptors.chain import Call, Context, Next
from server.rpc.policy import PLATFORM_KEY, MethodPolicy
from store.identifiers import well_formed

TENANT_HEADER: Final = "x-tenant-id"


class Tenancy:
    """A platform key names the tenant it acts for, in `x-tenant-id` or in the request's `tenant_id`."""

    def __init__(self, tenants: TenantDirectory) -> None:
        self._tenants = tenants

    def around(self, policy: MethodPolicy, following: Next) -> Next:
        """Settles the tenant of every call, and says to all that follows who calls."""
        in_body, action = policy.names_tenant and not policy.client_streaming, policy.audit
        platform_alone, takes_platform = policy.for_platform_alone, PLATFORM_KEY in policy.credentials
        tenants = self._tenants

        async def settle(call: Call, request: Any, context: Context) -> Any:
            caller = call.caller
            if caller is None:
                raise PermissionDenied("Nobody may call this.")
            if not platform_alone and (caller.kind == "platform" or in_body or TENANT_HEADER in call.metadata):
                named = _named(call, request, in_body)
                if caller.kind == "platform":
                    caller = call.caller = await _acting(caller, named)
                elif any(tenant != caller.tenant_id for _, tenant in named):
                    raise PermissionDenied("The credential belongs to another tenant than the request names.")
            callers.enter(caller, action)
            return await following(call, request, context)

        async def _acting(caller: Caller, named: list[tuple[str, str]]) -> Caller:
            if not named:
                if takes_platform:
                    return caller
                raise InvalidInput.of(TENANT_HEADER, "must name the tenant that a platform key acts for")
            tenant_id = named[0][1]
            if any(other != tenant_id for _, other in named):
                raise InvalidInput.of("tenant_id", f"must be the same as {TENANT_HEADER}")
            if not tenants.is_active(tenant_id):
                await tenants.require(tenant_id)
            return replace(caller, tenant_id=tenant_id)

        return settle


def _named(call: Call, request: Any, in_body: bool) -> list[tuple[str, str]]:
    """Where the request names a tenant, and which. Raises InvalidInput for a malformed name."""
    named: list[tuple[str, str]] = []
    if TENANT_HEADER in call.metadata:
        named.append((TENANT_HEADER, call.header(TENANT_HEADER) or ""))
    if in_body and request.HasField("tenant_id"):
        named.append(("tenant_id", request.tenant_id))
    for where, tenant_id in named:
        if not well_formed(tenant_id):
            raise InvalidInput.of(where, "must be 1 to 128 characters of A-Z a-z 0-9 _ - : .")
    return named
