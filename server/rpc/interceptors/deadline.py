"""Passes the caller's deadline on to the database, and refuses what is too late already."""

from typing import Any

from server.domain.errors import DeadlineExceeded
from server.rpc.interceptors.chain import Call, Context, Next
from server.rpc.policy import MethodPolicy
from store import deadline


class Deadline:
    """Every statement of the call is told how long it may run."""

    def around(self, policy: MethodPolicy, following: Next) -> Next:
        """Reads the deadline of every call; none means the server's own limit."""

        async def within(call: Call, request: Any, context: Context) -> Any:
            remaining = context.time_remaining()
            if remaining is not None:
                if remaining <= 0:
                    raise DeadlineExceeded("The caller's deadline had run out before the work began.")
                deadline.set_remaining(remaining)
            return await following(call, request, context)

        return within
