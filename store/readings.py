"""Queries on turns that a language model has read, or is to read, and on who works on a contact with providers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from sqlalchemy import text

from store.database import Transaction

# A turn is read only while an episode still remembers it: what was forgotten or deleted must not come back. And only
# where it gave no statement, as what the rules understood needs nobody else.
_TOLD: Final = (
    "SELECT i AS interaction_id, min(m.sequence) FILTER"
    "   (WHERE m.type = 'episode' AND m.speaker = 'contact' AND m.status = 'current') AS sequence"
    " FROM memories m, unnest(m.interaction_ids) AS i"
    " WHERE m.tenant_id = :tenant AND m.contact_id = :contact GROUP BY i"
    " HAVING NOT bool_or(m.type IN ('fact', 'preference')) AND bool_or("
    "   m.type = 'episode' AND m.speaker = 'contact' AND m.status = 'current')"
)

# Each table is read once, and what is unread is found here: joined, a plan that was made before the tables were
# analysed compares every row with every other one.
_CANDIDATES: Final = text(_TOLD)
_LOGGED: Final = text(
    "SELECT interaction_id FROM interaction_logs"
    " WHERE tenant_id = :tenant AND contact_id = :contact AND user_message IS NOT NULL"
    " ORDER BY occurred_at, interaction_id"
)
_READ: Final = text("SELECT interaction_id FROM turn_readings WHERE tenant_id = :tenant AND contact_id = :contact")
_TURNS: Final = text(
    "SELECT interaction_id, occurred_at, session_id, user_message, user_message_ref FROM interaction_logs"
    " WHERE tenant_id = :tenant AND contact_id = :contact AND interaction_id = ANY (CAST(:ids AS text[]))"
    " ORDER BY occurred_at, interaction_id"
)

_STILL: Final = text(
    "SELECT l.interaction_id FROM interaction_logs l"
    " WHERE l.tenant_id = :tenant AND l.contact_id = :contact AND l.interaction_id = ANY (CAST(:ids AS text[]))"
    " AND l.user_message IS NOT NULL AND NOT EXISTS (SELECT FROM turn_readings r WHERE r.tenant_id = l.tenant_id"
    "   AND r.contact_id = l.contact_id AND r.interaction_id = l.interaction_id)"
)

_TAKE: Final = text(
    f"WITH told AS MATERIALIZED ({_TOLD})"  # noqa: S608 (a constant of ours)
    " INSERT INTO turn_readings (tenant_id, contact_id, interaction_id, model, memories, read_at)"
    " SELECT l.tenant_id, l.contact_id, l.interaction_id, :model, 0, CAST(:at AS timestamptz) FROM interaction_logs l"
    " WHERE l.tenant_id = :tenant AND l.contact_id = :contact AND l.interaction_id = ANY (CAST(:ids AS text[]))"
    " AND l.interaction_id IN (SELECT interaction_id FROM told)"
    " ON CONFLICT DO NOTHING RETURNING interaction_id"
)

_COUNT: Final = text(
    "UPDATE turn_readings SET memories = :memories"
    " WHERE tenant_id = :tenant AND contact_id = :contact AND interaction_id = :id"
)

CLOSE: Final = (
    "INSERT INTO turn_readings (tenant_id, contact_id, interaction_id, model, memories, read_at)"
    " SELECT DISTINCT l.tenant_id, l.contact_id, l.interaction_id, 'none', 0, CAST(:now AS timestamptz)"
    " FROM memories m JOIN interaction_logs l ON l.tenant_id = m.tenant_id AND l.contact_id = m.contact_id"
    "   AND l.interaction_id = ANY (m.interaction_ids)"
    " WHERE m.tenant_id = :tenant AND m.contact_id = :contact AND m.memory_id = ANY (CAST(:removed AS text[]))"
    " ON CONFLICT DO NOTHING"
)
"""Closes the turns of memories that are about to go to any reader; also part of the statement that writes a turn."""

_NEVER: Final = text(CLOSE)

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


async def unread(tx: Transaction, contact_id: str, most: int) -> list[UnreadTurn]:
    """The next turns to read, oldest first."""
    of_contact = {"tenant": tx.tenant_id, "contact": contact_id}
    read = {interaction_id for (interaction_id,) in await tx.execute(_READ, of_contact)}
    places = {row.interaction_id: int(row.sequence) for row in await tx.execute(_CANDIDATES, of_contact)}
    logged = (interaction_id for (interaction_id,) in await tx.execute(_LOGGED, of_contact))
    following = list(islice((i for i in logged if i in places and i not in read), most))
    if not following:
        return []
    turns = await tx.execute(_TURNS, {**of_contact, "ids": following})
    return [
        UnreadTurn(
            interaction_id=row.interaction_id,
            occurred_at=row.occurred_at,
            session_id=row.session_id,
            user_message=row.user_message,
            user_message_ref=row.user_message_ref,
            sequence=places[row.interaction_id],
        )
        for row in turns
    ]


async def still_unread(tx: Transaction, contact_id: str, ids: Sequence[str]) -> set[str]:
    """Which of these turns are there and were neither read nor closed meanwhile."""
    found = await tx.execute(_STILL, {"tenant": tx.tenant_id, "contact": contact_id, "ids": list(ids)})
    return {interaction_id for (interaction_id,) in found}


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


async def never(tx: Transaction, contact_id: str, memory_ids: Sequence[str], at: datetime) -> None:
    """The turns of memories that are about to be deleted are not read by anybody, so that they do not come back."""
    await tx.execute(_NEVER, {"tenant": tx.tenant_id, "contact": contact_id, "removed": list(memory_ids), "now": at})


async def claim(tx: Transaction, contact_id: str, token: str, now: datetime, until: datetime) -> bool:
    """Takes the contact for whoever holds `token`, or keeps it; False where somebody else has it, or it is gone."""
    found = await tx.execute(
        _CLAIM, {"tenant": tx.tenant_id, "contact": contact_id, "token": token, "now": now, "until": until}
    )
    return found.one_or_none() is not None


async def release(tx: Transaction, contact_id: str, token: str) -> None:
    """Gives the contact back."""
    await tx.execute(_RELEASE, {"tenant": tx.tenant_id, "contact": contact_id, "token": token})
