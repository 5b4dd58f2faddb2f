"""Who calls, and whether this method takes their kind of credential."""

from typing import Any, Final

from server.callers import Caller
from server.credentials.authenticator import Credentials
from server.domain.errors import PermissionDenied, Unauthenticated
from server.rpc.interceptors.chain import Call, Context, Next
from server.rpc.policy import BEARER, GATEWAY_KEY, PLATFORM_KEY, MethodPolicy

GATEWAY_KEY_HEADER: Final = "x-gateway-key"
AUTHORIZATION: Final = "authorization"


class Auth:
    """Everything is denied that no option allows.

    No credential of a kind that the method takes is UNAUTHENTICATED, also where one of another kind is there; a good
    one that is not for this method (a tenant's key on a platform method, a token without the permission) is
    PERMISSION_DENIED.
    """

    def __init__(self, credentials: Credentials) -> None:
        self._keys = credentials.keys
        self._tokens = credentials.tokens

    def around(self, policy: MethodPolicy, following: Next) -> Next:
        """Authenticates every call."""
        accepted = policy.credentials
        if not accepted:
            return _nobody
        takes_key = GATEWAY_KEY in accepted or PLATFORM_KEY in accepted
        takes_token = BEARER in accepted
        wanted = _sentence(takes_key, takes_token)
        keys, tokens, permission = self._keys, self._tokens, policy.permission
        takes_tenants_key = GATEWAY_KEY in accepted

        async def authenticate(call: Call, request: Any, context: Context) -> Any:
            caller: Caller | None = None
            if takes_key and (key := call.header(GATEWAY_KEY_HEADER)):
                caller = keys.peek(key) or await keys.caller(key)
                if caller.kind == "key" and not takes_tenants_key:
                    raise PermissionDenied("Only a platform key may call this.")
            elif takes_token and (token := _bearer(call.header(AUTHORIZATION))):
                caller = tokens.peek(token) or await tokens.caller(token)
                if caller.permissions is None or permission not in caller.permissions:
                    raise PermissionDenied(
                        f"The token lacks the permission {permission}.", details={"permission": permission}
                    )
            if caller is None:
                raise Unauthenticated(wanted)
            call.caller = caller
            return await following(call, request, context)

        return authenticate


async def _nobody(_call: Call, _request: Any, _context: Context) -> Any:
    raise PermissionDenied("Nobody may call this.")


def _bearer(authorization: str | None) -> str | None:
    if authorization is None:
        return None
    scheme, _, token = authorization.partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _sentence(takes_key: bool, takes_token: bool) -> str:
    ways = [f"a key in {GATEWAY_KEY_HEADER}"] * takes_key + [f"a bearer token in {AUTHORIZATION}"] * takes_token
    return f"This needs {' or '.join(ways)}."
