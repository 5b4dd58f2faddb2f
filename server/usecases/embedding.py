"""Vectors of a contact's memories: made in batches, for what has none of the present model, and stored by pgvector."""

from typing import Final

from server.domain.errors import NotFound
from server.domain.near_duplicates import NearMerged, candidates, merge_near_duplicates
from server.providers.ports import Embedder
from server.usecases import records
from server.usecases.services import Services
from server.usecases.snapshots import Change
from store import contacts, embeddings, memories, snapshots
from store.database import Transaction
from store.embeddings import Unembedded

BATCH: Final = 64
"""Memories embedded by one call; at most 1,000 characters each."""

_PAGE: Final = 2_048
"""Memories looked up at once: to find those without a vector costs more than to read them."""


async def next_page(services: Services, tenant_id: str, contact_id: str, embedder: Embedder) -> list[Unembedded]:
    """The next memories without a vector of the embedder, oldest first; none when all have one."""
    async with services.database.transaction(tenant_id) as tx:
        return await embeddings.pending(tx, contact_id, model=embedder.model, version=embedder.version, batch=_PAGE)


async def embed_batch(
    services: Services, tenant_id: str, contact_id: str, embedder: Embedder, batch: list[Unembedded]
) -> int:
    """Embeds a batch and stores it: a run that breaks off loses one batch. Returns how many memories got a vector.

    What was edited or deleted meanwhile is passed over. Raises ProviderError.
    """
    made = await embedder.embed([memory.content for memory in batch])

    async def work(tx: Transaction) -> int:
        return await embeddings.store(
            tx, contact_id, batch, made.vectors, model=embedder.model, version=embedder.version, at=services.clock()
        )

    return await services.database.run(tenant_id, work)


async def merge_by_vectors(services: Services, tenant_id: str, contact_id: str, embedder: Embedder) -> int:
    """Makes one of memories that say the same in other words. Returns how many are gone."""
    async with services.database.transaction(tenant_id) as tx:
        if not (await _near(tx, contact_id, embedder)).into:
            return 0
    gone: list[int] = []

    async def work(tx: Transaction) -> Change:
        row = await contacts.get(tx, contact_id, lock=True)
        if row is None:
            raise NotFound.contact(contact_id)
        merged = await _near(tx, contact_id, embedder)
        for memory in merged.grown:
            await memories.change(tx, contact_id, memory.id, records.joined(memory))
        for absorbed, into in merged.into.items():
            await memories.absorb(tx, contact_id, absorbed, into)
        await memories.remove(tx, contact_id, tuple(merged.into))
        gone[:] = [len(merged.into)]
        return Change(await contacts.change(tx, contact_id, {}) or row.version)

    await services.snapshots.change(tenant_id, contact_id, work)
    return gone[0]


async def _near(tx: Transaction, contact_id: str, embedder: Embedder) -> NearMerged:
    """What merging would change now. Vectors are read only of what may be the same by its words."""
    found = await snapshots.whole(tx, contact_id)
    groups = candidates([records.memory(row) for row in found.memories]) if found else []
    if not groups:
        return NearMerged((), {})
    ids = [memory.id for group in groups for memory in group]
    vectors = await embeddings.of_memories(tx, contact_id, ids, model=embedder.model, version=embedder.version)
    return merge_near_duplicates(groups, vectors)
