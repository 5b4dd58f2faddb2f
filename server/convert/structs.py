"""Free-form JSON between Python and protobuf's Struct."""

from collections.abc import Mapping
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct


def to_proto(value: Mapping[str, Any]) -> Struct:
    """The object as a Struct, also where it is empty."""
    struct = Struct()
    struct.update(value)
    return struct


def from_proto(struct: Struct) -> dict[str, Any]:
    """The Struct as an object; its whole numbers are integers again, which a Struct has not."""
    return {name: whole_numbers(value) for name, value in MessageToDict(struct).items()}


def whole_numbers(value: Any) -> Any:
    """JSON as it was before it went through a Struct."""
    if isinstance(value, dict):
        return {name: whole_numbers(item) for name, item in value.items()}
    if isinstance(value, list):
        return [whole_numbers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value
