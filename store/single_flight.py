"""Many that want the same thing at once: one fetches it, all get it."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class SingleFlight(Generic[K, T]):
    """Joins concurrent loads of the same key. Only for loads that began after the caller asked, see `load`."""

    def __init__(self) -> None:
        self._running: dict[K, asyncio.Task[T]] = {}

    async def load(self, key: K, fetch: Callable[[], Awaitable[T]]) -> T:
        """The result of `fetch`, or of the one already under way for `key`.

        The key must name what makes results equal (the version): a caller that joins gets what was read before it
        asked. A caller that is cancelled does not end the load of the others.
        """
        task = self._running.get(key)
        if task is None:
            task = asyncio.ensure_future(fetch())
            self._running[key] = task
            task.add_done_callback(lambda _: self._running.pop(key, None))
        return await asyncio.shield(task)
