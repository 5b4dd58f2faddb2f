"""How often a tenant may call a method; the limit holds over all processes."""

from typing import Any

from server.domain.errors import RateLimited
from server.rpc.interceptors.chain import Call, Context, Next
from server.rpc.policy import MethodPolicy
from store.limits import Limit, Limiter


class Limits:
    """The contract's rate of each method, or the settings' one."""

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter

    def around(self, policy: MethodPolicy, following: Next) -> Next:
        """Limits the methods that have a rate."""
        if policy.rate is None:
            return following
        limit = Limit(policy.name, policy.rate.per_second, policy.rate.burst)
        limiter = self._limiter

        async def limited(call: Call, request: Any, context: Context) -> Any:
            tenant_id = call.caller.tenant_id if call.caller is not None else ""
            wait = limiter.take(tenant_id, limit)
            if wait is None:
                wait = await limiter.ask(tenant_id, limit)
            if wait > 0:
                raise RateLimited(wait)
            return await following(call, request, context)

        return limited
