"""As much of HPACK (RFC 7541) as a load generator needs: literals out, two statuses in.

Header tables are switched off (SETTINGS_HEADER_TABLE_SIZE = 0), so that the same block serves every request
and nothing has to be remembered between answers.
"""

import re
from collections.abc import Iterable
from typing import Final

_STATIC_STATUS: Final = {8: "200", 9: "204", 10: "206", 11: "304", 12: "400", 13: "404", 14: "500"}
# RFC 7541, appendix B: the codes of the ten digits.
_DIGITS: Final = {
    "00000": "0", "00001": "1", "00010": "2", "011001": "3", "011010": "4",
    "011011": "5", "011100": "6", "011101": "7", "011110": "8", "011111": "9",
}  # fmt: skip
# `grpc-status` as it is, and in the same appendix's codes; each behind its length and the Huffman flag.
_GRPC_STATUS: Final = re.compile(
    rb"(?:\x0bgrpc-status|\x88\x9a\xca\xc8\xb2\x12\x34\xda\x8f)([\x01\x02\x81\x82])(..?)", re.DOTALL
)


def literal(name: str, value: str) -> bytes:
    """A header field that no table is to remember."""
    return b"\x00" + _string(name) + _string(value)


def literals(headers: Iterable[tuple[str, str]]) -> bytes:
    """Header fields that no table is to remember."""
    return b"".join(literal(name, value) for name, value in headers)


def status_of(block: bytes) -> str:
    """`:status` of an answer's first header block, which begins with it; `?` where it cannot be told."""
    at = 0
    while at < len(block) and block[at] & 0xE0 == 0x20:  # a table size update
        at += 1
    if at < len(block) and block[at] & 0x80:
        return _STATIC_STATUS.get(block[at] & 0x7F, "?")
    # A literal whose name is one of the static `:status` entries, with or without incremental indexing.
    index = block[at] & (0x3F if block[at] & 0x40 else 0x0F) if at < len(block) else 0
    if index not in _STATIC_STATUS or at + 1 >= len(block):
        return "?"
    flag, length = block[at + 1] & 0x80, block[at + 1] & 0x7F
    return _digits(block[at + 2 : at + 2 + length], huffman=bool(flag))


def grpc_status_of(block: bytes) -> str:
    """`grpc-status` of an answer's last header block; `?` where there is none."""
    found = _GRPC_STATUS.search(block)
    if found is None:
        return "?"
    flag_and_length = found[1][0]
    return _digits(found[2][: flag_and_length & 0x7F], huffman=bool(flag_and_length & 0x80))


def _digits(data: bytes, *, huffman: bool) -> str:
    if not huffman:
        return data.decode("latin-1")
    bits, digits, code = "".join(f"{byte:08b}" for byte in data), "", ""
    for bit in bits:
        code += bit
        if code in _DIGITS:
            digits, code = digits + _DIGITS[code], ""
    return digits or "?"


def _string(text: str) -> bytes:
    data = text.encode()
    return _integer(len(data)) + data


def _integer(value: int) -> bytes:
    """An integer with a prefix of seven bits (RFC 7541, 5.1)."""
    if value < 127:
        return bytes([value])
    rest, encoded = value - 127, bytearray([127])
    while rest >= 128:
        encoded.append(rest % 128 + 128)
        rest //= 128
    encoded.append(rest)
    return bytes(encoded)
