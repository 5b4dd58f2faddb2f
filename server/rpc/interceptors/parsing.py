"""From bytes to the request: how many they may be, and what they say."""

from typing import Any

from google.protobuf.message import DecodeError

from server.domain.errors import InvalidInput, TooLarge
from server.rpc.interceptors.chain import Call, Context, Next
from server.rpc.policy import MethodPolicy


class Parsing:
    """Refuses what is over the method's cap before it looks inside."""

    def around(self, policy: MethodPolicy, following: Next) -> Next:
        """Parses the request of a method that takes one; streams are parsed by gRPC, message by message."""
        if policy.client_streaming:
            return following
        parse, most = policy.request_class.FromString, policy.max_bytes

        async def parsed(call: Call, request: Any, context: Context) -> Any:
            if len(request) > most:
                raise TooLarge(f"The request has {len(request)} bytes; this takes at most {most}.")
            try:
                message = parse(request)
            except DecodeError as error:
                raise InvalidInput.of("request", "is not a message that this takes") from error
            return await following(call, message, context)

        return parsed
