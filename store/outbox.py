"""Queries on the messages that the default adapter keeps."""

from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert

from store.database import Transaction
from store.tables.base import values
from store.tables.outreach import OutboxRow, outreach_outbox

_COLUMNS: Final = [outreach_outbox.c[field.name] for field in fields(OutboxRow)]

POSITION: Final = (datetime, str)
"""The types of a page's last key, as a cursor holds it."""


async def put(tx: Transaction, row: OutboxRow) -> None:
    """Keeps a message; one of the same trigger stays as it was."""
    await tx.execute(upsert(outreach_outbox).values(values(row)).on_conflict_do_nothing())


async def page(
    tx: Transaction, *, contact_id: str | None, limit: int, after: tuple[Any, ...] | None
) -> tuple[list[OutboxRow], int, tuple[datetime, str] | None]:
    """A page, newest first; how many match in all; and the last row's key, None on the last page."""
    where = [outreach_outbox.c.tenant_id == tx.tenant_id]
    if contact_id is not None:
        where.append(outreach_outbox.c.contact_id == contact_id)
    total = (await tx.execute(select(func.count()).select_from(outreach_outbox).where(*where))).scalar_one()
    if after is not None:
        where.append(tuple_(outreach_outbox.c.sent_at, outreach_outbox.c.trigger_id) < tuple_(*after))
    newest_first = (outreach_outbox.c.sent_at.desc(), outreach_outbox.c.trigger_id.desc())
    query = select(*_COLUMNS).where(*where).order_by(*newest_first).limit(limit + 1)
    rows = [OutboxRow(*row) for row in await tx.execute(query)]
    last = (rows[limit - 1].sent_at, rows[limit - 1].trigger_id) if len(rows) > limit else None
    return rows[:limit], total, last
