"""A provider that keeps failing is left alone for a while, so that nobody waits for it and it can recover."""

import time
from collections.abc import Callable
from typing import Final

from server.providers.errors import CircuitOpen

_FAILURES: Final = 5
_PAUSE_SECONDS: Final = 30.0


class Breaker:
    """Opens after so many failures in a row; after the pause one call may try, and decides how it goes on."""

    def __init__(
        self,
        *,
        failures: int = _FAILURES,
        pause_seconds: float = _PAUSE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = failures
        self._pause = pause_seconds
        self._clock = clock
        self._failed = 0
        self._closed_again_at = 0.0

    def check(self) -> None:
        """Raises CircuitOpen while the provider is left alone."""
        if self._failed < self._most:
            return
        now = self._clock()
        if now < self._closed_again_at:
            raise CircuitOpen("left alone after repeated failures", retry_after=self._closed_again_at - now)
        # This one may try; the others wait for what becomes of it.
        self._closed_again_at = now + self._pause

    def succeeded(self) -> None:
        """A call was answered."""
        self._failed = 0

    def failed(self) -> None:
        """A call failed, after all its tries."""
        self._failed += 1
        if self._failed >= self._most:
            self._closed_again_at = self._clock() + self._pause
