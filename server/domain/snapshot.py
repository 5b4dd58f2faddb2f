"""Everything the context of a contact is made from, at one version; immutable."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.domain import decay
from server.domain.contact import Profile, State
from server.domain.memory import Entity, Memory
from server.domain.open_threads import Call, Thread
from server.domain.ranking.encoded import DIMENSIONS
from server.domain.ranking.index import RankingIndex

_FADED: Final = 0.9
"""A memory that is stronger is not worth renewing: ranking could hardly tell."""


@dataclass(frozen=True, slots=True)
class ContactSnapshot:
    """A contact with its memories, ready to be ranked.

    `memories` stand in the order of the index: position i of the one is position i of the other. `zone` is the IANA
    zone of the contact's days: its own, else the tenant's. `threads` are what is open with the contact, the newest
    first; read them with `open_threads.open_at`.
    """

    version: int
    zone: str
    profile: Profile
    state: State
    entities: tuple[Entity, ...]
    memories: tuple[Memory, ...]
    index: RankingIndex
    last_call: Call | None = None
    threads: tuple[Thread, ...] = ()

    @classmethod
    def build(
        cls,
        version: int,
        zone: str,
        profile: Profile,
        state: State,
        entities: Sequence[Entity],
        memories: Sequence[Memory],
        *,
        calls: Sequence[Call] = (),
        threads: tuple[Thread, ...] = (),
        encoded: Mapping[str, NDArray[np.int8]] | None = None,
    ) -> "ContactSnapshot":
        """A snapshot from what the store holds; `encoded` are the sentence encoder's vectors, by the memory's id.

        `calls` are the contact's, the newest first.
        """
        kept = tuple(memories)
        index = RankingIndex.build(kept)
        if encoded is not None:
            at = {i: encoded[m.id] for i, m in enumerate(kept) if m.id in encoded}
            index = index.with_encoded(DIMENSIONS, at)
        return cls(
            version, zone, profile, state, tuple(entities), kept, index, calls[0] if calls else None, tuple(threads)
        )

    def after(
        self,
        version: int,
        state: State,
        entities: Sequence[Entity],
        *,
        added: Sequence[Memory],
        changed: Mapping[str, Memory],
        removed: Collection[str],
    ) -> "ContactSnapshot":
        """The snapshot after a turn. The index grows and shrinks by what came and went; it is not built anew."""
        memories = tuple(changed.get(m.id, m) for m in self.memories) if changed else self.memories
        at = {i: m for i, m in enumerate(memories) if m.id in changed} if changed else {}
        index = self.index.changed(at).updated(added, removed)
        memories = (*(m for m in memories if m.id not in removed), *added) if removed else (*memories, *added)
        return replace(self, version=version, state=state, entities=tuple(entities), memories=memories, index=index)

    def renewed(self, memory_ids: Collection[str], now: datetime) -> "ContactSnapshot":
        """The snapshot after these memories were returned, which renews their strength; this one if none had faded."""
        faded = {
            m.id: replace(m, strength=1.0, strength_at=now)
            for m in self.memories
            if m.id in memory_ids and decay.strength_at(m, now) < _FADED
        }
        if not faded:
            return self
        return self.after(self.version, self.state, self.entities, added=(), changed=faded, removed=())

    @property
    def nbytes(self) -> int:
        """About how many bytes it takes in memory: what bounds the cache."""
        texts = sum(len(m.content) for m in self.memories)
        # Measured with tracemalloc: a Memory with its small strings takes some 900 bytes besides its text.
        return 2_000 + 900 * len(self.memories) + 2 * texts + self.index.nbytes
