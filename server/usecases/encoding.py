"""The sentence encoder's vectors of a contact's memories: made in batches, for what has none of its text as it is."""

from dataclasses import dataclass
from typing import Final

from server.domain.errors import NotFound
from server.providers.encoder.minilm import NAME
from server.usecases.services import Services
from server.usecases.snapshots import Change
from store import contacts, encodings, snapshots
from store.database import Transaction
from store.encodings import Encoding

BATCH: Final = 256
"""Memories encoded between two leases, some ms each."""


@dataclass(frozen=True, slots=True)
class Unencoded:
    """A memory without a vector of its text."""

    memory_id: str
    content: str


async def missing(services: Services, tenant_id: str, contact_id: str) -> list[Unencoded]:
    """The memories without a vector, oldest first; those that are over too, as they may be asked for `as_of` a time."""
    async with services.database.transaction(tenant_id) as tx:
        found = await snapshots.whole(tx, contact_id)
        if found is None:
            return []
        made = {one.memory_id: one.content_hash for one in await encodings.of_contact(tx, contact_id, NAME)}
    return [
        Unencoded(row.memory_id, row.content)
        for row in found.memories
        if made.get(row.memory_id) != encodings.text_hash(row.content)
    ]


async def encode_batch(services: Services, tenant_id: str, contact_id: str, batch: list[Unencoded]) -> int | None:
    """Encodes a batch, stores it and lets the next read see it. Returns how many memories got a vector.

    None where this process turns out to have no encoder. What was edited or deleted meanwhile is passed over. Raises
    NotFound.
    """
    vectors = await services.encoders.of_texts([memory.content for memory in batch])
    if vectors is None:
        return None
    made = [
        Encoding(memory.memory_id, encodings.text_hash(memory.content), vector.tobytes())
        for memory, vector in zip(batch, vectors, strict=True)
    ]
    stored: list[int] = []

    async def work(tx: Transaction) -> Change:
        stored.clear()
        row = await contacts.get(tx, contact_id, lock=True)
        if row is None:
            raise NotFound.contact(contact_id)
        stored.append(await encodings.store(tx, contact_id, NAME, made))
        # The next version, so that no copy of the contact without the vectors is taken for the newest.
        return Change(await contacts.change(tx, contact_id, {}) or row.version)

    await services.snapshots.change(tenant_id, contact_id, work)
    return stored[0]
