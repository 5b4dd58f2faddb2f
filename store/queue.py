"""The job queue in the same Postgres: jobs are put in by the transaction whose work they follow."""

from datetime import datetime
from typing import Any, Final

from procrastinate import App, PsycopgConnector
from sqlalchemy import text

from store.database import Transaction

# Only ever used with the connection of a transaction, so it is never opened.
_app: Final = App(connector=PsycopgConnector())

_WAITING: Final = text("SELECT 1 FROM procrastinate_jobs WHERE queueing_lock = :lock AND status = 'todo'")

_AGE: Final = text(
    "SELECT coalesce(extract(epoch FROM now() - min(coalesce(scheduled_at, (SELECT min(at) FROM procrastinate_events e"
    " WHERE e.job_id = j.id)))), 0) FROM procrastinate_jobs j"
    " WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())"
)


async def put(
    tx: Transaction, task: str, *, once: str | None = None, lock: str | None = None,
    not_before: datetime | None = None, **args: Any,
) -> bool:  # fmt: skip
    """Queues a job that exists if and only if the transaction commits.

    `args` are ids, never personal text. With `once`, nothing is queued while a job of the same name waits (the caller
    holds a lock that makes the check safe). Jobs of the same `lock` run one after the other. True if it was queued.
    """
    if once is not None and (await tx.execute(_WAITING, {"lock": once})).first() is not None:
        return False
    await _app.configure_task(
        task, queueing_lock=once, lock=lock, schedule_at=not_before, connection=tx.driver, allow_unknown=True,
    ).defer_async(**args)  # fmt: skip
    return True


async def cancel(tx: Transaction, once: str) -> int:
    """Takes a waiting job of this name back. Returns how many."""
    result = await tx.execute(
        text("DELETE FROM procrastinate_jobs WHERE queueing_lock = :lock AND status = 'todo'"), {"lock": once}
    )
    return result.rowcount


async def oldest_seconds(tx: Transaction) -> float:
    """How long the oldest job that is due has waited, in seconds; 0 where none does."""
    return float((await tx.execute(_AGE)).scalar_one())


async def cancel_contact(tx: Transaction, contact_id: str) -> int:
    """Takes every waiting job of a contact back. Returns how many."""
    result = await tx.execute(
        text(
            "DELETE FROM procrastinate_jobs WHERE status = 'todo'"
            " AND args ->> 'tenant_id' = :tenant AND args ->> 'contact_id' = :contact"
        ),
        {"tenant": tx.tenant_id, "contact": contact_id},
    )
    return result.rowcount
