"""Which memories were returned: counted off the request's path, in batches."""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from server.usecases.snapshots import Snapshots
from store import memories
from store.database import Database
from store.errors import StoreError

log: Final = logging.getLogger(__name__)

_MOST_WAITING: Final = 50_000
"""Beyond this many, counts are dropped rather than memory used: they only renew the strength of memories."""


class AccessLog:
    """Gathers accesses and writes them every few seconds; what is not written at a crash is lost."""

    def __init__(
        self, database: Database, snapshots: Snapshots, clock: Callable[[], datetime], *, every_seconds: float = 5
    ) -> None:
        self._database = database
        self._snapshots = snapshots
        self._clock = clock
        self._every = every_seconds
        self._waiting: defaultdict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        self._size = 0
        self._task: asyncio.Task[None] | None = None

    def note(self, tenant_id: str, contact_id: str, memory_ids: Iterable[str]) -> None:
        """Counts memories that were just returned."""
        if self._size >= _MOST_WAITING:
            return
        noted = [(contact_id, memory_id) for memory_id in memory_ids]
        self._waiting[tenant_id].update(noted)
        self._size += len(noted)

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
        waiting, self._waiting, self._size = self._waiting, defaultdict(Counter), 0
        for tenant_id, counts in waiting.items():
            try:
                now = self._clock()
                async with self._database.transaction(tenant_id) as tx:
                    await memories.note_access(tx, counts, now)
                await self._renew(tenant_id, counts, now)
            except StoreError as error:
                log.warning("access counts dropped", extra={"reason": type(error).__name__})

    async def _renew(self, tenant_id: str, counts: Counter[tuple[str, str]], now: datetime) -> None:
        by_contact: dict[str, set[str]] = {}
        for contact_id, memory_id in counts:
            by_contact.setdefault(contact_id, set()).add(memory_id)
        for contact_id, memory_ids in by_contact.items():
            self._snapshots.renew(tenant_id, contact_id, memory_ids, now)
            # One at a time, so that calls need not wait for all.
            await asyncio.sleep(0)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            try:
                await self.flush()
            except Exception:
                log.exception("access counts dropped")
