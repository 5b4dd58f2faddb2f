"""A least-recently-used map that is bounded by the bytes of what it holds, not by their number."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ByteBoundedLru(Generic[K, V]):
    """Holds values whose sizes add up to at most `capacity` bytes; for one event loop."""

    def __init__(self, capacity: int, size_of: Callable[[V], int]) -> None:
        self._capacity = capacity
        self._size_of = size_of
        self._items: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._bytes = 0

    @property
    def nbytes(self) -> int:
        """Bytes held now."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._items)

    def get(self, key: K) -> V | None:
        """The value, made the most recently used; None if it is not here."""
        item = self._items.get(key)
        if item is None:
            return None
        self._items.move_to_end(key)
        return item[0]

    def put(self, key: K, value: V) -> None:
        """Takes the value in and drops the least recently used until all fits. One too large alone is not kept."""
        self.drop(key)
        size = self._size_of(value)
        if size > self._capacity:
            return
        self._items[key] = (value, size)
        self._bytes += size
        while self._bytes > self._capacity:
            _, (_, freed) = self._items.popitem(last=False)
            self._bytes -= freed

    def drop(self, key: K) -> None:
        """Forgets the value, if it is here."""
        item = self._items.pop(key, None)
        if item is not None:
            self._bytes -= item[1]

    def clear(self) -> None:
        """Forgets everything."""
        self._items.clear()
        self._bytes = 0
