"""Rate limits that hold over all processes: GCRA in Redis, and in this process alone while Redis is gone.

GCRA keeps one number per tenant and operation: the time at which the bucket would be full again. A call is allowed
while that time is less than a burst ahead of now, and moves it on by one interval.

A process asks for a small lease of calls at a time where the limit is large (at most a hundredth of the burst and a
fiftieth of a second's calls), so that most calls are answered from memory without a word to Redis. What is leased was
allowed by Redis, so the limit holds; what is not used within a second is given up. Small limits have leases of one.
Requests of one event-loop tick are asked for together.
"""

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from store.redis_link import FAILURES, RedisLink

_LEASE_SECONDS: Final = 1.0
_MOST_BUCKETS: Final = 100_000

_SCRIPT: Final = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval, burst, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full = tonumber(redis.call('GET', KEYS[1]) or now)
if full < now then full = now end
-- A hair is added, so that a call that is due exactly now is not lost in rounding.
local room = math.floor((now + burst * interval - full) / interval + 0.000001)
local allowed = math.max(0, math.min(wanted, room))
if allowed > 0 then
  full = full + allowed * interval
  redis.call('SET', KEYS[1], string.format('%.3f', full), 'PX', math.ceil((full - now) / 1000) + 1)
end
return {allowed, math.max(0, math.ceil(full + interval - burst * interval - now))}
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """Calls of one operation per second, and how many may come at once after a quiet time."""

    operation: str
    per_second: float
    burst: int

    @property
    def lease(self) -> int:
        """How many calls a process takes at a time."""
        return max(1, min(self.burst // 100, int(self.per_second / 50)))


def gcra(full_at: float, now: float, limit: Limit, wanted: int) -> tuple[int, float, float]:
    """How many of `wanted` calls are allowed, when the bucket is full then, and seconds until the next one is allowed.

    Times are in seconds. The generic cell rate algorithm of ITU-T I.371, as virtual scheduling.
    """
    interval = 1 / limit.per_second
    full_at = max(full_at, now)
    room = math.floor((now + limit.burst * interval - full_at) / interval + 1e-6)
    allowed = max(0, min(wanted, room))
    full_at += allowed * interval
    return allowed, full_at, max(0.0, full_at + interval - limit.burst * interval - now)


class _Bucket:
    """What this process knows of one tenant's calls of one operation."""

    __slots__ = ("denied_until", "full_at", "leased", "leased_at", "refilling", "waiting")

    def __init__(self) -> None:
        self.leased = 0
        self.leased_at = 0.0
        self.denied_until = 0.0
        self.full_at = 0.0
        self.refilling = False
        self.waiting: list[asyncio.Future[float]] = []


class Limiter:
    """Answers with how many seconds to wait; 0 means go on. One per process."""

    def __init__(self, link: RedisLink, clock: Callable[[], float] = time.monotonic) -> None:
        self._link = link
        self._clock = clock
        self._script: Any = link.client.register_script(_SCRIPT)
        self._buckets: OrderedDict[tuple[str, str], _Bucket] = OrderedDict()
        self._flights: set[asyncio.Task[None]] = set()

    def take(self, tenant_id: str, limit: Limit) -> float | None:
        """The answer where this process knows it by itself: it holds a lease, or was refused a moment ago."""
        bucket = self._buckets.get((tenant_id, limit.operation))
        if bucket is None:
            return None
        now = self._clock()
        if bucket.leased > 0:
            if now - bucket.leased_at > _LEASE_SECONDS:
                bucket.leased = 0
                return None
            bucket.leased -= 1
            if bucket.leased * 2 < limit.lease and not bucket.refilling and limit.lease > 1 and self._link.available:
                self._fly(tenant_id, limit, bucket)
            return 0.0
        return bucket.denied_until - now if now < bucket.denied_until else None

    async def ask(self, tenant_id: str, limit: Limit) -> float:
        """The answer of Redis, or of this process alone while Redis is gone."""
        bucket = self._bucket(tenant_id, limit)
        if not self._link.available:
            return self._alone(bucket, limit, 1)[1]
        loop = asyncio.get_running_loop()
        future: asyncio.Future[float] = loop.create_future()
        bucket.waiting.append(future)
        if len(bucket.waiting) == 1:
            loop.call_soon(self._fly, tenant_id, limit, bucket)
        return await future

    def _bucket(self, tenant_id: str, limit: Limit) -> _Bucket:
        key = (tenant_id, limit.operation)
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket()
            if len(self._buckets) > _MOST_BUCKETS:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return bucket

    def _fly(self, tenant_id: str, limit: Limit, bucket: _Bucket) -> None:
        waiting, bucket.waiting = bucket.waiting, []
        bucket.refilling = True
        task = asyncio.get_running_loop().create_task(self._fetch(tenant_id, limit, bucket, waiting))
        self._flights.add(task)
        task.add_done_callback(self._flights.discard)

    async def _fetch(
        self, tenant_id: str, limit: Limit, bucket: _Bucket, waiting: "list[asyncio.Future[float]]"
    ) -> None:
        # With nobody waiting a whole lease is fetched, else one that those who wait begin to use up.
        wanted = max(len(waiting) + limit.lease - 1, limit.lease)
        try:
            allowed, wait = await self._of_redis(tenant_id, limit, wanted)
        except FAILURES:
            self._link.report_failure()
            allowed, wait = self._alone(bucket, limit, len(waiting))
        except BaseException as error:
            for future in waiting:
                if not future.done():
                    future.set_exception(error)
            raise
        finally:
            bucket.refilling = False
        now = self._clock()
        for future in waiting:
            if future.done():
                continue
            future.set_result(0.0 if allowed > 0 else max(wait, 0.001))
            allowed -= 1
        if allowed > 0:
            bucket.leased += allowed
            bucket.leased_at = now
        elif allowed < 0 or not waiting:
            bucket.denied_until = now + wait

    async def _of_redis(self, tenant_id: str, limit: Limit, wanted: int) -> tuple[int, float]:
        key = f"kith:l:{{{tenant_id}/{limit.operation}}}"
        allowed, wait = await self._script(keys=[key], args=[1_000_000 / limit.per_second, limit.burst, wanted])
        return int(allowed), int(wait) / 1_000_000

    def _alone(self, bucket: _Bucket, limit: Limit, wanted: int) -> tuple[int, float]:
        allowed, bucket.full_at, wait = gcra(bucket.full_at, self._clock(), limit, wanted)
        return allowed, 0.0 if allowed >= wanted else max(wait, 0.001)
