"""The one helper that every interceptor is built on.

gRPC asks an interceptor for each call anew; here the steps are composed around a method's handler once, at its first
call, with the method's policy at hand, so that a call pays for what its steps do and not for finding out what they are.
A step that has nothing to do for a method takes no part in it.

Steps work on bytes until `parsing` has made a message of them, and the answer is bytes again: size is checked before
anything is parsed, who calls before that, and an idempotent answer is kept as it was sent.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, Final, Protocol

import grpc
from grpc.aio import ServicerContext

from server.callers import Caller
from server.domain.errors import PermissionDenied
from server.rpc import status
from server.rpc.policy import OPEN_SERVICES, MethodPolicy

Context = ServicerContext[Any, Any]


class Call:
    """One call under way: what the steps tell each other. `status` is the name of the gRPC status it ended with."""

    __slots__ = ("caller", "metadata", "request_id", "status")

    def __init__(self, metadata: Mapping[str, str | bytes]) -> None:
        self.metadata = metadata
        self.request_id = ""
        self.caller: Caller | None = None
        self.status = "OK"

    def header(self, name: str) -> str | None:
        """A value of the call's metadata, which is text unless its name ends in `-bin`."""
        value = self.metadata.get(name)
        return value if isinstance(value, str) else None


Next = Callable[[Call, Any, Context], Awaitable[Any]]


class Step(Protocol):
    """One interceptor."""

    def around(self, policy: MethodPolicy, following: Next) -> Next:
        """What happens around `following` for a method; `following` itself where there is nothing to do."""


_metadata: Final[ContextVar[Any]] = ContextVar("kith_metadata")


class Chain(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]
    """Every step around every method, the first outermost. Methods that no option opens are denied."""

    def __init__(self, policies: Mapping[str, MethodPolicy], steps: Sequence[Step]) -> None:
        self._policies = policies
        self._steps = tuple(steps)
        self._handlers: dict[str, Any] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """The handler of the method within the steps; None, so UNIMPLEMENTED, where there is no such method."""
        method = handler_call_details.method
        handler = self._handlers.get(method)
        if handler is None:
            original = await continuation(handler_call_details)
            if original is None:
                return None
            handler = self._handlers[method] = self._wrap(method, original)
        # Set in the task of the call: it is read by the same task a moment later, and by no other.
        _metadata.set(handler_call_details.invocation_metadata)
        return handler

    def _wrap(self, method: str, original: Any) -> Any:
        if method.lstrip("/").rpartition("/")[0] in OPEN_SERVICES:
            return original
        policy = self._policies.get(method)
        if policy is None:
            return grpc.unary_unary_rpc_method_handler(_denied)
        run = _invocation(policy, original)
        for step in reversed(self._steps):
            run = step.around(policy, run)
        return _handler(policy, original, run)


async def _denied(_: bytes, context: Context) -> bytes:
    answer = status.answer(PermissionDenied("Nobody may call this."), "")
    await context.abort(answer.code, answer.message, answer.metadata)
    raise PermissionDenied("Nobody may call this.")


def _invocation(policy: MethodPolicy, original: Any) -> Next:
    """The servicer's own function; answers with bytes, or has written them where it streams."""
    if not policy.server_streaming:
        unary = original.stream_unary if policy.client_streaming else original.unary_unary

        async def answer(_: Call, request: Any, context: Context) -> bytes:
            response = await unary(request, context)
            data: bytes = response.SerializeToString()
            return data

        return answer
    stream = original.stream_stream if policy.client_streaming else original.unary_stream

    async def write(_: Call, request: Any, context: Context) -> None:
        produced = stream(request, context)
        if isinstance(produced, AsyncIterator):
            async for message in produced:
                await context.write(message)
        else:
            await produced

    return write


def _handler(policy: MethodPolicy, original: Any, run: Next) -> Any:
    async def behaviour(request: Any, context: Context) -> Any:
        return await run(Call(dict(_metadata.get())), request, context)

    make = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }[policy.client_streaming, policy.server_streaming]
    return make(
        behaviour,
        # Without a deserializer gRPC hands the bytes over as they are; see `parsing`.
        request_deserializer=original.request_deserializer if policy.client_streaming else None,
        response_serializer=original.response_serializer if policy.server_streaming else None,
    )
