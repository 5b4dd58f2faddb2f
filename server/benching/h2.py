"""A lean HTTP/2 client: many requests on one connection, for gRPC and for REST.

The generator shares the machine with what it measures. The usual Python client takes longer for a call than a
bare server does; this one only frames bytes, so that the figures are the server's and not the client's.
"""

import asyncio
import struct
from collections import deque
from typing import Final, cast

from server.benching.hpack import grpc_status_of, literal, literals, status_of
from server.benching.plans import Request, Target

_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PING, _GOAWAY, _WINDOW_UPDATE, _CONTINUATION = (
    0,
    1,
    3,
    4,
    6,
    7,
    8,
    9,
)
_END_STREAM, _ACK, _END_HEADERS, _PADDED, _PRIORITY = 0x1, 0x1, 0x4, 0x8, 0x20
_LARGEST_WINDOW: Final = 2**31 - 1
_FIRST_WINDOW: Final = 65_535
_RENEW_AFTER: Final = 2**29
_OK: Final = "ok"


class H2Connection(asyncio.Protocol):
    """One connection. `call` answers `ok`, or the status with which a request failed."""

    def __init__(self, target: Target) -> None:
        self._is_grpc = target.wire == "grpc"
        method = "POST" if self._is_grpc else "GET"
        self._head = literals(
            ((":method", method), (":scheme", "http"), (":authority", f"{target.host}:{target.port}"))
        )
        grpc_headers = (("te", "trailers"), ("content-type", "application/grpc")) if self._is_grpc else ()
        self._tail = literals((*grpc_headers, *target.headers))
        self._buffer = bytearray()
        self._next_id = 1
        self._waiting: dict[int, asyncio.Future[str]] = {}
        self._statuses: dict[int, str] = {}
        self._unfinished: dict[int, tuple[bytes, bool]] = {}
        self._send_window = _FIRST_WINDOW
        self._held_back: deque[bytes] = deque()
        self._received = 0
        self._failure: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greets the server: no header table, no pushes, windows as large as they can be."""
        # uvloop's transports keep to the interface without declaring it.
        self._transport = cast(asyncio.Transport, transport)
        settings = struct.pack("!HIHIHI", 1, 0, 2, 0, 4, _LARGEST_WINDOW)
        self._transport.write(
            _PREFACE
            + _frame(_SETTINGS, 0, 0, settings)
            + _frame(_WINDOW_UPDATE, 0, 0, struct.pack("!I", _LARGEST_WINDOW - _FIRST_WINDOW))
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """Fails what waits for an answer."""
        del exc
        self._fail_all("connection lost")

    async def call(self, request: Request) -> str:
        """Sends a request and waits for the whole answer."""
        if self._failure is not None:
            return self._failure
        stream = self._next_id
        self._next_id += 2
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting[stream] = answer
        block = self._head + literal(":path", request.path) + self._tail
        if not self._is_grpc:
            self._transport.write(_frame(_HEADERS, _END_HEADERS | _END_STREAM, stream, block))
            return await answer
        message = b"\x00" + len(request.body).to_bytes(4, "big") + request.body
        headers = _frame(_HEADERS, _END_HEADERS, stream, block)
        data = _frame(_DATA, _END_STREAM, stream, message)
        if self._held_back or self._send_window < len(message):
            self._transport.write(headers)
            self._held_back.append(data)
        else:
            self._send_window -= len(message)
            self._transport.write(headers + data)
        return await answer

    def data_received(self, data: bytes) -> None:
        """Takes the frames apart."""
        buffer = self._buffer
        buffer += data
        at, end = 0, len(buffer)
        while end - at >= 9:
            length = int.from_bytes(buffer[at : at + 3], "big")
            if end - at < 9 + length:
                break
            kind, flags = buffer[at + 3], buffer[at + 4]
            stream = int.from_bytes(buffer[at + 5 : at + 9], "big") & _LARGEST_WINDOW
            if kind == _DATA:
                self._on_data(flags, stream, length)
            else:
                self._on_frame(kind, flags, stream, bytes(buffer[at + 9 : at + 9 + length]))
            at += 9 + length
        if at:
            del buffer[:at]

    def _on_data(self, flags: int, stream: int, length: int) -> None:
        self._received += length
        if self._received >= _RENEW_AFTER:
            self._transport.write(_frame(_WINDOW_UPDATE, 0, 0, struct.pack("!I", self._received)))
            self._received = 0
        if flags & _END_STREAM:
            self._finish(stream, self._statuses.pop(stream, "?"))

    def _on_frame(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == _HEADERS:
            self._on_block(flags, stream, _unpadded(flags, payload), ends=bool(flags & _END_STREAM))
        elif kind == _CONTINUATION:
            begun, ends = self._unfinished.pop(stream, (b"", False))
            self._on_block(flags, stream, begun + payload, ends=ends)
        elif kind == _SETTINGS and not flags & _ACK:
            self._transport.write(_frame(_SETTINGS, _ACK, 0, b""))
        elif kind == _PING and not flags & _ACK:
            self._transport.write(_frame(_PING, _ACK, 0, payload))
        elif kind == _WINDOW_UPDATE and stream == 0:
            self._send_window += int.from_bytes(payload, "big") & _LARGEST_WINDOW
            self._flush()
        elif kind == _RST_STREAM:
            self._finish(stream, f"reset {int.from_bytes(payload, 'big')}")
        elif kind == _GOAWAY:
            self._fail_all("going away")

    def _on_block(self, flags: int, stream: int, block: bytes, *, ends: bool) -> None:
        if not flags & _END_HEADERS:
            self._unfinished[stream] = (block, ends)
            return
        if stream not in self._statuses:
            self._statuses[stream] = status_of(block)
        if not ends:
            return
        status = self._statuses.pop(stream)
        if self._is_grpc:
            self._finish(stream, f"grpc {grpc_status_of(block)}")
        else:
            self._finish(stream, status)

    def _finish(self, stream: int, status: str) -> None:
        self._statuses.pop(stream, None)
        answer = self._waiting.pop(stream, None)
        if answer is None or answer.done():
            return
        is_good = status == "grpc 0" if self._is_grpc else status.startswith("2")
        answer.set_result(_OK if is_good else status)

    def _flush(self) -> None:
        while self._held_back and len(self._held_back[0]) - 9 <= self._send_window:
            data = self._held_back.popleft()
            self._send_window -= len(data) - 9
            self._transport.write(data)

    def _fail_all(self, why: str) -> None:
        self._failure = why
        for stream in list(self._waiting):
            self._finish(stream, why)

    def close(self) -> None:
        """Closes the connection."""
        self._transport.close()


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def _unpadded(flags: int, payload: bytes) -> bytes:
    padding, at = (payload[0], 1) if flags & _PADDED else (0, 0)
    if flags & _PRIORITY:
        at += 5
    return payload[at : len(payload) - padding]
