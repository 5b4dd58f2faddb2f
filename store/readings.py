"""Queries on turns that a language model has read, or is to read, and on who works on a contact with providers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text

from store.database import Transaction

# A turn is read only while an episode still remembers it: what was forgotten or deleted must not come back. And only
# where it gave no statement, as what the rules understood needs nobody else.
_TOLD: Final = (
    "WITH told AS MATERIALIZED (SELECT i AS interaction_id, bool_or(m.type <> 'episode') AS stated,"
    "   min(m.sequence) FILTER (WHERE m.type = 'episode' AND m.speaker = 'contact' AND m.status = 'current')"
    "   AS sequence"
    "   FROM memories m, unnest(m.interaction_ids) AS i"
    "   WHERE m.tenant_id = :tenant AND m.contact_id = :contact GROUP BY i)"
)
_UNREAD: Final = (
    " FROM told JOIN interaction_logs l ON l.interaction_id = told.interaction_id"
    " WHERE l.tenant_id = :tenant AND l.contact_id = :contact AND l.user_message IS NOT NULL"
    " AND told.sequence IS NOT NULL AND NOT told.stated"
    " AND NOT EXISTS (SELECT FROM turn_readings r WHERE r.tenant_id = l.tenant_id"
    "   AND r.contact_id = l.contact_id AND r.interaction_id = l.interaction_id)"
)

_NEXT: Final = text(
    f"{_TOLD} SELECT l.interaction_id, l.occurred_at, l.session_id, l.user_message, l.user_message_ref, told.sequence"
    f"{_UNREAD} ORDER BY l.occurred_at, l.interaction_id LIMIT :batch"
)

_TAKE: Final = text(
    f"{_TOLD} INSERT INTO turn_readings (tenant_id, contact_id, interaction_id, model, memories, read_at)"
    f" SELECT l.tenant_id, l.contact_id, l.interaction_id, :model, 0, :at{_UNREAD}"
    " AND l.interaction_id = ANY (CAST(:ids AS text[]))"
    " ON CONFLICT DO NOTHING RETURNING interaction_id"
)

_COUNT: Final = text(
    "UPDATE turn_readings SET memories = :memories"
    " WHERE tenant_id = :tenant AND contact_id = :contact AND interaction_id = :id"
)

_NEVER: Final = text(
    "INSERT INTO turn_readings (tenant_id, contact_id, interaction_id, model, memories, read_at)"
    " SELECT DISTINCT l.tenant_id, l.contact_id, l.interaction_id, 'none', 0, CAST(:at AS timestamptz)"
    " FROM memories m JOIN interaction_logs l ON l.tenant_id = m.tenant_id AND l.contact_id = m.contact_id"
    "   AND l.interaction_id = ANY (m.interaction_ids)"
    " WHERE m.tenant_id = :tenant AND m.contact_id = :contact AND m.memory_id = :memory"
    " ON CONFLICT DO NOTHING"
)

_CLAIM: Final = text(
    "INSERT INTO enrichment_leases AS held (tenant_id, contact_id, token, expires_at)"
    " SELECT tenant_id, contact_id, :token, CAST(:until AS timestamptz) FROM contacts"
    " WHERE tenant_id = :tenant AND contact_id = :contact"
    " ON CONFLICT (tenant_id, contact_id) DO UPDATE SET token = excluded.token, expires_at = excluded.expires_at"
    " WHERE held.expires_at <= :now OR held.token = :token RETURNING token"
)

_RELEASE: Final = text(
    "DELETE FROM enrichment_leases WHERE tenant_id = :tenant AND contact_id = :contact AND token = :token"
)


@dataclass(frozen=True, slots=True)
class UnreadTurn:
    """What the contact said in a turn of which the rules made no statement; `sequence` is its episode's place."""

    interaction_id: str
    occurred_at: datetime
    session_id: str
    user_message: str
    user_message_ref: str | None
    sequence: int


async def unread(tx: Transaction, contact_id: str, batch: int) -> list[UnreadTurn]:
    """The next turns to read, oldest first."""
    found = await tx.execute(_NEXT, {"tenant": tx.tenant_id, "contact": contact_id, "batch": batch})
    return [UnreadTurn(*row) for row in found]


async def take(tx: Transaction, contact_id: str, ids: Sequence[str], model: str, at: datetime) -> set[str]:
    """Notes that these turns were read; returns those that still had to be. The caller holds the contact."""
    found = await tx.execute(
        _TAKE, {"tenant": tx.tenant_id, "contact": contact_id, "ids": list(ids), "model": model, "at": at}
    )
    return {interaction_id for (interaction_id,) in found}


async def count(tx: Transaction, contact_id: str, interaction_id: str, memories: int) -> None:
    """Notes how many memories a turn that was read gave."""
    await tx.execute(
        _COUNT, {"tenant": tx.tenant_id, "contact": contact_id, "id": interaction_id, "memories": memories}
    )


async def never(tx: Transaction, contact_id: str, memory_id: str, at: datetime) -> None:
    """The turns of a memory that is about to be deleted are not read by anybody, so that it does not come back."""
    await tx.execute(_NEVER, {"tenant": tx.tenant_id, "contact": contact_id, "memory": memory_id, "at": at})


async def claim(tx: Transaction, contact_id: str, token: str, now: datetime, until: datetime) -> bool:
    """Takes the contact for whoever holds `token`, or keeps it; False where somebody else has it, or it is gone."""
    found = await tx.execute(
        _CLAIM, {"tenant": tx.tenant_id, "contact": contact_id, "token": token, "now": now, "until": until}
    )
    return found.one_or_none() is not None


async def release(tx: Transaction, contact_id: str, token: str) -> None:
    """Gives the contact back."""
    await tx.execute(_RELEASE, {"tenant": tx.tenant_id, "contact": contact_id, "token": token})
