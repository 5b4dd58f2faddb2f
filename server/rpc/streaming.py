"""Writing a streamed export: what goes wrong on the way is its last record, because HTTP/1 loses a stream's status."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import datetime
from typing import Any, Final

from server import callers
from server.convert import export
from server.domain.errors import DeadlineExceeded
from server.rpc import status
from server.rpc.interceptors.errors import trace
from server.usecases.portability import Piece

log: Final = logging.getLogger(__name__)

_WRITE_SECONDS: Final = 30
"""A reader that takes nothing for so long is given up."""


async def write(
    pieces: AsyncGenerator[Piece, None], send: Callable[[Any], Awaitable[None]], exported_at: datetime
) -> None:
    """Sends every record, then the end or why there is none. Raises what fails before the first record."""
    counts: Counter[str] = Counter()
    begun = False
    try:
        async with aclosing(pieces):
            async for piece in pieces:
                for record in export.pieces(piece):
                    async with asyncio.timeout(_WRITE_SECONDS):
                        await send(record)
                    begun = True
                if piece.name != "contact":
                    counts[piece.name] += 1
    except TimeoutError as error:
        raise DeadlineExceeded("Nobody took the export.") from error
    except Exception as error:
        if not begun:
            raise
        answer = status.answer(error, callers.request_id() or "")
        log.error("an export broke off", extra={"reason": answer.reason, "trace": trace(error)})
        await send(export.failure(answer.reason, answer.message))
        return
    await send(export.end(counts, exported_at))
