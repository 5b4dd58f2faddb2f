"""What has to happen before each request that an endpoint sends, retries included: a budget that sets aside for one.

Held in a context variable, so that neither a question nor a port has to carry it; tasks have one each.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Protocol

from server.providers.errors import ProviderError


class Tries(Protocol):
    """Told of every request."""

    async def begin(self) -> None:
        """Before one is sent. Raises OverBudget; then it is not."""

    def failed(self, error: ProviderError) -> None:
        """After it failed."""


_TOLD: Final[ContextVar[Tries | None]] = ContextVar("told_of_tries", default=None)


@contextmanager
def told(tries: Tries) -> Iterator[None]:
    """Has every request that is sent meanwhile told."""
    token = _TOLD.set(tries)
    try:
        yield
    finally:
        _TOLD.reset(token)


def current() -> Tries | None:
    """Who is told; None outside of any budget."""
    return _TOLD.get()
