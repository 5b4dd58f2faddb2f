"""Queries of the deferred work: what it is derived from, and how it last went."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from store.database import Transaction
from store.tables.base import values
from store.tables.consolidation import ConsolidationTaskRow, consolidation_tasks
from store.tables.contact import contact_sessions
from store.tables.interaction_log import interaction_logs
from store.tables.memory import memories

_COLUMNS: Final = [consolidation_tasks.c[field.name] for field in fields(ConsolidationTaskRow)]

_WAITING: Final = text("SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE queueing_lock = :job AND status = 'todo')")
_PENDING: Final = text(
    "SELECT args -> 'tasks', status::text, scheduled_at, attempts FROM procrastinate_jobs"
    " WHERE args ->> 'tenant_id' = :tenant AND args ->> 'contact_id' = :contact AND task_name = :task"
    " AND status IN ('todo', 'doing', 'failed') ORDER BY id"
)


@dataclass(frozen=True, slots=True)
class PendingJob:
    """A queued job of a contact; `status` is the queue's: `todo`, `doing` or `failed`."""

    tasks: list[str]
    status: str
    due_at: datetime | None
    attempts: int


async def note(tx: Transaction, rows: Sequence[ConsolidationTaskRow]) -> None:
    """Keeps how tasks went, in place of how they went before. Raises ForeignKeyViolation where the contact is gone."""
    if not rows:
        return
    statement = upsert(consolidation_tasks)
    changing = {name: statement.excluded[name] for name in ("status", "changed", "counts", "finished_at")}
    await tx.execute(
        statement.on_conflict_do_update(index_elements=["tenant_id", "contact_id", "task"], set_=changing),
        [values(row) for row in rows],
    )


async def of_contact(tx: Transaction, contact_id: str) -> list[ConsolidationTaskRow]:
    """How the contact's tasks last went, in the order of their names."""
    rows = await tx.execute(
        select(*_COLUMNS)
        .where(consolidation_tasks.c.tenant_id == tx.tenant_id, consolidation_tasks.c.contact_id == contact_id)
        .order_by(consolidation_tasks.c.task)
    )
    return [ConsolidationTaskRow(*row) for row in rows]


async def waits(tx: Transaction, job_name: str) -> bool:
    """Whether a job of this name waits. The caller holds what makes the answer stay true."""
    return bool((await tx.execute(_WAITING, {"job": job_name})).scalar_one())


async def pending(tx: Transaction, contact_id: str, task_name: str) -> list[PendingJob]:
    """The contact's jobs of a kind that are not done, oldest first."""
    found = await tx.execute(_PENDING, {"tenant": tx.tenant_id, "contact": contact_id, "task": task_name})
    return [PendingJob(*row) for row in found]


async def sessions(tx: Transaction, contact_id: str, most: int) -> list[tuple[datetime, datetime]]:
    """When the contact's newest sessions began and had their last turn, newest first."""
    table = contact_sessions.c
    rows: Any = await tx.execute(
        select(table.started_at, table.last_turn_at)
        .where(table.tenant_id == tx.tenant_id, table.contact_id == contact_id)
        .order_by(table.last_turn_at.desc())
        .limit(most)
    )
    return [(began, last) for began, last in rows]


async def moods(tx: Transaction, contact_id: str, since: datetime, most: int) -> list[tuple[datetime, str, float]]:
    """When the contact showed which mood, and how sure that is, newest first; only turns in which they spoke."""
    table = interaction_logs.c
    rows: Any = await tx.execute(
        select(table.occurred_at, table.mood, table.mood_confidence)
        .where(
            table.tenant_id == tx.tenant_id,
            table.contact_id == contact_id,
            table.occurred_at >= since,
            table.mood_source != "none",
        )
        .order_by(table.occurred_at.desc())
        .limit(most)
    )
    return [(at, mood, confidence) for at, mood, confidence in rows]


async def withheld(tx: Transaction, contact_id: str) -> frozenset[str]:
    """The marks of patterns that were deleted by hand, see `memories.withhold`."""
    rows = await tx.execute(
        select(memories.c.attribute).where(
            memories.c.tenant_id == tx.tenant_id,
            memories.c.contact_id == contact_id,
            memories.c.status == "deleted",
        )
    )
    return frozenset(mark for (mark,) in rows if mark)
