"""Checks every request against the constraints of the protos before anything is done with it."""

from collections.abc import AsyncIterator
from typing import Any

from server.rpc.interceptors.chain import Call, Context, Next
from server.rpc.policy import MethodPolicy


class Validation:
    """All wrong fields are named at once, see `server/rpc/validation.py`."""

    def around(self, policy: MethodPolicy, following: Next) -> Next:
        """Validates every request; those of a stream one by one as they come."""
        validate = policy.validate

        async def validated(call: Call, request: Any, context: Context) -> Any:
            validate(request)
            return await following(call, request, context)

        async def each_validated(call: Call, request: Any, context: Context) -> Any:
            async def checked() -> AsyncIterator[Any]:
                async for message in request:
                    validate(message)
                    yield message

            return await following(call, checked(), context)

        return each_validated if policy.client_streaming else validated
