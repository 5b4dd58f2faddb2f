"""Which memories were returned: counted off the request's path, in batches."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from store import memories
from store.database import Database
from store.errors import StoreError

log: Final = logging.getLogger(__name__)

_MOST_WAITING: Final = 50_000
"""Beyond this many, counts are dropped rather than memory used: they only renew the strength of memories."""


class AccessLog:
    """Gathers accesses and writes them every few seconds; what is not written at a crash is lost."""

    def __init__(self, database: Database, clock: Callable[[], datetime], *, every_seconds: float = 5) -> None:
        self._database = database
        self._clock = clock
        self._every = every_seconds
        self._waiting: dict[str, Counter[tuple[str, str]]] = {}
        self._size = 0
        self._task: asyncio.Task[None] | None = None

    def note(self, tenant_id: str, contact_id: str, memory_ids: Iterable[str]) -> None:
        """Counts memories that were just returned."""
        if self._size >= _MOST_WAITING:
            return
        counts = self._waiting.setdefault(tenant_id, Counter())
        for memory_id in memory_ids:
            counts[contact_id, memory_id] += 1
            self._size += 1

    def start(self) -> None:
        """Begins to write in the background."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Writes what waits and ends."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.flush()

    async def flush(self) -> None:
        """Writes what waits. A failure drops it: counts are no reason to hold a server back."""
        waiting, self._waiting, self._size = self._waiting, {}, 0
        for tenant_id, counts in waiting.items():
            try:
                async with self._database.transaction(tenant_id) as tx:
                    await memories.note_access(tx, counts, self._clock())
            except StoreError as error:
                log.warning("access counts dropped", extra={"reason": type(error).__name__})

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            await self.flush()
