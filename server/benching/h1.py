"""A lean HTTP/1.1 client: one request at a time on a connection that is kept."""

import asyncio

from server.benching.plans import Request, Target


class H1Connection:
    """One connection. `call` answers `ok`, or the status with which a request failed; calls take turns."""

    def __init__(self, target: Target, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (("host", f"{target.host}:{target.port}"), *target.headers)
        self._tail = "".join(f"{name}: {value}\r\n" for name, value in lines) + "\r\n"
        self._reader = reader
        self._writer = writer
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, target: Target) -> "H1Connection":
        """Connects."""
        return cls(target, *await asyncio.open_connection(target.host, target.port))

    async def call(self, request: Request) -> str:
        """Sends a GET and reads the whole answer."""
        async with self._turn:
            self._writer.write(f"GET {request.path} HTTP/1.1\r\n{self._tail}".encode())
            try:
                head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
                await self._read_body(head)
            except (asyncio.IncompleteReadError, ConnectionError):
                return "connection lost"
        status = head[9:12].decode("latin-1")
        return "ok" if status.startswith("2") else status

    async def _read_body(self, head: bytes) -> None:
        if b"transfer-encoding: chunked" in head:
            while size := int((await self._reader.readuntil(b"\r\n")).split(b";")[0], 16):
                await self._reader.readexactly(size + 2)
            await self._reader.readuntil(b"\r\n")
            return
        _, found, rest = head.partition(b"content-length:")
        if found:
            await self._reader.readexactly(int(rest.split(b"\r\n", 1)[0]))

    def close(self) -> None:
        """Closes the connection."""
        self._writer.close()
