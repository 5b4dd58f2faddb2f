"""What was looked up lately and may still be believed.

Changes of keys and tenants are told by notification, so an entry is good until it is told otherwise. While
notifications cannot be heard, an entry is believed for a second at most; and never longer than the time it is given.
"""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, Generic, TypeVar

from store.notifications import Notifications
from store.single_flight import SingleFlight

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_UNHEARD_SECONDS: Final = 0.8
_ABSENT_SECONDS: Final = 1.0


class TrustedCache(Generic[K, V]):
    """Values by key, at most `capacity`; None is kept too, for a second, so that nonsense does not reach Postgres."""

    def __init__(self, notifications: Notifications, *, capacity: int, seconds: float) -> None:
        self._notifications = notifications
        self._capacity = capacity
        self._seconds = seconds
        self._entries: OrderedDict[K, tuple[V | None, float]] = OrderedDict()
        self._flights: SingleFlight[tuple[K, int], V | None] = SingleFlight()
        self._generation = 0
        notifications.on_gap(self.clear)

    def peek(self, key: K) -> V | None:
        """The value, where it is held and may be believed."""
        entry = self._entries.get(key)
        if entry is None or entry[0] is None or not self._believed(entry):
            return None
        return entry[0]

    async def get(self, key: K, load: Callable[[], Awaitable[V | None]]) -> V | None:
        """The value, loaded where it is not held. What changed while it was loaded is not kept."""
        entry = self._entries.get(key)
        if entry is not None and self._believed(entry):
            return entry[0]
        generation, now = self._generation, time.monotonic()
        # Who asks after a change does not join a load that began before it.
        value = await self._flights.load((key, generation), load)
        if generation == self._generation:
            self._entries[key] = (value, now)
            self._entries.move_to_end(key)
            while len(self._entries) > self._capacity:
                self._entries.popitem(last=False)
        return value

    def drop(self, matches: Callable[[K, V | None], bool]) -> None:
        """Forgets what matches, and what is just being loaded."""
        self._generation += 1
        for key in [key for key, (value, _) in self._entries.items() if matches(key, value)]:
            del self._entries[key]

    def clear(self) -> None:
        """Forgets everything."""
        self._generation += 1
        self._entries.clear()

    def _believed(self, entry: tuple[V | None, float]) -> bool:
        value, loaded_at = entry
        age = time.monotonic() - loaded_at
        if value is None:
            return age < _ABSENT_SECONDS
        return age < _UNHEARD_SECONDS or (age < self._seconds and self._notifications.is_live())
