"""The job queue in the same Postgres: jobs are put in by the transaction whose work they follow.

Jobs are put in by the queue's own versioned SQL function rather than by its client, so that a statement which does the
work can queue what follows from it without a round trip of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import text

from store.database import Transaction

DEFER: Final = (
    "procrastinate_defer_jobs_v1(ARRAY[ROW(CAST(:job_queue AS text), :job_task, 0, NULL, CAST(:job_name AS text),"
    " CAST(:job_args AS jsonb), CAST(:job_at AS timestamptz))::procrastinate_job_to_defer_v1])"
)
"""The SQL expression that queues a job when it is evaluated; its parameters are those of `parameters`."""

_PUT: Final = text(f"SELECT {DEFER}")

_WAITING: Final = text("SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE queueing_lock = :name AND status = 'todo')")

_AGE: Final = text(
    "SELECT coalesce(extract(epoch FROM now() - min(coalesce(scheduled_at, (SELECT min(at) FROM procrastinate_events e"
    " WHERE e.job_id = j.id)))), 0) FROM procrastinate_jobs j"
    " WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())"
)


@dataclass(frozen=True, slots=True)
class Job:
    """A job to queue. `args` are ids, never personal text. Each queue has its own workers, see server/jobs/worker.py.

    At most one job of a `name` waits: who puts it in has seen that none does, under a lock that makes it safe.
    """

    task: str
    args: Mapping[str, Any]
    name: str | None = None
    not_before: datetime | None = None
    queue: str = "default"


async def put(tx: Transaction, job: Job) -> None:
    """Queues a job that exists if and only if the transaction commits."""
    await tx.execute(_PUT, parameters(job))


async def put_unless_waiting(tx: Transaction, job: Job) -> bool:
    """Queues a job unless one of its name waits; False then.

    Raises UniqueViolation where another transaction put one in at the same moment.
    """
    waiting = await tx.execute(_WAITING, {"name": job.name})
    if waiting.scalar_one():
        return False
    await put(tx, job)
    return True


def parameters(job: Job | None) -> dict[str, Any]:
    """What DEFER is run with; all null without a job."""
    if job is None:
        return {"job_queue": None, "job_task": None, "job_name": None, "job_args": None, "job_at": None}
    return {
        "job_queue": job.queue,
        "job_task": job.task,
        "job_name": job.name,
        "job_args": orjson.dumps(job.args).decode(),
        "job_at": job.not_before,
    }


async def oldest_seconds(tx: Transaction) -> float:
    """How long the oldest job that is due has waited, in seconds; 0 where none does."""
    return float((await tx.execute(_AGE)).scalar_one())


async def cancel_contact(tx: Transaction, contact_id: str) -> int:
    """Deletes every job of a contact, those that failed too, but one under way, which ends soon. Returns how many."""
    result = await tx.execute(
        text(
            "DELETE FROM procrastinate_jobs WHERE status <> 'doing'"
            " AND args ->> 'tenant_id' = :tenant AND args ->> 'contact_id' = :contact"
        ),
        {"tenant": tx.tenant_id, "contact": contact_id},
    )
    return result.rowcount
