"""Adapters that are counted: kinds, outcomes and times; no ids, no addresses, no texts."""

import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from server.providers.channels.ports import Adapter, Answer, Kind, Outgoing, word_of

Note = Callable[[str, str, float], None]
"""Takes the kind of channel, the outcome and the seconds of one try."""

_FAILED: Final = "failed"


class Measured:
    """An adapter that says how each try ended. A look-up counts apart, as `looked_up_…`."""

    def __init__(self, adapter: Adapter, note: Note) -> None:
        self._adapter = adapter
        self._note = note

    @property
    def kind(self) -> Kind:
        """The kind of the channel."""
        return self._adapter.kind

    @property
    def keeps_locally(self) -> bool:
        """Whether the message stays here."""
        return self._adapter.keeps_locally

    @property
    def looks_up(self) -> bool:
        """Whether the provider can be asked for what it took."""
        return self._adapter.looks_up

    async def deliver(self, message: Outgoing, now: datetime) -> Answer:
        """Tries once."""
        return await self._timed(self._adapter.deliver(message, now), "")

    async def look_up(self, message: Outgoing, now: datetime) -> Answer:
        """Asks what became of a try."""
        return await self._timed(self._adapter.look_up(message, now), "looked_up_")

    async def _timed(self, work: Awaitable[Answer], prefix: str) -> Answer:
        began = time.monotonic()
        word = _FAILED
        try:
            answer = await work
            word = word_of(answer.outcome)
            return answer
        finally:
            self._note(self.kind, prefix + word, time.monotonic() - began)
