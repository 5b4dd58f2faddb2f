"""Queries on the vectors of memories."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text

from store.database import Transaction
from store.tables.vector import Vectors, from_text, to_text

# Each table is read once, and what is missing is found here: joined, a plan that was made before the tables were
# analysed compares every row with every other one.
_HASHES: Final = text(
    "SELECT memory_id, md5(content) FROM memories"
    " WHERE tenant_id = :tenant AND contact_id = :contact AND status = 'current' ORDER BY sequence, memory_id"
)

_EMBEDDED: Final = text(
    "SELECT memory_id, content_hash FROM memory_embeddings"
    " WHERE tenant_id = :tenant AND contact_id = :contact AND model = :model AND version = :version"
)

_CONTENTS: Final = text(
    "SELECT memory_id, content, md5(content) FROM memories"
    " WHERE tenant_id = :tenant AND contact_id = :contact AND memory_id = ANY (CAST(:ids AS text[]))"
    " AND status = 'current' ORDER BY sequence, memory_id"
)

_STORE: Final = text(
    "INSERT INTO memory_embeddings"
    " (tenant_id, contact_id, memory_id, model, dimensions, version, content_hash, vector, created_at)"
    " SELECT m.tenant_id, m.contact_id, m.memory_id, :model, :dimensions, :version, n.hash, n.vector::vector, :at"
    " FROM unnest(CAST(:ids AS text[]), CAST(:hashes AS text[]), CAST(:vectors AS text[])) AS n (id, hash, vector)"
    " JOIN memories m ON m.tenant_id = :tenant AND m.contact_id = :contact AND m.memory_id = n.id"
    "   AND md5(m.content) = n.hash"
    " ON CONFLICT (tenant_id, contact_id, memory_id) DO UPDATE SET"
    "   model = excluded.model, dimensions = excluded.dimensions, version = excluded.version,"
    "   content_hash = excluded.content_hash, vector = excluded.vector, created_at = excluded.created_at"
    " WHERE memory_embeddings.version <= excluded.version"
    " RETURNING memory_id"
)

_OF_MEMORIES: Final = text(
    "SELECT memory_id, vector::text FROM memory_embeddings"
    " WHERE tenant_id = :tenant AND contact_id = :contact AND memory_id = ANY (CAST(:ids AS text[]))"
    "   AND model = :model AND version = :version"
    # A model whose length was never asked for may change it; vectors of two lengths cannot be compared.
    "   AND dimensions = (SELECT dimensions FROM memory_embeddings WHERE tenant_id = :tenant AND contact_id = :contact"
    "     AND model = :model AND version = :version ORDER BY created_at DESC, memory_id DESC LIMIT 1)"
)

_LATEST: Final = text("SELECT coalesce(max(version), 0) FROM memory_embeddings WHERE tenant_id = :tenant")

_OLD: Final = text(
    "DELETE FROM memory_embeddings WHERE tenant_id = :tenant AND (contact_id, memory_id) IN"
    " (SELECT contact_id, memory_id FROM memory_embeddings WHERE tenant_id = :tenant LIMIT :batch)"
)


@dataclass(frozen=True, slots=True)
class Unembedded:
    """A current memory without a vector of the model and version asked for; `content_hash` is of its text."""

    memory_id: str
    content: str
    content_hash: str


async def pending(tx: Transaction, contact_id: str, *, model: str, version: int, batch: int) -> list[Unembedded]:
    """The next memories of a contact to embed, oldest first."""
    of_contact = {"tenant": tx.tenant_id, "contact": contact_id}
    embedded = await tx.execute(_EMBEDDED, {**of_contact, "model": model, "version": version})
    known = {row.memory_id: row.content_hash for row in embedded}
    hashes = await tx.execute(_HASHES, of_contact)
    missing = [memory_id for memory_id, content_hash in hashes if known.get(memory_id) != content_hash][:batch]
    if not missing:
        return []
    return [Unembedded(*row) for row in await tx.execute(_CONTENTS, {**of_contact, "ids": missing})]


async def store(
    tx: Transaction,
    contact_id: str,
    memories: Sequence[Unembedded],
    vectors: Vectors,
    *,
    model: str,
    version: int,
    at: datetime,
) -> int:
    """Stores a vector for each memory that is still there with the same text. Returns how many were stored."""
    found = await tx.execute(
        _STORE,
        {
            "tenant": tx.tenant_id,
            "contact": contact_id,
            "model": model,
            "version": version,
            "dimensions": int(vectors.shape[1]),
            "ids": [m.memory_id for m in memories],
            "hashes": [m.content_hash for m in memories],
            "vectors": [to_text(vector) for vector in vectors],
            "at": at,
        },
    )
    return len(found.all())


async def of_memories(
    tx: Transaction, contact_id: str, ids: Sequence[str], *, model: str, version: int
) -> dict[str, Vectors]:
    """The vectors of these memories, by id and all of one length, that of the contact's newest.

    Those that have none of the model and version are not in it.
    """
    found = await tx.execute(
        _OF_MEMORIES,
        {"tenant": tx.tenant_id, "contact": contact_id, "ids": list(ids), "model": model, "version": version},
    )
    return {memory_id: from_text(vector) for memory_id, vector in found}


async def remove_some(tx: Transaction, batch: int) -> int:
    """Deletes a batch of the tenant's vectors, whatever made them. Returns how many."""
    return (await tx.execute(_OLD, {"tenant": tx.tenant_id, "batch": batch})).rowcount


async def latest_version(tx: Transaction) -> int:
    """The greatest version of any vector of the tenant; 0 where there is none."""
    found = await tx.execute(_LATEST, {"tenant": tx.tenant_id})
    return int(found.scalar_one())
