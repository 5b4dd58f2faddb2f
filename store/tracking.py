"""Queries on the tracking log: what was told is put in once, and waits there until the graph has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import text

from store.database import Transaction

_PUT: Final = text("""
    WITH told AS (
        INSERT INTO tracking_log (tenant_id, tracked_id, kind, user_id, contact_id, event_id, artifact_id, metadata,
            occurred_at, received_at)
        VALUES (:tenant, :tracked, :kind, :user, coalesce(CAST(:contact AS text), (
                SELECT s.contact_id FROM tracking_log s
                WHERE s.tenant_id = :tenant AND s.event_id = :event AND s.kind IN ('recall', 'workspace'))),
            :event, :artifact, CAST(:metadata AS jsonb), :occurred_at, :received_at)
        ON CONFLICT DO NOTHING
        RETURNING tenant_id, user_id, contact_id, event_id, occurred_at, received_at
    ), implied AS (
        INSERT INTO tracking_log (tenant_id, tracked_id, kind, user_id, contact_id, event_id, metadata, occurred_at,
            received_at)
        SELECT tenant_id, event_id, :implied, user_id, contact_id, event_id, '{}', occurred_at, received_at
        FROM told WHERE CAST(:implied AS text) IS NOT NULL
        ON CONFLICT DO NOTHING
    )
    SELECT count(*) FROM told
""")

_EVENT: Final = text("SELECT event_id FROM tracking_log WHERE tenant_id = :tenant AND tracked_id = :tracked")

_WAITING: Final = text("SELECT EXISTS (SELECT FROM tracking_log WHERE tenant_id = :tenant AND NOT projected)")


@dataclass(frozen=True, slots=True)
class NewTracked:
    """What is to be put into the log. `implied_kind` is the kind of the event that is made for it, where one is."""

    tracked_id: str
    kind: str
    user_id: str
    contact_id: str | None
    event_id: str
    artifact_id: str | None
    metadata: dict[str, Any]
    occurred_at: datetime
    received_at: datetime
    implied_kind: str | None


async def put(tx: Transaction, new: NewTracked) -> bool:
    """Puts it into the log; False, and nothing changed, where its id is known or the event that it starts is.

    An edge that names no contact is of its event's. Raises ForeignKeyViolation where the contact does not exist.
    """
    found = await tx.execute(
        _PUT,
        {
            "tenant": tx.tenant_id, "tracked": new.tracked_id, "kind": new.kind, "user": new.user_id,
            "contact": new.contact_id, "event": new.event_id, "artifact": new.artifact_id,
            "metadata": orjson.dumps(new.metadata).decode(), "occurred_at": new.occurred_at,
            "received_at": new.received_at, "implied": new.implied_kind,
        },
    )  # fmt: skip
    return bool(found.scalar_one())


async def event_of(tx: Transaction, tracked_id: str) -> str | None:
    """The event of an interaction of the log."""
    found = await tx.execute(_EVENT, {"tenant": tx.tenant_id, "tracked": tracked_id})
    return found.scalar_one_or_none()


async def any_waiting(tx: Transaction) -> bool:
    """Whether the log holds anything that the graph has not."""
    return bool((await tx.execute(_WAITING, {"tenant": tx.tenant_id})).scalar_one())


_CONTACTS: Final = text("""
    SELECT contact_id FROM contacts WHERE tenant_id = :tenant AND contact_id IN (
        SELECT l.contact_id FROM tracking_log l WHERE l.tenant_id = :tenant AND l.tracked_id = ANY(:ids)
        UNION ALL
        SELECT s.contact_id FROM tracking_log l JOIN tracking_log s ON s.tenant_id = l.tenant_id
            AND s.event_id = l.event_id AND s.kind IN ('recall', 'workspace')
        WHERE l.tenant_id = :tenant AND l.tracked_id = ANY(:ids) AND l.contact_id IS NULL
    ) ORDER BY contact_id FOR KEY SHARE
""")

_BATCH: Final = text("""
    SELECT tracked_id, position FROM tracking_log WHERE tenant_id = :tenant AND position > :after AND projected
    ORDER BY position LIMIT :limit
""")

_NEXT: Final = text("""
    SELECT tracked_id FROM tracking_log WHERE tenant_id = :tenant AND NOT projected ORDER BY position LIMIT :limit
""")

_DONE: Final = text(
    "UPDATE tracking_log SET projected = true WHERE tenant_id = :tenant AND tracked_id = ANY(:ids) AND NOT projected"
)

_INHERIT: Final = (
    # Edges of the batch whose event came before them, and edges before it whose event is in it.
    text("""
        UPDATE tracking_log e SET contact_id = s.contact_id FROM tracking_log s
        WHERE e.tenant_id = :tenant AND e.tracked_id = ANY(:ids) AND e.contact_id IS NULL
            AND e.kind NOT IN ('recall', 'workspace')
            AND s.tenant_id = :tenant AND s.event_id = e.event_id AND s.kind IN ('recall', 'workspace')
            AND s.contact_id IS NOT NULL
    """),
    text("""
        UPDATE tracking_log e SET contact_id = s.contact_id FROM tracking_log s
        WHERE s.tenant_id = :tenant AND s.tracked_id = ANY(:ids) AND s.kind IN ('recall', 'workspace')
            AND s.contact_id IS NOT NULL
            AND e.tenant_id = :tenant AND e.event_id = s.event_id AND e.contact_id IS NULL
            AND e.kind NOT IN ('recall', 'workspace')
    """),
)


async def waiting(tx: Transaction, limit: int) -> list[str]:
    """Ids of what the graph has not yet, in the order in which it came."""
    return [row[0] for row in await tx.execute(_NEXT, {"tenant": tx.tenant_id, "limit": limit})]


async def after(tx: Transaction, position: int, limit: int) -> tuple[list[str], int]:
    """Ids of what the graph in use has, a batch at a time, and the position of the last."""
    rows = (await tx.execute(_BATCH, {"tenant": tx.tenant_id, "after": position, "limit": limit})).all()
    return [row[0] for row in rows], rows[-1][1] if rows else position


async def hold_contacts(tx: Transaction, ids: Sequence[str]) -> None:
    """Keeps the contacts of these from being erased, forgotten or merged until the transaction ends.

    Whoever does that holds the contact's row first, so this comes before the rows themselves are looked at.
    """
    await tx.execute(_CONTACTS, {"tenant": tx.tenant_id, "ids": ids})


async def inherit(tx: Transaction, ids: Sequence[str]) -> None:
    """Gives edges that name no contact that of their event, so that they go with it."""
    for statement in _INHERIT:
        await tx.execute(statement, {"tenant": tx.tenant_id, "ids": ids})


async def mark_projected(tx: Transaction, ids: Sequence[str]) -> None:
    """Notes that the graph has these."""
    await tx.execute(_DONE, {"tenant": tx.tenant_id, "ids": ids})
