"""Queries of a merge and its undoing besides the moving of rows: what is in its way, and what is counted anew.

The caller holds the contacts.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import orjson
from sqlalchemy import bindparam, func, select, text, update

from store.database import Transaction
from store.tables.contact import contact_days, contact_sessions
from store.tables.outreach import outreach_triggers

_CLASHES: Final = text(
    "WITH clashing AS ("
    "  SELECT o.interaction_id, o.turn_id FROM interaction_logs o JOIN interaction_logs k"
    "   ON k.tenant_id = o.tenant_id AND k.contact_id = :kept AND k.turn_id = o.turn_id"
    "  WHERE o.tenant_id = :tenant AND o.contact_id = :other"
    "), loosened AS ("
    "  UPDATE interaction_logs l SET turn_id = NULL FROM clashing c"
    "  WHERE l.tenant_id = :tenant AND l.contact_id = :other AND l.interaction_id = c.interaction_id"
    ") SELECT interaction_id, turn_id FROM clashing"
)
_RENAME: Final = text(
    "UPDATE interaction_logs l SET turn_id = n.turn_id"
    " FROM json_to_recordset(CAST(:turns AS json)) AS n (interaction_id text, turn_id text)"
    " WHERE l.tenant_id = :tenant AND l.contact_id = :contact AND l.interaction_id = n.interaction_id"
    " AND l.turn_id IS NULL"
)
_OF_CALLS: Final = {
    "call_events": text(
        "SELECT call_id, event_key FROM call_events"
        " WHERE tenant_id = :tenant AND contact_id = :contact AND call_id = ANY (CAST(:calls AS text[]))"
    ),
    "interactions": text(
        "SELECT interaction_id FROM interactions WHERE tenant_id = :tenant AND contact_id = :contact"
        " AND origin = 'call' AND origin_id = ANY (CAST(:calls AS text[]))"
    ),
    "memories": text(
        "SELECT m.memory_id FROM memories m JOIN unnest(CAST(:calls AS text[])) k(call_id)"
        " ON m.memory_id = 'mem_' || k.call_id WHERE m.tenant_id = :tenant AND m.contact_id = :contact"
    ),
}
_EDGES_OF: Final = text(
    "SELECT e.tracked_id FROM tracking_log s JOIN tracking_log e ON e.tenant_id = s.tenant_id"
    " AND e.event_id = s.event_id AND e.contact_id = s.contact_id AND e.tracked_id <> s.tracked_id"
    " WHERE s.tenant_id = :tenant AND s.contact_id = :contact AND s.kind IN ('recall', 'workspace')"
    " AND s.tracked_id = ANY (CAST(:told AS text[]))"
)
_ENDS: Final = text(
    "SELECT coalesce(max(sequence), -1), coalesce(min(sequence), 0) FROM memories"
    " WHERE tenant_id = :tenant AND contact_id = :contact"
)
_SHIFT: Final = text(
    "UPDATE memories SET sequence = CASE WHEN sequence >= 0 THEN greatest(0, sequence + CAST(:up AS int))"
    " ELSE least(-1, sequence + CAST(:down AS int)) END"
    " WHERE tenant_id = :tenant AND contact_id = :contact"
)
_RESPAN: Final = text(
    "UPDATE contact_sessions s SET started_at = l.first, last_turn_at = l.last FROM ("
    "  SELECT session_id, min(occurred_at) AS first, max(occurred_at) AS last FROM interaction_logs"
    "  WHERE tenant_id = :tenant AND contact_id = :contact AND session_id = ANY (CAST(:sessions AS text[]))"
    "  GROUP BY session_id) l"
    " WHERE s.tenant_id = :tenant AND s.contact_id = :contact AND s.session_id = l.session_id"
)
_UNMENTIONED: Final = text(
    "DELETE FROM entities e WHERE tenant_id = :tenant AND contact_id = :contact"
    " AND entity_id = ANY (CAST(:entities AS text[])) AND NOT EXISTS (SELECT FROM memories m"
    "  WHERE m.tenant_id = :tenant AND m.contact_id = :contact AND e.entity_id = ANY (m.entity_ids))"
)

PLANNED: Final = ("status", "failure", "occasion", "dedupe_key", "claimed_until")
"""The columns of a trigger that a merge may change."""

_t: Final = outreach_triggers.c
_SESSIONS: Final = 60
"""Enough of the last sessions to find the last gaps in, though some overlap."""


async def loosen_turns(tx: Transaction, kept: str, other: str) -> dict[str, str]:
    """Takes the turn ids off the other's turns that the kept contact has too. Returns them, by interaction."""
    found = await tx.execute(_CLASHES, {"tenant": tx.tenant_id, "kept": kept, "other": other})
    return {row.interaction_id: row.turn_id for row in found}


async def rename_turns(tx: Transaction, contact_id: str, turns: Mapping[str, str]) -> None:
    """Gives turns their turn ids again."""
    if turns:
        rows = [{"interaction_id": i, "turn_id": t} for i, t in turns.items()]
        await tx.execute(_RENAME, {"tenant": tx.tenant_id, "contact": contact_id, "turns": orjson.dumps(rows).decode()})


async def of_calls(tx: Transaction, contact_id: str, call_ids: Sequence[str]) -> dict[str, list[list[Any]]]:
    """The keys of all that came of these calls, by table: what was told of them, their touchpoints and memories."""
    key = {"tenant": tx.tenant_id, "contact": contact_id, "calls": list(call_ids)}
    return {name: [list(row) for row in await tx.execute(query, key)] for name, query in _OF_CALLS.items()}


async def edges_of(tx: Transaction, contact_id: str, tracked_ids: Sequence[str]) -> list[list[Any]]:
    """The keys of the edges of those events that these started."""
    found = await tx.execute(_EDGES_OF, {"tenant": tx.tenant_id, "contact": contact_id, "told": list(tracked_ids)})
    return [list(row) for row in found]


async def sequence_ends(tx: Transaction, contact_id: str) -> tuple[int, int]:
    """The last and the first place of the contact's memories; -1 and 0 where it has none."""
    last, first = (await tx.execute(_ENDS, {"tenant": tx.tenant_id, "contact": contact_id})).one()
    return last, first


async def shift_sequences(tx: Transaction, contact_id: str, up: int, down: int) -> None:
    """Moves the places of the contact's memories: those from 0 on by `up`, those before by `down`."""
    await tx.execute(_SHIFT, {"tenant": tx.tenant_id, "contact": contact_id, "up": up, "down": down})


async def planned(tx: Transaction, contact_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The triggers that are open or have an occasion, with the columns PLANNED, by id; and whose, and `in_doubt`."""
    found = await tx.execute(
        select(_t.trigger_id, _t.contact_id, _t.outcome_unknown.label("in_doubt"), *(_t[name] for name in PLANNED))
        .where(_t.tenant_id == tx.tenant_id, _t.contact_id.in_(contact_ids))
        .where(_t.status.in_(("pending", "held", "claimed")) | _t.occasion.is_not(None) | _t.dedupe_key.is_not(None))
        .order_by(_t.trigger_id)
        .with_for_update()
    )
    return {row.trigger_id: dict(row._mapping) for row in found}


async def states(tx: Transaction, trigger_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The columns PLANNED of triggers, by id."""
    found = await tx.execute(
        select(_t.trigger_id, *(_t[name] for name in PLANNED)).where(
            _t.tenant_id == tx.tenant_id, _t.trigger_id.in_(trigger_ids)
        )
    )
    return {row.trigger_id: {name: row._mapping[name] for name in PLANNED} for row in found}


async def change_planned(tx: Transaction, changes: Mapping[str, Mapping[str, Any]]) -> None:
    """Changes columns of triggers."""
    for trigger_id, columns in changes.items():
        await tx.execute(
            update(outreach_triggers)
            .where(_t.tenant_id == tx.tenant_id, _t.trigger_id == trigger_id)
            .values(dict(columns))
        )


async def spans(tx: Transaction, contact_id: str) -> list[tuple[datetime, datetime]]:
    """When each of the last sessions began and had its last turn."""
    c = contact_sessions.c
    found = await tx.execute(
        select(c.started_at, c.last_turn_at)
        .where(c.tenant_id == tx.tenant_id, c.contact_id == contact_id)
        .order_by(c.started_at.desc())
        .limit(_SESSIONS)
    )
    return [(began, last) for began, last in found]


async def days(tx: Transaction, contact_id: str) -> list[date]:
    """The local days with a turn."""
    c = contact_days.c
    found = await tx.execute(select(c.day).where(c.tenant_id == tx.tenant_id, c.contact_id == contact_id))
    return list(found.scalars())


async def counts(tx: Transaction, contact_id: str) -> tuple[int, int]:
    """How many sessions and local days the contact has."""
    key = {"tenant": tx.tenant_id, "contact": contact_id}
    columns = []
    for table in (contact_sessions, contact_days):
        where = (table.c.tenant_id == bindparam("tenant"), table.c.contact_id == bindparam("contact"))
        columns.append(select(func.count()).select_from(table).where(*where).scalar_subquery())
    sessions, local_days = (await tx.execute(select(*columns), key)).one()
    return sessions, local_days


async def respan(tx: Transaction, contact_id: str, session_ids: Sequence[str]) -> None:
    """Finds anew when sessions began and ended, from the turns that are left."""
    if session_ids:
        await tx.execute(
            _RESPAN, {"tenant": tx.tenant_id, "contact": contact_id, "sessions": list(session_ids)}
        )  # fmt: skip


async def drop_unmentioned(tx: Transaction, contact_id: str, entity_ids: Sequence[str]) -> None:
    """Deletes those of the entities that no memory of the contact mentions."""
    if entity_ids:
        await tx.execute(
            _UNMENTIONED, {"tenant": tx.tenant_id, "contact": contact_id, "entities": list(entity_ids)}
        )  # fmt: skip
