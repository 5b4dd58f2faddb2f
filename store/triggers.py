"""Queries on triggers: what the API does with them one by one. What the dispatch does is in `dispatching`."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, and_, func, or_, select, text, tuple_, update

from store.database import Transaction
from store.tables.base import values
from store.tables.outreach import TriggerRow
from store.tables.outreach import outreach_triggers as triggers

COLUMNS: Final = [triggers.c[field.name] for field in fields(TriggerRow)]

NAMES: Final = ", ".join(field.name for field in fields(TriggerRow))

FORGOTTEN: Final = "forgotten"
"""The failure of a message whose text went with all that was known of the contact."""

POSITION: Final = (datetime, str)
"""The types of a page's last key, as a cursor holds it."""

# A contact that has had this occasion, or holds this key, keeps what it has.
_ADD: Final = text(
    f"INSERT INTO outreach_triggers ({NAMES})"  # noqa: S608 (names of our own columns)
    f" SELECT {NAMES} FROM json_populate_recordset(NULL::outreach_triggers, CAST(:rows AS json))"
    " ON CONFLICT DO NOTHING RETURNING trigger_id"
)


# Joined, and not looked for in a list: whatever the planner knows of the tables, this is never slow.
_TRIES: Final = text(
    "SELECT t.contact_id, coalesce(t.sent_at, t.scheduled_at)"
    " FROM unnest(CAST(:contacts AS text[])) AS silent (contact_id)"
    " JOIN outreach_triggers t ON t.tenant_id = :tenant AND t.contact_id = silent.contact_id"
    " JOIN contacts c ON c.tenant_id = :tenant AND c.contact_id = silent.contact_id"
    " WHERE t.trigger_type = 'inactivity'"
    " AND CASE t.status WHEN 'sent' THEN t.sent_at ELSE t.created_at END > c.last_wrote_at"
)


async def add(tx: Transaction, rows: Sequence[TriggerRow]) -> set[str]:
    """Stores new triggers; the ids of those whose occasion, and dedupe key, were free.

    The caller holds their contacts, or ForeignKeyViolation is raised where one is gone.
    """
    if not rows:
        return set()
    added = await tx.execute(_ADD, {"rows": orjson.dumps([values(row) for row in rows]).decode()})
    return set(added.scalars())


async def get(tx: Transaction, trigger_id: str, *, lock: bool = False) -> TriggerRow | None:
    """One trigger; with `lock`, nobody else changes it until this transaction ends."""
    return await _one(tx, triggers.c.trigger_id == trigger_id, lock=lock)


async def open_under(tx: Transaction, contact_id: str, dedupe_key: str, *, lock: bool = False) -> TriggerRow | None:
    """The one trigger of a contact that is open under a dedupe key."""
    is_it = and_(
        triggers.c.contact_id == contact_id,
        triggers.c.dedupe_key == dedupe_key,
        triggers.c.status.in_(("pending", "held", "claimed")),
    )
    return await _one(tx, is_it, lock=lock)


async def last_under(tx: Transaction, contact_id: str, dedupe_key: str) -> TriggerRow | None:
    """The newest trigger of a contact under a dedupe key, however it ended."""
    query = (
        select(*COLUMNS)
        .where(
            triggers.c.tenant_id == tx.tenant_id,
            triggers.c.contact_id == contact_id,
            triggers.c.dedupe_key == dedupe_key,
        )
        .order_by(triggers.c.created_at.desc(), triggers.c.trigger_id.desc())
        .limit(1)
    )
    row = (await tx.execute(query)).one_or_none()
    return None if row is None else TriggerRow(*row)


async def _one(tx: Transaction, is_it: ColumnElement[bool], *, lock: bool) -> TriggerRow | None:
    query = select(*COLUMNS).where(triggers.c.tenant_id == tx.tenant_id, is_it)
    row = (await tx.execute(query.with_for_update() if lock else query)).one_or_none()
    return None if row is None else TriggerRow(*row)


async def page(
    tx: Transaction,
    *,
    contact_id: str | None,
    status: str | None,
    trigger_type: str | None,
    limit: int,
    after: tuple[Any, ...] | None,
) -> tuple[list[TriggerRow], int, tuple[datetime, str] | None]:
    """A page, newest `scheduled_at` first; how many match in all; and the last row's key, None on the last page."""
    where = [triggers.c.tenant_id == tx.tenant_id]
    for column, wanted in (("contact_id", contact_id), ("status", status), ("trigger_type", trigger_type)):
        if wanted is not None:
            where.append(triggers.c[column] == wanted)
    total = (await tx.execute(select(func.count()).select_from(triggers).where(*where))).scalar_one()
    key = tuple_(triggers.c.scheduled_at, triggers.c.trigger_id)
    if after is not None:
        where.append(key < tuple_(*after))
    query = select(*COLUMNS).where(*where)
    newest_first = (triggers.c.scheduled_at.desc(), triggers.c.trigger_id.desc())
    # One more than asked for tells whether there is a next page.
    rows = [TriggerRow(*row) for row in await tx.execute(query.order_by(*newest_first).limit(limit + 1))]
    last = (rows[limit - 1].scheduled_at, rows[limit - 1].trigger_id) if len(rows) > limit else None
    return rows[:limit], total, last


async def of_contact(tx: Transaction, contact_id: str, *, limit: int | None = None) -> list[TriggerRow]:
    """The triggers of a contact, newest `scheduled_at` first."""
    query = (
        select(*COLUMNS)
        .where(triggers.c.tenant_id == tx.tenant_id, triggers.c.contact_id == contact_id)
        .order_by(triggers.c.scheduled_at.desc(), triggers.c.trigger_id.desc())
    )
    return [TriggerRow(*row) for row in await tx.execute(query.limit(limit))]


async def change(tx: Transaction, trigger_id: str, **columns: Any) -> None:
    """Changes columns of one trigger. Raises UniqueViolation where its dedupe key is open in another one."""
    await tx.execute(
        update(triggers)
        .where(triggers.c.tenant_id == tx.tenant_id, triggers.c.trigger_id == trigger_id)
        .values(**columns)
    )


def stoppable() -> ColumnElement[bool]:
    """Whether a trigger can still be held back: it is open, and no provider may have its message yet."""
    return or_(
        triggers.c.status.in_(("pending", "held")),
        and_(triggers.c.status == "claimed", triggers.c.outcome_unknown.is_(False)),
    )


async def withdraw(
    tx: Transaction, contact_id: str, failure: str, *, channel: str | None = None, but: Sequence[str] = ()
) -> int:
    """Cancels what is open for a contact, on one channel or on all `but` some. Returns how many. It holds the contact.

    What is on its way to a provider already is left to its end.
    """
    where = [triggers.c.tenant_id == tx.tenant_id, triggers.c.contact_id == contact_id, stoppable()]
    if channel is not None:
        where.append(triggers.c.channel == channel)
    if but:
        where.append(triggers.c.channel.not_in(but))
    gone = await tx.execute(update(triggers).where(*where).values(status="cancelled", failure=failure))
    return gone.rowcount


async def waiting(tx: Transaction, contact_ids: Sequence[str], until: datetime) -> list[TriggerRow]:
    """The triggers of contacts that wait for their time or for approval and are due by then."""
    query = select(*COLUMNS).where(
        triggers.c.tenant_id == tx.tenant_id,
        triggers.c.contact_id.in_(contact_ids),
        triggers.c.status.in_(("pending", "held")),
        triggers.c.due_at <= until,
    )
    return [TriggerRow(*row) for row in await tx.execute(query)]


async def inactivity_tries(tx: Transaction, contact_ids: Sequence[str]) -> dict[str, list[datetime]]:
    """When it was tried to end the present silence of contacts, however the tries ended, by contact."""
    found: dict[str, list[datetime]] = {}
    for contact_id, at in await tx.execute(_TRIES, {"tenant": tx.tenant_id, "contacts": list(contact_ids)}):
        found.setdefault(contact_id, []).append(at)
    return found


async def inactivity_since(tx: Transaction, contact_id: str, since: datetime | None) -> list[datetime]:
    """When the inactivity messages of a contact went out, may have, or are to, and were not stopped; after `since`."""
    at = func.coalesce(triggers.c.sent_at, triggers.c.scheduled_at)
    where = [
        triggers.c.tenant_id == tx.tenant_id,
        triggers.c.contact_id == contact_id,
        triggers.c.trigger_type == "inactivity",
        or_(
            triggers.c.status.in_(("pending", "held", "claimed", "sent")),
            and_(triggers.c.status == "failed", triggers.c.failure == "outcome_unknown"),
        ),
    ]
    if since is not None:
        where.append(at > since)
    return list((await tx.execute(select(at).where(*where))).scalars())
