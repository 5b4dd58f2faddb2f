"""The way to Redis, and whether it can be trusted just now.

Redis only ever makes Kith faster. The first failure opens a breaker, so that nobody waits for time-outs; a probe closes
it again. While a process could not reach Redis, changes may have passed Redis by; so whoever comes back first sets a
new *epoch*, a random word in every cache key, and with it forgets everything that was cached before.
"""

import asyncio
import logging
import secrets
from collections.abc import Sequence
from typing import Final, cast

import redis.asyncio as redis
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

log: Final = logging.getLogger(__name__)

FAILURES: Final = (RedisError, OSError, TimeoutError)
"""What a Redis call may raise when Redis, or the way to it, is at fault."""

_EPOCH_KEY: Final = "kith:epoch"
_PROBE_SECONDS: Final = 0.25
_POOL_SECONDS: Final = 5


class RedisLink:
    """One process's connections to Redis. `start` it once, `close` it at the end."""

    def __init__(self, url: str, *, timeout_ms: int = 250) -> None:
        """`url` as in redis-py, or `redis+cluster://…` for a cluster."""
        self.client: redis.Redis | RedisCluster = _connect(url, timeout_ms / 1000)
        self._epoch: str | None = None
        self._probing: asyncio.Task[None] | None = None
        self._closed = False
        self._missed = False

    @property
    def available(self) -> bool:
        """Whether Redis may be asked; False from the first failure until a probe got through."""
        return self._epoch is not None

    @property
    def epoch(self) -> str:
        """The word that every cache key starts with; empty while Redis is not available."""
        return self._epoch or ""

    async def start(self) -> None:
        """Connects if Redis is there; returns at once in any case."""
        try:
            await self._join()
        except FAILURES:
            self.report_failure()

    def report_failure(self, cause: BaseException | None = None, *, lost_write: bool = False) -> None:
        """Says that a call failed. Opens the breaker and starts probing.

        With `lost_write`, a change may have passed Redis by: then coming back means a new epoch. A read that failed
        hides no change of ours; the other processes answer for theirs.
        """
        self._missed = self._missed or lost_write
        if self._epoch is not None:
            log.warning("redis unavailable; answering from postgres", extra={"cause": type(cause).__name__})
        self._epoch = None
        self._start_probing()

    def _start_probing(self) -> None:
        if self._probing is None and not self._closed:
            self._probing = asyncio.get_running_loop().create_task(self._probe())

    def void(self) -> None:
        """Sets a new epoch in the background; until it is set, Redis is not asked."""
        self._missed = True
        self._epoch = None
        self._start_probing()

    def note_lost_write(self) -> None:
        """Says that a change was made while Redis could not be told."""
        self._missed = True

    def adopt(self, epoch: bytes | None) -> bool:
        """Compares the epoch read along with other keys; False if what was read with it must not be used."""
        if self._epoch is None:
            return False
        if epoch is not None and epoch.decode() == self._epoch:
            return True
        # Somebody came back from an outage, or Redis lost everything: what was cached before is void.
        if epoch is None:
            self.void()
        else:
            self._epoch = epoch.decode()
        return False

    async def mget(self, keys: Sequence[str]) -> list[bytes | None]:
        """Values of the keys, also across the slots of a cluster, and the epoch as the last of them."""
        wanted = [*keys, _EPOCH_KEY]
        if isinstance(self.client, RedisCluster):
            return cast(list[bytes | None], await self.client.mget_nonatomic(wanted))
        return cast(list[bytes | None], await self.client.mget(wanted))

    async def close(self) -> None:
        """Ends the probe and every connection."""
        self._closed = True
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.gather(self._probing, return_exceptions=True)
        await self.client.aclose()

    async def _join(self) -> None:
        """Takes over the epoch of the others; makes one where there is none."""
        await self.client.set(_EPOCH_KEY, secrets.token_hex(6), nx=True)
        held = cast(bytes | None, await self.client.get(_EPOCH_KEY))
        if held is None:
            raise RedisError("the epoch went as soon as it was set")
        self._epoch = held.decode()

    async def _probe(self) -> None:
        while not self._closed:
            try:
                if self._missed:
                    # Taken back before the write: a change that is lost from here on needs an epoch of its own.
                    self._missed = False
                    await self.client.set(_EPOCH_KEY, secrets.token_hex(6))
                await self._join()
                if self._missed:
                    self._epoch = None
                    continue
            except FAILURES:
                self._missed = True
                await asyncio.sleep(_PROBE_SECONDS)
                continue
            self._probing = None
            log.info("redis is used again")
            return


def _connect(url: str, timeout: float) -> "redis.Redis | RedisCluster":
    if url.startswith("redis+cluster://"):
        return RedisCluster.from_url(
            url.replace("redis+cluster://", "redis://", 1), socket_timeout=timeout, socket_connect_timeout=timeout
        )
    pool = redis.BlockingConnectionPool.from_url(
        url,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        # A rush waits for a connection: it must not look like an outage.
        max_connections=64,
        timeout=_POOL_SECONDS,
        # The breaker decides what a failure means; a silent second try would hide an outage from it.
        retry=Retry(NoBackoff(), 0),
    )
    return redis.Redis.from_pool(pool)
