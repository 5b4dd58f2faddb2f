"""Snapshots of contacts in Redis, and the versions that say whether a copy is fresh.

The truth is the version in the contact's row. In Redis stand, per contact, the version and the snapshot. A change
first marks the contact *in flux* with a token of its own, commits, then publishes version and snapshot and takes its
token away. A reader that finds a token, or nothing, reads Postgres. A token lives a minute, so that a process
that died between commit and publish cannot leave something stale: until its token expires readers ask Postgres, and
with the token the version goes too. A change that fails simply leaves its token to expire: whether a commit that broke
off took place is only known to Postgres.

The value of a version key is the version, followed by `!` and a token for each change under way.
"""

import asyncio
import secrets
import time
from dataclasses import dataclass
from typing import Final, cast

from store.redis_link import FAILURES, RedisLink

FLUX_MS: Final = 60_000
"""How long a change may take from its mark to its publication: above the statement time-out, and several tries."""

ERASED: Final = 2**53 - 1
"""The version of a contact that is gone: above every other, so that nothing older can be filled in over it."""

_FILL_WITHIN_S: Final = FLUX_MS / 2000
"""A load slower than this is not offered to the others: a mark could have come and gone meanwhile."""

_MARK: Final = """
local held = redis.call('GET', KEYS[1]) or ''
redis.call('SET', KEYS[1], held .. '!' .. ARGV[1], 'PX', ARGV[2])
return 1
"""

_PUBLISH: Final = """
local held = redis.call('GET', KEYS[1]) or ''
local version = tonumber(string.match(held, '^%d+')) or 0
local others = ''
for token in string.gmatch(held, '!([^!]+)') do
  if token ~= ARGV[1] and tonumber(string.match(token, '^%d+')) > tonumber(ARGV[3]) then
    others = others .. '!' .. token
  end
end
local mine = tonumber(ARGV[2])
if mine >= version then
  version = mine
  if ARGV[5] == '' then redis.call('DEL', KEYS[2])
  else redis.call('SET', KEYS[2], ARGV[5], 'EX', ARGV[4]) end
end
if others == '' then redis.call('SET', KEYS[1], version, 'EX', ARGV[4])
else redis.call('SET', KEYS[1], version .. others, 'PX', ARGV[6]) end
return version
"""

_FILL: Final = """
local held = redis.call('GET', KEYS[1])
if held and (string.find(held, '!', 1, true) or tonumber(held) > tonumber(ARGV[1])) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
if ARGV[3] == '' then redis.call('DEL', KEYS[2]) else redis.call('SET', KEYS[2], ARGV[3], 'EX', ARGV[2]) end
return 1
"""

_RAISE: Final = """
local held = redis.call('GET', KEYS[1]) or ''
local version = tonumber(string.match(held, '^%d+')) or 0
if tonumber(ARGV[1]) <= version then return 0 end
local tokens = string.match(held, '!.*') or ''
if tokens == '' then redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
else redis.call('SET', KEYS[1], ARGV[1] .. tokens, 'PX', ARGV[3]) end
redis.call('DEL', KEYS[2])
return 1
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """A change under way, announced in Redis; `token` is empty where Redis could not be told."""

    token: str
    epoch: str


class SnapshotCache:
    """Versions and snapshots in Redis, as bytes. Every method works, and says nothing, while Redis is gone."""

    def __init__(self, link: RedisLink, *, ttl_seconds: int) -> None:
        self._link = link
        self._ttl = ttl_seconds
        self._checks = _VersionChecks(link)
        self._mark = link.client.register_script(_MARK)
        self._publish = link.client.register_script(_PUBLISH)
        self._fill = link.client.register_script(_FILL)
        self._raise = link.client.register_script(_RAISE)

    @property
    def available(self) -> bool:
        """Whether Redis may be asked."""
        return self._link.available

    def distrust(self) -> None:
        """Voids everything cached so far, for all processes: something may have changed without a word to Redis."""
        self._link.void()

    async def version(self, tenant_id: str, contact_id: str) -> int | None:
        """The version that is current, or None where only Postgres knows. Checks of one loop tick share one MGET."""
        if not self._link.available:
            return None
        held = await self._checks.get(_name("v", tenant_id, contact_id))
        return int(held) if held is not None and b"!" not in held else None

    async def snapshot(self, tenant_id: str, contact_id: str) -> bytes | None:
        """The snapshot that stands in Redis, whatever its version; None if there is none."""
        if not self._link.available:
            return None
        try:
            key = f"{self._link.epoch}:{_name('s', tenant_id, contact_id)}"
            return cast(bytes | None, await self._link.client.get(key))
        except FAILURES as error:
            self._link.report_failure(error)
            return None

    async def mark(self, tenant_id: str, contact_id: str) -> Mark:
        """Announces a change before its transaction begins."""
        epoch = self._link.epoch
        if not epoch:
            self._link.note_lost_write()
            return Mark("", "")
        token = f"{int(time.time() * 1000) + FLUX_MS}.{secrets.token_hex(4)}"
        try:
            await self._mark(keys=[f"{epoch}:{_name('v', tenant_id, contact_id)}"], args=[token, FLUX_MS])
        except FAILURES as error:
            self._link.report_failure(error, lost_write=True)
            return Mark("", "")
        return Mark(token, epoch)

    async def publish(self, tenant_id: str, contact_id: str, mark: Mark, version: int, snapshot: bytes | None) -> None:
        """Makes a committed change known. `snapshot` None leaves it to the next reader to load one."""
        for _ in range(2):
            epoch = self._link.epoch
            if not epoch:
                self._link.note_lost_write()
                return
            arguments: list[str | int | bytes] = [
                mark.token,
                version,
                int(time.time() * 1000),
                self._ttl,
                snapshot or b"",
                FLUX_MS,
            ]
            try:
                await self._publish(keys=_keys(epoch, tenant_id, contact_id), args=arguments)
                if self._link.adopt((await self._link.mget([]))[-1]):
                    return
                # The epoch changed meanwhile: a reader may have filled the old version in under the new one.
            except FAILURES as error:
                self._link.report_failure(error, lost_write=True)

    async def fill(
        self, tenant_id: str, contact_id: str, version: int, snapshot: bytes | None, *, epoch: str, began: float
    ) -> None:
        """Offers what was loaded from Postgres since `began` (time.monotonic), under the epoch of that time."""
        if not epoch or epoch != self._link.epoch or time.monotonic() - began > _FILL_WITHIN_S:
            return
        try:
            await self._fill(keys=_keys(epoch, tenant_id, contact_id), args=[version, self._ttl, snapshot or b""])
        except FAILURES as error:
            self._link.report_failure(error)

    @property
    def epoch(self) -> str:
        """The epoch to name when a load begins, see `fill`."""
        return self._link.epoch

    async def raise_version(self, tenant_id: str, contact_id: str, version: int) -> None:
        """Makes known that the contact is of `version` at least: nothing older is served or filled in any more."""
        if not self._link.available:
            self._link.note_lost_write()
            return
        try:
            keys = _keys(self._link.epoch, tenant_id, contact_id)
            await self._raise(keys=keys, args=[version, self._ttl, FLUX_MS])
        except FAILURES as error:
            self._link.report_failure(error, lost_write=True)


class _VersionChecks:
    """Gathers the version checks of one event-loop tick into one MGET."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._waiting: dict[str, asyncio.Future[bytes | None]] = {}
        self._flights: set[asyncio.Task[None]] = set()

    async def get(self, name: str) -> bytes | None:
        future = self._waiting.get(name)
        if future is None:
            loop = asyncio.get_running_loop()
            future = loop.create_future()
            if not self._waiting:
                loop.call_soon(self._depart)
            self._waiting[name] = future
        # A caller that is cancelled must not cancel the future that others wait for.
        return await asyncio.shield(future)

    def _depart(self) -> None:
        waiting, self._waiting = self._waiting, {}
        task = asyncio.get_running_loop().create_task(self._fetch(waiting))
        self._flights.add(task)
        task.add_done_callback(self._flights.discard)

    async def _fetch(self, waiting: "dict[str, asyncio.Future[bytes | None]]") -> None:
        epoch = self._link.epoch
        values: list[bytes | None] = [None] * len(waiting)
        if epoch:
            try:
                *found, current = await self._link.mget([f"{epoch}:{name}" for name in waiting])
                if self._link.adopt(current):
                    values = found
            except FAILURES as error:
                self._link.report_failure(error)
        for future, value in zip(waiting.values(), values, strict=True):
            if not future.done():
                future.set_result(value)


def _name(kind: str, tenant_id: str, contact_id: str) -> str:
    # The braces keep both keys of a contact in one slot of a cluster.
    return f"kith:{kind}:{{{tenant_id}/{contact_id}}}"


def _keys(epoch: str, tenant_id: str, contact_id: str) -> list[str]:
    return [f"{epoch}:{_name('v', tenant_id, contact_id)}", f"{epoch}:{_name('s', tenant_id, contact_id)}"]
