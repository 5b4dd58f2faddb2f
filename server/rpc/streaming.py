"""Streamed exports and imports: how many at once and for how long, and how they are written and read.

What goes wrong in the midst of an export is its last record, because HTTP/1 loses a stream's status.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import datetime
from typing import Any, Final

from kith.contact.v1 import export_pb2 as pb

from server import callers
from server.convert import export
from server.domain.errors import DeadlineExceeded, InvalidInput, RateLimited
from server.rpc import status
from server.rpc.interceptors.errors import trace
from server.usecases.importing import End
from server.usecases.portability import Piece
from store.contact_data import EXPORTED, Record

log: Final = logging.getLogger(__name__)

_AT_ONCE: Final = 2
_RETRY_SECONDS: Final = 5
_WHOLE_SECONDS: Final = 1_800
_RECORD_SECONDS: Final = 30
"""A caller that neither takes nor gives a record for so long is given up."""


class Streams:
    """The streams of one process: few, since each holds a database connection for as long as its caller takes."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(_AT_ONCE)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """The right to one stream. Raises RateLimited where there are enough, DeadlineExceeded after half an hour."""
        if self._free.locked():
            raise RateLimited(_RETRY_SECONDS)
        async with self._free:
            try:
                async with asyncio.timeout(_WHOLE_SECONDS):
                    yield
            except TimeoutError as error:
                raise DeadlineExceeded("The stream took too long.") from error


async def write(
    pieces: AsyncGenerator[Piece, None], send: Callable[[Any], Awaitable[None]], exported_at: datetime
) -> None:
    """Sends every record, then the end or why there is none. Raises what fails before the first record."""
    counts: Counter[str] = Counter(dict.fromkeys(EXPORTED, 0))
    begun = False
    try:
        async with aclosing(pieces):
            async for piece in pieces:
                for record in export.pieces(piece):
                    async with asyncio.timeout(_RECORD_SECONDS):
                        await send(record)
                    begun = True
                if piece.name != "contact":
                    counts[piece.name] += 1
    except TimeoutError:
        # Nobody would take the last record either.
        raise
    except Exception as error:
        if not begun:
            raise
        answer = status.answer(error, callers.request_id() or "")
        log.error("an export broke off", extra={"reason": answer.reason, "trace": trace(error)})
        await send(export.failure(answer.reason, answer.message))
        return
    await send(export.end(counts, exported_at))


async def read(
    requests: AsyncIterator[pb.ImportContactStreamRequest],
) -> tuple[Record, AsyncIterator[tuple[str, Record] | End]]:
    """The contact's row, of the first two records, and what follows. Raises InvalidInput for records out of place."""
    row: Record = {}
    for _ in range(2):
        request = await _next(requests)
        if request is None:
            raise InvalidInput.of("record", "must come at least three times: contact, stored_state, end")
        export.first(request, row)
    return row, _following(requests)


async def _following(
    requests: AsyncIterator[pb.ImportContactStreamRequest],
) -> AsyncIterator[tuple[str, Record] | End]:
    while (request := await _next(requests)) is not None:
        yield export.following(request)


async def _next(requests: AsyncIterator[pb.ImportContactStreamRequest]) -> pb.ImportContactStreamRequest | None:
    async with asyncio.timeout(_RECORD_SECONDS):
        return await anext(requests, None)
