"""Writes ONNX models: the few messages of its protobuf schema that a graph of ours needs.

Field numbers are those of `onnx.proto` (ONNX, Apache-2.0). Written here by hand, as the package `onnx` is large and
would be needed only for this.
"""

import struct
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_FLOAT: Final = 1
_TYPES: Final = {"float32": _FLOAT, "uint8": 2, "int8": 3, "int64": 7}
_IR_VERSION: Final = 8
_VARINT, _BYTES, _FIXED32 = 0, 2, 5
_ATTRIBUTE_FLOAT, _ATTRIBUTE_INT, _ATTRIBUTE_INTS = 1, 2, 7

Attribute = float | int | Sequence[int]


class Graph:
    """A graph as it is written; every name is that of one value."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []
        self._count = 0

    def constant(self, value: NDArray[np.generic]) -> str:
        """A value that is part of the model; returns its name."""
        name = self._new()
        dims = b"".join(_number(1, size) for size in value.shape)
        raw = _bytes(9, np.ascontiguousarray(value).tobytes())
        self._constants.append(_bytes(5, dims + _number(2, _TYPES[value.dtype.name]) + _text(8, name) + raw))
        return name

    def node(self, operator: str, *inputs: str, domain: str = "", **attributes: Attribute) -> str:
        """What an operator makes of some values; returns the name of its first output."""
        name = self._new()
        told = b"".join(_text(1, value) for value in inputs) + _text(2, name) + _text(4, operator)
        told += b"".join(_bytes(5, _attribute(key, value)) for key, value in attributes.items())
        self._nodes.append(_bytes(1, told + _text(7, domain)))
        return name

    def model(self, given: str, given_shape: Sequence[int | str], wanted: str, opsets: dict[str, int]) -> bytes:
        """The model from a float32 input to an output; a dimension that is a word may have any size."""
        ends = _bytes(11, _value(given, given_shape)) + _bytes(12, _value(wanted, None))
        graph = b"".join(self._nodes) + _text(2, "kith") + b"".join(self._constants) + ends
        versions = b"".join(_bytes(8, _text(1, domain) + _number(2, version)) for domain, version in opsets.items())
        return _number(1, _IR_VERSION) + _bytes(7, graph) + versions

    def _new(self) -> str:
        self._count += 1
        return f"v{self._count}"


def _attribute(name: str, value: Attribute) -> bytes:
    told = _text(1, name)
    if isinstance(value, float):
        return told + _key(2, _FIXED32) + struct.pack("<f", value) + _number(20, _ATTRIBUTE_FLOAT)
    if isinstance(value, int):
        return told + _number(3, value) + _number(20, _ATTRIBUTE_INT)
    return told + b"".join(_number(8, one) for one in value) + _number(20, _ATTRIBUTE_INTS)


def _value(name: str, shape: Sequence[int | str] | None) -> bytes:
    tensor = _number(1, _FLOAT)
    if shape is not None:
        dims = (_number(1, size) if isinstance(size, int) else _text(2, size) for size in shape)
        tensor += _bytes(2, b"".join(_bytes(1, dim) for dim in dims))
    return _text(1, name) + _bytes(2, _bytes(1, tensor))


def _key(field: int, kind: int) -> bytes:
    return _varint(field << 3 | kind)


def _number(field: int, value: int) -> bytes:
    return _key(field, _VARINT) + _varint(value & 0xFFFF_FFFF_FFFF_FFFF)


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _bytes(field: int, value: bytes) -> bytes:
    return _key(field, _BYTES) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
