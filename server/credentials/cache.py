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
_MOST_ABSENT: Final = 4_096


class TrustedCache(Generic[K, V]):
    """Values by key, at most `capacity`.

    What is not there is noted too, for a second and apart from the values, so that nonsense neither reaches Postgres
    each time nor drives good entries out.
    """

    def __init__(self, notifications: Notifications, *, capacity: int, seconds: float) -> None:
        self._notifications = notifications
        self._capacity = capacity
        self._seconds = seconds
        self._entries: OrderedDict[K, tuple[V, float]] = OrderedDict()
        self._absent: OrderedDict[K, float] = OrderedDict()
        self._flights: SingleFlight[tuple[K, int], V | None] = SingleFlight()
        self._generation = 0
        notifications.on_gap(self.clear)

    def peek(self, key: K) -> V | None:
        """The value, where it is held and may be believed."""
        entry = self._entries.get(key)
        return entry[0] if entry is not None and self._is_believed(entry[1]) else None

    async def get(self, key: K, load: Callable[[], Awaitable[V | None]]) -> V | None:
        """The value, loaded where it is not held. What changed while it was loaded is not kept."""
        held = self.peek(key)
        if held is not None:
            return held
        if time.monotonic() - self._absent.get(key, float("-inf")) < _ABSENT_SECONDS:
            return None
        generation, now = self._generation, time.monotonic()
        # Who asks after a change does not join a load that began before it.
        value = await self._flights.load((key, generation), load)
        if generation == self._generation:
            self._keep(key, value, now)
        return value

    def drop(self, matches: Callable[[K, V], bool]) -> None:
        """Forgets the values that match, everything that was not there, and what is just being loaded."""
        self._generation += 1
        self._absent.clear()
        for key in [key for key, (value, _) in self._entries.items() if matches(key, value)]:
            del self._entries[key]

    def clear(self) -> None:
        """Forgets everything."""
        self._generation += 1
        self._absent.clear()
        self._entries.clear()

    def _keep(self, key: K, value: V | None, now: float) -> None:
        if value is None:
            self._entries.pop(key, None)
            self._absent[key] = now
            if len(self._absent) > _MOST_ABSENT:
                self._absent.popitem(last=False)
            return
        self._entries[key] = (value, now)
        self._entries.move_to_end(key)
        if len(self._entries) > self._capacity:
            self._entries.popitem(last=False)

    def _is_believed(self, loaded_at: float) -> bool:
        age = time.monotonic() - loaded_at
        return age < _UNHEARD_SECONDS or (age < self._seconds and self._notifications.is_live())
