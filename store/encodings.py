"""Queries on the vectors that a sentence encoder made of memories, for ranking."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from store.database import Transaction

_OF_CONTACT: Final = text(
    "SELECT memory_id, content_hash, vector FROM memory_encodings"
    " WHERE tenant_id = :tenant AND contact_id = :contact AND encoder = :encoder"
)

_STORE: Final = text(
    "INSERT INTO memory_encodings (tenant_id, contact_id, memory_id, encoder, content_hash, vector)"
    " SELECT m.tenant_id, m.contact_id, m.memory_id, :encoder, n.hash, n.vector"
    " FROM unnest(CAST(:ids AS text[]), CAST(:hashes AS text[]), CAST(:vectors AS bytea[])) AS n (id, hash, vector)"
    " JOIN memories m ON m.tenant_id = :tenant AND m.contact_id = :contact AND m.memory_id = n.id"
    "   AND md5(m.content) = n.hash"
    # Not of a tenant that wants none any more: they would stay behind when the others go.
    " JOIN tenants t ON t.tenant_id = :tenant AND t.ranking_encoder <> 'none'"
    " ON CONFLICT (tenant_id, contact_id, memory_id) DO UPDATE SET"
    "   encoder = excluded.encoder, content_hash = excluded.content_hash, vector = excluded.vector"
    " RETURNING 1"
)

_REMOVE: Final = text(
    "DELETE FROM memory_encodings WHERE tenant_id = :tenant AND (contact_id, memory_id) IN"
    " (SELECT contact_id, memory_id FROM memory_encodings WHERE tenant_id = :tenant LIMIT :batch)"
)


def text_hash(content: str) -> str:
    """As Postgres makes it: `md5(content)`."""
    return hashlib.md5(content.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Encoding:
    """The vector of a memory, a signed byte for each number, and the MD5 of the text that it was made from."""

    memory_id: str
    content_hash: str
    vector: bytes


async def of_contact(tx: Transaction, contact_id: str, encoder: str) -> list[Encoding]:
    """What an encoder made of a contact's memories, of texts that may have changed since."""
    found = await tx.execute(_OF_CONTACT, {"tenant": tx.tenant_id, "contact": contact_id, "encoder": encoder})
    return [Encoding(*row) for row in found]


async def store(tx: Transaction, contact_id: str, encoder: str, made: Sequence[Encoding]) -> int:
    """Stores vectors of memories that are still there with the same text. Returns how many."""
    found = await tx.execute(
        _STORE,
        {
            "tenant": tx.tenant_id,
            "contact": contact_id,
            "encoder": encoder,
            "ids": [one.memory_id for one in made],
            "hashes": [one.content_hash for one in made],
            "vectors": [one.vector for one in made],
        },
    )
    return len(found.all())


async def remove_some(tx: Transaction, batch: int) -> int:
    """Deletes a batch of the tenant's vectors. Returns how many."""
    return (await tx.execute(_REMOVE, {"tenant": tx.tenant_id, "batch": batch})).rowcount
