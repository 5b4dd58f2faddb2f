"""One turn of a contact: what must be known before it is taken in, and everything that it writes.

The write is one statement. A turn touches seven tables; as a statement each they would cost more round trips than all
of the thinking, while the contact's row is locked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import text

from store import queue, readings, snapshots
from store.database import Transaction
from store.queue import Job
from store.tables.analytics import MOOD_COLUMNS
from store.tables.base import values
from store.tables.contact import ContactRow
from store.tables.interaction_log import InteractionLogRow
from store.tables.memory import EntityRow, MemoryRow
from store.warmth import CONFIG_ARRAY

_OPEN: Final = text(
    f"SELECT {', '.join(f'c.{f.name}' for f in fields(ContactRow))}, t.time_zone, {CONFIG_ARRAY},"
    " m.r, m.alpha, m.a, m.b"
    " FROM contacts c JOIN tenants t ON t.tenant_id = c.tenant_id"
    " LEFT JOIN churn_models m ON m.tenant_id = c.tenant_id"
    " LEFT JOIN warmth_configs w ON w.tenant_id = c.tenant_id"
    " WHERE c.tenant_id = :tenant AND c.contact_id = :contact FOR UPDATE OF c"
)

_KNOWN: Final = (
    "SELECT"
    " (SELECT json_build_array(interaction_id, answer) FROM interaction_logs"
    "   WHERE tenant_id = :tenant AND contact_id = :contact AND turn_id = :turn),"
    " EXISTS (SELECT FROM contact_sessions"
    "   WHERE tenant_id = :tenant AND contact_id = :contact AND session_id = :session),"
    " EXISTS (SELECT FROM contact_days WHERE tenant_id = :tenant AND contact_id = :contact AND day = :day),"
    " EXISTS (SELECT FROM procrastinate_jobs WHERE queueing_lock = :job AND status = 'todo')"
)
_BEFORE: Final = text(_KNOWN)
_BEFORE_WITH_MEMORIES: Final = text(
    f"{_KNOWN},"
    f" (SELECT json_agg({snapshots.MEMORY_ARRAY} ORDER BY m.sequence, m.memory_id)::text FROM memories m"
    "   WHERE m.tenant_id = :tenant AND m.contact_id = :contact AND m.status = 'current'"
    "   AND (m.type IN ('fact', 'preference') OR m.session_id = :session)),"
    f" (SELECT json_agg({snapshots.ENTITY_ARRAY} ORDER BY e.entity_id)::text FROM entities e"
    "   WHERE e.tenant_id = :tenant AND e.contact_id = :contact)"
)

_AROUND: Final = text(
    "SELECT session_id FROM contact_sessions WHERE tenant_id = :tenant AND contact_id = :contact"
    " AND started_at < :to AND last_turn_at > :from"
    " ORDER BY greatest(started_at - :at, :at - last_turn_at), started_at, session_id LIMIT 1"
)

_KEYS: Final = frozenset(("tenant_id", "contact_id"))
_LOG: Final = ", ".join(f.name for f in fields(InteractionLogRow))
_MEMORY: Final = ", ".join(f.name for f in fields(MemoryRow))
_ENTITY: Final = ", ".join(f.name for f in fields(EntityRow))

REWRITTEN: Final = (
    "sources", "confidence", "importance", "strength", "strength_at", "status", "valid_to", "superseded_by",
)  # fmt: skip
"""The columns of a known memory that a turn may change. To `interaction_ids` it only ever adds."""

STATE: Final = tuple(
    f.name
    for f in fields(ContactRow)
    if f.name not in _KEYS
    and f.name not in (
        "external_id", "channel", "display_name", "language", "time_zone", "outreach_consent", "created_at", "version",
        "title", "tags", "attributes",
    )
)  # fmt: skip
"""The columns of a contact's row that a turn may change."""

_MOOD_COUNTS: Final = ", ".join(f"(CAST(:mood AS text) = '{mood}')::integer" for mood in MOOD_COLUMNS)

_WRITE: Final = text(
    f"""
    WITH session AS (
      INSERT INTO contact_sessions AS s (tenant_id, contact_id, session_id, started_at, last_turn_at, turns)
      VALUES (:tenant, :contact, :session, :at, :at, 1)
      ON CONFLICT (tenant_id, contact_id, session_id) DO UPDATE SET
        turns = s.turns + 1,
        started_at = least(s.started_at, excluded.started_at),
        last_turn_at = greatest(s.last_turn_at, excluded.last_turn_at)
    ), day AS (
      INSERT INTO contact_days AS d (tenant_id, contact_id, day, turns) VALUES (:tenant, :contact, :day, 1)
      ON CONFLICT (tenant_id, contact_id, day) DO UPDATE SET turns = d.turns + 1
    ), activity AS (
      INSERT INTO daily_activity AS a (tenant_id, contact_id, day, turns, first_at, {", ".join(MOOD_COLUMNS)})
      VALUES (:tenant, :contact, :tenant_day, 1, :at, {_MOOD_COUNTS})
      ON CONFLICT (tenant_id, contact_id, day) DO UPDATE SET
        turns = a.turns + 1, first_at = least(a.first_at, excluded.first_at),
        {", ".join(f"{mood} = a.{mood} + excluded.{mood}" for mood in MOOD_COLUMNS)}
    ), log AS (
      INSERT INTO interaction_logs ({_LOG})
      SELECT {_LOG} FROM json_populate_record(NULL::interaction_logs, CAST(:log AS json))
    ), closed AS (
      {readings.CLOSE}
    ), removed AS (
      DELETE FROM memories
      WHERE tenant_id = :tenant AND contact_id = :contact AND memory_id = ANY (CAST(:removed AS text[]))
    ), changed AS (
      UPDATE memories m SET {", ".join(f"{name} = new.{name}" for name in REWRITTEN)},
        interaction_ids = m.interaction_ids || new.interaction_ids
      FROM json_populate_recordset(NULL::memories, CAST(:changed AS json)) AS new
      WHERE m.tenant_id = :tenant AND m.contact_id = :contact AND m.memory_id = new.memory_id
    ), added AS (
      INSERT INTO memories ({_MEMORY})
      SELECT {_MEMORY} FROM json_populate_recordset(NULL::memories, CAST(:added AS json))
    ), answered AS (
      UPDATE outreach_triggers SET status = 'expired', failure = 'contact_wrote'
      WHERE CAST(:wrote AS boolean) AND tenant_id = :tenant AND contact_id = :contact AND expire_on_reply
        AND (status IN ('pending', 'held') OR status = 'claimed' AND NOT outcome_unknown) AND created_at < :at
    ), met AS (
      INSERT INTO entities ({_ENTITY})
      SELECT {_ENTITY} FROM json_populate_recordset(NULL::entities, CAST(:entities AS json))
      ON CONFLICT (tenant_id, contact_id, entity_id) DO UPDATE SET
        display_name = excluded.display_name, aliases = excluded.aliases
    )
    UPDATE contacts c SET {", ".join(f"{name} = new.{name}" for name in STATE)}, version = c.version + 1
    FROM json_populate_record(NULL::contacts, CAST(:state AS json)) AS new
    WHERE c.tenant_id = :tenant AND c.contact_id = :contact
    RETURNING c.version, CASE WHEN CAST(:job_task AS text) IS NOT NULL THEN {queue.DEFER} END
    """
)


@dataclass(frozen=True, slots=True)
class Opened:
    """The contact's row, locked until the transaction ends, and the IANA zone of its tenant's days."""

    contact: ContactRow
    tenant_zone: str
    warmth_constants: list[Any] | None
    """The tenant's own constants of warmth in the order of `store.warmth.CONFIG_ARRAY`, where it has some."""

    churn_model: tuple[float, float, float, float] | None
    """r, alpha, a and b of the tenant's own churn model, where it has one."""

    @property
    def zone(self) -> str:
        """The IANA zone of the contact's own days, or else its tenant's."""
        return self.contact.time_zone or self.tenant_zone


@dataclass(frozen=True, slots=True)
class Before:
    """What a turn finds.

    `answered` is the (interaction id, counts) that a turn of this turn id was answered with. Then: whether its session
    and its local day were seen before, and whether the named job waits. `memories` are the current ones that a turn
    can touch without being asked to: what is known of the contact, and what was said in this session. They and
    `entities` are empty where they were not asked for.
    """

    answered: tuple[str, dict[str, Any]] | None
    session_known: bool
    day_known: bool
    job_waiting: bool
    memories: list[MemoryRow]
    entities: list[EntityRow]


@dataclass(frozen=True, slots=True)
class TurnWrites:
    """What a turn writes.

    `day` is its day where the contact lives, `tenant_day` the same in the tenant's zone; `mood` is the one to count, if
    any; `state` has every column of STATE; `changed`, by memory id, has every column of REWRITTEN
    and the `interaction_ids` to add; `removed` are ids of memories; `entities` are those that the turn mentions;
    `job` is what follows.
    """

    log: InteractionLogRow
    day: date
    tenant_day: date
    mood: str | None
    state: Mapping[str, Any]
    added: Sequence[MemoryRow]
    changed: Mapping[str, Mapping[str, Any]]
    removed: Sequence[str]
    entities: Sequence[EntityRow]
    job: Job | None


async def open_contact(tx: Transaction, contact_id: str) -> Opened | None:
    """Locks the contact for a turn; None where the tenant has no such contact."""
    row = (await tx.execute(_OPEN, {"tenant": tx.tenant_id, "contact": contact_id})).one_or_none()
    if row is None:
        return None
    *contact, zone, constants, r, alpha, a, b = row
    return Opened(ContactRow(*contact), zone, constants, None if r is None else (r, alpha, a, b))


async def session_around(tx: Transaction, contact_id: str, at: datetime, pause: timedelta) -> str | None:
    """The session nearest to `at` that began or ended less than `pause` from it, or was under way; for late turns."""
    found = await tx.execute(
        _AROUND, {"tenant": tx.tenant_id, "contact": contact_id, "at": at, "from": at - pause, "to": at + pause}
    )
    return found.scalar_one_or_none()


async def before(
    tx: Transaction, contact_id: str, *, turn_id: str | None, session_id: str, day: date, job: str, memories: bool
) -> Before:
    """Looks up what the turn's effects depend on, its `memories` if asked for. The caller holds the contact.

    A statement of its own after the lock: one that waits for the lock would see all else as it was before.
    """
    parameters = {
        "tenant": tx.tenant_id, "contact": contact_id, "turn": turn_id, "session": session_id, "day": day, "job": job,
    }  # fmt: skip
    if not memories:
        answered, session, day_known, waiting = (await tx.execute(_BEFORE, parameters)).one()
        return Before(answered, session, day_known, waiting, [], [])
    row = (await tx.execute(_BEFORE_WITH_MEMORIES, parameters)).one()
    answered, session, day_known, waiting, remembered, met = row
    return Before(
        answered, session, day_known, waiting, snapshots.read_memories(remembered), snapshots.read_entities(met)
    )


async def write(tx: Transaction, turn: TurnWrites) -> int | None:
    """Stores all that a turn changes and moves the contact's version on.

    Returns the new version; None if there is no such contact. Raises UniqueViolation for a turn id that is taken.
    """
    log = turn.log
    written = await tx.execute(
        _WRITE,
        {
            "tenant": tx.tenant_id,
            "contact": log.contact_id,
            "session": log.session_id,
            "at": log.occurred_at,
            "day": turn.day,
            "tenant_day": turn.tenant_day,
            "mood": turn.mood or "",
            "wrote": bool((log.user_message or "").strip()),
            "log": _json(values(log)),
            "removed": list(turn.removed),
            "now": log.created_at,
            "changed": _json([{"memory_id": i, **columns} for i, columns in turn.changed.items()]),
            "added": _json([values(row) for row in turn.added]),
            "entities": _json([values(row) for row in turn.entities]),
            "state": _json(turn.state),
            **queue.parameters(turn.job),
        },
    )
    return written.scalar()


def _json(value: Mapping[str, Any] | list[dict[str, Any]] | list[Mapping[str, Any]]) -> str:
    return orjson.dumps(value).decode()
