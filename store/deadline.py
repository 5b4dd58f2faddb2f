"""The caller's deadline, passed on to the database without threading it through every signature."""

import time
from contextvars import ContextVar
from typing import Final

_ends_at: Final[ContextVar[float | None]] = ContextVar("kith_deadline", default=None)


def set_remaining(seconds: float | None) -> None:
    """Says how many seconds the current call has left; None means no deadline."""
    _ends_at.set(None if seconds is None else time.monotonic() + seconds)


def remaining_ms(at_most: int) -> int:
    """Milliseconds that a statement may run: what the caller has left, at least 1 and at most `at_most`."""
    ends_at = _ends_at.get()
    if ends_at is None:
        return at_most
    return max(1, min(at_most, int((ends_at - time.monotonic()) * 1000)))
