"""Messages in JSON as the gateway prints them: empty fields too, null for nullable ones that are not set."""

from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from kith.options.v1 import options_pb2


def rest_json(message: Message) -> dict[str, Any]:
    """The message as REST answers with it."""
    printed: dict[str, Any] = MessageToDict(message, always_print_fields_with_no_presence=True)
    for field in message.DESCRIPTOR.fields:
        name = field.json_name
        if name not in printed:
            if field.GetOptions().Extensions[options_pb2.nullable]:
                printed[name] = None
        elif field.message_type is not None and field.message_type.full_name.startswith("kith."):
            value = getattr(message, field.name)
            printed[name] = [rest_json(one) for one in value] if field.is_repeated else rest_json(value)
    return {name: _whole(value) for name, value in printed.items()}


def _whole(value: Any) -> Any:
    """JSON knows one kind of number, so that 3 is not to print as 3.0."""
    if isinstance(value, dict):
        return {name: _whole(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_whole(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value
