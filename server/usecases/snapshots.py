"""The snapshot of a contact, from the nearest place that has it fresh: this process, Redis, Postgres."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeVar

import numpy as np

from server.credentials.tenants import CHANGED as TENANT_CHANGED
from server.credentials.tenants import GONE as TENANT_GONE
from server.credentials.tenants import ZONE_CHANGED as TENANT_ZONE_CHANGED
from server.domain import snapshot_bytes
from server.domain.errors import NotFound
from server.domain.open_threads import Call, Touchpoint, open_threads
from server.domain.ranking.encoded import DIMENSIONS, Encoded
from server.domain.snapshot import ContactSnapshot
from server.providers.encoder.minilm import NAME as ENCODER
from server.usecases import records
from store import encodings, snapshots
from store.cache import ERASED, Mark, SnapshotCache
from store.database import Database, Transaction
from store.lru import ByteBoundedLru
from store.notifications import Notifications, notify
from store.single_flight import SingleFlight
from store.tables.memory import MemoryRow

T = TypeVar("T")

Tier = Literal["process", "redis", "postgres"]

_SHARED_AT_MOST: Final = 512 * 1024
"""Larger snapshots are not copied to Redis with every turn; whoever needs one loads it from Postgres."""

CHANGED: Final = "contact_changed"
"""The kind of notification that says: drop what you hold of a contact, it is of this version now."""

_HEARD_SECONDS: Final = 0.02
"""How long a change of which Redis was not told waits before it is answered, so that the others hear of it first."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a transaction did to a contact: its new version, and the new snapshot where it could be derived."""

    version: int
    snapshot: ContactSnapshot | None = None
    erases: bool = False
    """Whether something was erased, so that no process may keep it in memory."""


class Snapshots:
    """Reads and replaces snapshots; one per process."""

    def __init__(
        self, database: Database, cache: SnapshotCache, capacity: int, note_tier: Callable[[Tier], None]
    ) -> None:
        """At most `capacity` bytes are kept in this process. `note_tier` hears who answered each read."""
        self._database = database
        self._cache = cache
        self._local: ByteBoundedLru[tuple[str, str], ContactSnapshot] = ByteBoundedLru(capacity, _size)
        self._flights: SingleFlight[tuple[str, str, int], ContactSnapshot] = SingleFlight()
        self._note_tier = note_tier

    def listen(self, notifications: Notifications) -> None:
        """Hears of changes that Redis could not be told of."""
        notifications.subscribe(CHANGED, self._on_changed)
        notifications.on_gap(self._cache.distrust)
        notifications.subscribe(TENANT_CHANGED, self._on_tenant_changed)

    async def get(self, tenant_id: str, contact_id: str) -> ContactSnapshot:
        """The snapshot of the contact as last committed. Raises NotFound."""
        key = (tenant_id, contact_id)
        version = await self._cache.version(tenant_id, contact_id)
        if version is None:
            # Nobody but Postgres knows; what is read now is newer than any copy.
            self._note_tier("postgres")
            return await self.read(tenant_id, contact_id)
        held = self._local.get(key)
        if held is not None and held.version >= version:
            self._note_tier("process")
            return held
        return await self._flights.load((*key, version), lambda: self._fetch(tenant_id, contact_id, version))

    def held(self, tenant_id: str, contact_id: str, version: int) -> ContactSnapshot | None:
        """The snapshot of exactly this version, where this process has it."""
        snapshot = self._local.get((tenant_id, contact_id))
        return snapshot if snapshot is not None and snapshot.version == version else None

    def holds(self, tenant_id: str, contact_id: str) -> bool:
        """Whether anything of the contact is in this process' memory."""
        return self._local.get((tenant_id, contact_id)) is not None

    def renew(self, tenant_id: str, contact_id: str, memory_ids: Collection[str], now: datetime) -> None:
        """Renews the strength of memories that were returned, in what this process holds; the store has it already."""
        held = self._local.get((tenant_id, contact_id))
        if held is not None and (renewed := held.renewed(memory_ids, now)) is not held:
            self._local.put((tenant_id, contact_id), renewed)

    async def read(self, tenant_id: str, contact_id: str) -> ContactSnapshot:
        """The snapshot from Postgres, offered to the caches. Raises NotFound."""
        epoch, began = self._cache.epoch, time.monotonic()
        async with self._database.transaction(tenant_id) as tx:
            snapshot = await build(tx, contact_id)
        if snapshot is None:
            raise NotFound.contact(contact_id)
        self._local.put((tenant_id, contact_id), snapshot)
        if epoch:
            await self._cache.fill(tenant_id, contact_id, snapshot.version, _shared(snapshot), epoch=epoch, began=began)
        return snapshot

    async def change(
        self, tenant_id: str, contact_id: str, work: Callable[[Transaction], Awaitable[Change | None]]
    ) -> None:
        """Runs a change of a contact so that the next read on any process sees it, also if this one dies.

        `work` returns the change, or None if the contact is gone now. Raises what `work` raises; then nothing changed.
        """
        mark = await self._cache.mark(tenant_id, contact_id)

        async def announced(tx: Transaction) -> Change | None:
            done = await work(tx)
            await _announce(tx, contact_id, mark, done)
            return done

        done = await self._database.run(tenant_id, announced)
        await self._publish(tenant_id, contact_id, mark, done)
        if not mark.token:
            await asyncio.sleep(_HEARD_SECONDS)

    async def change_many(
        self,
        tenant_id: str,
        contact_ids: Collection[str],
        work: Callable[[Transaction], Awaitable[Mapping[str, Change | None]]],
    ) -> None:
        """The same for several contacts that one transaction changes; `work` returns what it did to which of them.

        It locks them in the order of their ids, as everybody does who needs more than one. Of one that it returns
        nothing for, Postgres is asked until its mark is over: name only contacts that exist.
        """
        marks = dict(
            zip(contact_ids, await _gathered(self._cache.mark(tenant_id, i) for i in contact_ids), strict=True)
        )

        async def announced(tx: Transaction) -> Mapping[str, Change | None]:
            done = await work(tx)
            for contact_id, change in done.items():
                await _announce(tx, contact_id, marks[contact_id], change)
            return done

        done = await self._database.run(tenant_id, announced)
        await _gathered(self._publish(tenant_id, i, marks[i], change) for i, change in done.items())
        if not all(mark.token for mark in marks.values()):
            await asyncio.sleep(_HEARD_SECONDS)

    async def _publish(self, tenant_id: str, contact_id: str, mark: Mark, done: Change | None) -> None:
        key = (tenant_id, contact_id)
        if done is None:
            self._local.drop(key)
            # Not merely forgotten: a slow reader that saw the contact must not bring it back into the cache.
            await self._cache.publish(tenant_id, contact_id, mark, ERASED, None)
            return
        if done.snapshot is None:
            self._local.drop(key)
        else:
            held = self._local.get(key)
            if held is None or held.version < done.version:
                self._local.put(key, done.snapshot)
        # Without Redis nobody takes the bytes, and to make them costs most of a millisecond; a reader loads its own.
        shared = _shared(done.snapshot) if self._cache.available else None
        await self._cache.publish(tenant_id, contact_id, mark, done.version, shared)

    async def _fetch(self, tenant_id: str, contact_id: str, version: int) -> ContactSnapshot:
        data = await self._cache.snapshot(tenant_id, contact_id)
        if data is not None:
            snapshot = snapshot_bytes.load(data)
            if snapshot is not None and snapshot.version >= version:
                self._local.put((tenant_id, contact_id), snapshot)
                self._note_tier("redis")
                return snapshot
        self._note_tier("postgres")
        return await self.read(tenant_id, contact_id)

    async def _on_changed(self, payload: dict[str, str]) -> None:
        tenant_id, contact_id, version = payload["tenant"], payload["contact"], int(payload["version"])
        held = self._local.get((tenant_id, contact_id))
        if held is not None and held.version < version:
            self._local.drop((tenant_id, contact_id))
        await self._cache.raise_version(tenant_id, contact_id, version)

    async def _on_tenant_changed(self, payload: dict[str, str]) -> None:
        # It may be gone: none of its contacts' words stay behind in memory. Rare enough to let every tenant load again.
        self._local.clear()
        if payload.get("status") in (TENANT_GONE, TENANT_ZONE_CHANGED):
            # Also where Redis could not be emptied of it, and against a reader that filled it in again. Snapshots hold
            # the zone of their days, and their version says nothing of it.
            self._cache.distrust()


async def _announce(tx: Transaction, contact_id: str, mark: Mark, done: Change | None) -> None:
    if not mark.token or done is None or done.erases:
        # Redis does not hear of this change, or what others still hold in memory must go.
        version = ERASED if done is None else done.version
        await notify(tx, CHANGED, tenant=tx.tenant_id, contact=contact_id, version=str(version))


async def _gathered(work: Iterable[Awaitable[T]]) -> list[T]:
    return list(await asyncio.gather(*work))


async def build(tx: Transaction, contact_id: str) -> ContactSnapshot | None:
    """The snapshot as the transaction sees it; None where the tenant has no such contact."""
    found = await snapshots.whole(tx, contact_id)
    if found is None:
        return None
    calls = [Call(*values) for values in found.calls]
    return ContactSnapshot.build(
        version=found.contact.version,
        zone=found.zone,
        profile=records.profile(found.contact),
        state=records.state(found.contact),
        entities=[records.entity(row) for row in found.entities],
        memories=[records.memory(row) for row in found.memories],
        calls=calls,
        threads=open_threads([Touchpoint(*values) for values in found.touchpoints], calls),
        encoded=None if found.ranking_encoder == "none" else await encodings_of(tx, found.memories),
    )


async def encodings_of(tx: Transaction, rows: Sequence[MemoryRow]) -> dict[str, Encoded]:
    """The sentence encoder's vectors of a contact's memories, by id; those made of another text are left out."""
    if not rows:
        return {}
    texts = {row.memory_id: row.content for row in rows}
    made = await encodings.of_contact(tx, rows[0].contact_id, ENCODER)
    return {
        one.memory_id: np.frombuffer(one.vector, np.int8)
        for one in made
        if len(one.vector) == DIMENSIONS and one.content_hash == encodings.text_hash(texts.get(one.memory_id, ""))
    }


def _size(snapshot: ContactSnapshot) -> int:
    return snapshot.nbytes


def _shared(snapshot: ContactSnapshot | None) -> bytes | None:
    if snapshot is None or snapshot.nbytes > 4 * _SHARED_AT_MOST:
        return None
    data = snapshot_bytes.dump(snapshot)
    return data if len(data) <= _SHARED_AT_MOST else None
