"""What other processes must hear at once, through Postgres' own LISTEN and NOTIFY.

A notification is sent by the transaction that makes it true, so nothing is told that did not commit. Payloads hold a
kind and ids, never personal text. Each process listens on one connection of its own; behind a pooler that shares
connections between transactions, point that process' database URL at Postgres itself.

While the connection is gone, notifications pass by. Who depends on them asks `is_live`, and is told by `on_gap` that
some may have been missed.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

import orjson
import psycopg
from sqlalchemy import text

from store.database import Transaction

log: Final = logging.getLogger(__name__)

Handler = Callable[[dict[str, str]], Awaitable[None]]

_CHANNEL: Final = "kith_events"
_SEND: Final = text("SELECT pg_notify(:channel, :payload)")
_BEAT_SECONDS: Final = 0.4
_BEAT_TIMEOUT: Final = 0.5
_LIVE_SECONDS: Final = 1.0
_RETRY_SECONDS: Final = 0.2


async def notify(tx: Transaction, kind: str, **ids: str) -> None:
    """Tells every process, this one too, once the transaction has committed."""
    payload = orjson.dumps({"kind": kind, **ids}).decode()
    await tx.execute(_SEND, {"channel": _CHANNEL, "payload": payload})


class Notifications:
    """One process' ear. Subscribe first, then `start`; `close` it at the end."""

    def __init__(self, url: str) -> None:
        """`url` as psycopg takes it."""
        self._url = url
        self._handlers: dict[str, list[Handler]] = {}
        self._gap_handlers: list[Callable[[], None]] = []
        self._listening: asyncio.Task[None] | None = None
        self._heard_at = float("-inf")
        self._may_have_missed = False

    def subscribe(self, kind: str, handler: Handler) -> None:
        """Has `handler` awaited with the ids of every notification of this kind."""
        self._handlers.setdefault(kind, []).append(handler)

    def on_gap(self, handler: Callable[[], None]) -> None:
        """Has `handler` called whenever listening begins anew, so when notifications may have passed by."""
        self._gap_handlers.append(handler)

    def is_live(self) -> bool:
        """Whether the connection proved alive within the last second; nothing older was missed then."""
        return time.monotonic() - self._heard_at < _LIVE_SECONDS

    async def start(self) -> None:
        """Begins to listen; returns once it does, or after a second where Postgres is away."""
        self._listening = asyncio.get_running_loop().create_task(self._listen(), name="notifications")
        for _ in range(50):
            if self.is_live():
                return
            await asyncio.sleep(0.02)
        self._may_have_missed = True

    async def close(self) -> None:
        """Stops listening."""
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening

    async def _listen(self) -> None:
        told = False
        while True:
            try:
                await self._listen_once()
            except (psycopg.Error, OSError, TimeoutError) as error:
                if self._heard_at > float("-inf") or not told:
                    log.warning("not hearing notifications: %s", type(error).__name__)
                    told = True
                self._heard_at = float("-inf")
            await asyncio.sleep(_RETRY_SECONDS)

    async def _listen_once(self) -> None:
        connection = await psycopg.AsyncConnection.connect(
            self._url, autocommit=True, connect_timeout=3, application_name="kith-notifications"
        )
        try:
            await connection.execute(f"LISTEN {_CHANNEL}")
            # A process that listens from its start has missed nothing, and need not start with empty caches.
            for gap_handler in self._gap_handlers if self._may_have_missed else ():
                gap_handler()
            self._may_have_missed = True
            while True:
                self._heard_at = time.monotonic()
                async for notification in connection.notifies(timeout=_BEAT_SECONDS):
                    await self._dispatch(notification.payload)
                    if time.monotonic() - self._heard_at > _BEAT_SECONDS:
                        break
                # A connection that died without a word gives no notifications and no error: ask it something.
                async with asyncio.timeout(_BEAT_TIMEOUT):
                    await connection.execute("SELECT 1")
        finally:
            await connection.close()

    async def _dispatch(self, payload: str) -> None:
        try:
            ids: dict[str, Any] = orjson.loads(payload)
            kind = ids.pop("kind")
        except (ValueError, KeyError, TypeError, AttributeError):
            log.warning("a notification that is not ours on %s", _CHANNEL)
            return
        for handler in self._handlers.get(kind, ()):
            try:
                await handler(ids)
            except Exception:
                log.exception("a handler of %s failed", kind)
