"""The sentence encoder of ranking, for tenants who turned it on: one a process, in a thread of its own."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Literal, Protocol

import numpy as np

from server.credentials.tenants import TenantDirectory
from server.domain.ranking.encoded import Encoded, question
from server.domain.snapshot import ContactSnapshot

log: Final = logging.getLogger(__name__)

EncoderChoice = Literal["none", "minilm"]

_KEPT: Final = 1_024
"""Messages whose vectors are kept: the same one is asked again, for other limits and by retries."""

_MOST_WAITING: Final = 16
"""Messages that wait for the thread; one more is ranked without the encoder, which costs less than to wait."""

_AT_ONCE: Final = 8
"""Texts between which a message that waits gets its turn."""

_LONGEST: Final = 2_000
"""Characters of a text that can fill the pieces that the encoder reads."""


class SentenceEncoder(Protocol):
    """Makes vectors of texts, on the processor of the thread that asks."""

    def encode(self, texts: Sequence[str]) -> Encoded:
        """A vector for each text, as ranking takes them."""


class Encoders:
    """Makes vectors of messages and memories; loads the encoder when the first is wanted. Close it with `close`."""

    def __init__(
        self, tenants: TenantDirectory, load: Callable[[], SentenceEncoder], missing: Callable[[], str | None]
    ) -> None:
        """`missing` tells what this installation lacks; None if nothing. Only then `load` is called."""
        self._tenants = tenants
        self._load = load
        self._missing = missing
        self._thread: ThreadPoolExecutor | None = None
        self._encoder: SentenceEncoder | None = None
        self._unusable = False
        self._waiting = 0
        self._kept: OrderedDict[str, Encoded] = OrderedDict()

    async def wanted(self, tenant_id: str) -> bool:
        """Whether the tenant ranks with an encoder, and this process can."""
        if self._unusable or await self._tenants.ranking_encoder(tenant_id) == "none":
            return False
        if self._encoder is None and (lacking := self._missing()) is not None:
            self._give_up(lacking)
        return not self._unusable

    async def of_message(self, tenant_id: str, snapshot: ContactSnapshot, text: str | None) -> Encoded | None:
        """The vector of a message to a contact; None where ranking goes without."""
        if text is None or snapshot.index.encoded is None or not await self.wanted(tenant_id):
            return None
        asked = question(text, snapshot.profile.display_name)[:_LONGEST]
        if (known := self._kept.get(asked)) is not None:
            self._kept.move_to_end(asked)
            return known
        if self._waiting >= _MOST_WAITING:
            return None
        self._waiting += 1
        try:
            made = await self.of_texts([asked])
        finally:
            self._waiting -= 1
        if made is None:
            return None
        vector: Encoded = made[0]
        self._kept[asked] = vector
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return vector

    async def of_texts(self, texts: Sequence[str]) -> Encoded | None:
        """A vector for each text; None where this process has no encoder. The event loop goes on meanwhile."""
        if self._unusable:
            return None
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="encoder")
        loop = asyncio.get_running_loop()
        read = [text[:_LONGEST] for text in texts]
        try:
            made = [
                await loop.run_in_executor(self._thread, self._encode, read[start : start + _AT_ONCE])
                for start in range(0, len(read), _AT_ONCE)
            ]
            return np.concatenate(made) if made else None
        except (ImportError, OSError, KeyError, ValueError) as error:
            self._give_up(type(error).__name__)
            return None

    def close(self) -> None:
        """Ends the thread."""
        if self._thread is not None:
            self._thread.shutdown(wait=True, cancel_futures=True)

    def _encode(self, texts: Sequence[str]) -> Encoded:
        if self._encoder is None:
            self._encoder = self._load()
        return self._encoder.encode(texts)

    def _give_up(self, reason: str) -> None:
        """Ranking goes on without, as it does where nobody wants an encoder."""
        self._unusable = True
        log.warning("ranking goes on without its sentence encoder: %s", reason)
