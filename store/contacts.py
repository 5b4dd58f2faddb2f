"""Queries on contacts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import (
    ColumnElement,
    Date,
    Double,
    Row,
    Select,
    and_,
    bindparam,
    case,
    cast,
    delete,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from store.database import Transaction
from store.tables.contact import ContactRow, contacts

Sort = Literal["recent", "engagement", "churn_risk", "messages"]

_COLUMNS: Final = [contacts.c[field.name] for field in fields(ContactRow)]

SORT_KINDS: Final[Mapping[Sort, tuple[type, ...]]] = {
    "recent": (datetime, str),
    "engagement": (int, int, str),
    "churn_risk": (float, str),
    "messages": (int, str),
}
"""The types of each order's key, as a cursor holds it."""


def _row(row: "Row[*tuple[Any, ...]]") -> ContactRow:
    return ContactRow(*row)


_GET: Final = select(*_COLUMNS).where(
    contacts.c.tenant_id == bindparam("tenant"), contacts.c.contact_id == bindparam("contact")
)
_GET_LOCKED: Final = _GET.with_for_update()


async def get(tx: Transaction, contact_id: str, *, lock: bool = False) -> ContactRow | None:
    """The contact's row; with `lock`, nobody else changes it until this transaction ends."""
    key = {"tenant": tx.tenant_id, "contact": contact_id}
    row = (await tx.execute(_GET_LOCKED if lock else _GET, key)).one_or_none()
    return None if row is None else _row(row)


async def by_ids(tx: Transaction, contact_ids: Sequence[str]) -> dict[str, ContactRow]:
    """Those of the contacts that exist, by id."""
    rows = await tx.execute(
        select(*_COLUMNS).where(contacts.c.tenant_id == tx.tenant_id, contacts.c.contact_id.in_(contact_ids))
    )
    return {row.contact_id: row for row in map(_row, rows)}


async def names(tx: Transaction, contact_ids: Collection[str], *, lock: bool = False) -> dict[str, str | None]:
    """The names of those of the contacts that exist, by id; with `lock`, they are held, one after another by id."""
    query = (
        select(contacts.c.contact_id, contacts.c.display_name)
        .where(contacts.c.tenant_id == tx.tenant_id, contacts.c.contact_id == func.any(list(contact_ids)))
        .order_by(contacts.c.contact_id)
    )
    rows = await tx.execute(query.with_for_update() if lock else query)
    return {row[0]: row[1] for row in rows}


async def ids_after(tx: Transaction, after: str, limit: int) -> list[str]:
    """Ids of the tenant's contacts in their order, a page at a time."""
    query = (
        select(contacts.c.contact_id)
        .where(contacts.c.tenant_id == tx.tenant_id, contacts.c.contact_id > after)
        .order_by(contacts.c.contact_id)
        .limit(limit)
    )
    return [contact_id for (contact_id,) in await tx.execute(query)]


async def by_external_id(tx: Transaction, channel: str, external_id: str) -> ContactRow | None:
    """The contact that has this id on this channel."""
    row = (
        await tx.execute(
            select(*_COLUMNS).where(
                contacts.c.tenant_id == tx.tenant_id,
                contacts.c.channel == channel,
                contacts.c.external_id == external_id,
            )
        )
    ).one_or_none()
    return None if row is None else _row(row)


async def add(tx: Transaction, values: Mapping[str, Any]) -> ContactRow | None:
    """Stores a new contact; None where its (channel, external_id) is taken. Raises UniqueViolation for its id."""
    row = (
        await tx.execute(
            upsert(contacts)
            .values(tenant_id=tx.tenant_id, **values)
            .on_conflict_do_nothing(index_elements=["tenant_id", "channel", "external_id"])
            .returning(*_COLUMNS)
        )
    ).one_or_none()
    return None if row is None else _row(row)


async def discard(tx: Transaction, contact_id: str) -> None:
    """Takes back a contact that this transaction made, and that nothing hangs on yet."""
    await tx.execute(delete(contacts).where(contacts.c.tenant_id == tx.tenant_id, contacts.c.contact_id == contact_id))


async def change(tx: Transaction, contact_id: str, values: Mapping[str, Any]) -> int | None:
    """Changes the row and moves its version on. Returns the new version; None if there is no such contact."""
    return (
        await tx.execute(
            update(contacts)
            .where(contacts.c.tenant_id == tx.tenant_id, contacts.c.contact_id == contact_id)
            .values(**values, version=contacts.c.version + 1)
            .returning(contacts.c.version)
        )
    ).scalar_one_or_none()


async def page(
    tx: Transaction,
    *,
    sort: Sort,
    stage: str | None,
    now: datetime,
    tenant_zone: str,
    churn_risk_min: float | None,
    limit: int,
    offset: int,
    after: tuple[Any, ...] | None,
) -> tuple[list[ContactRow], int, tuple[Any, ...] | None]:
    """One page in the order of `sort`, highest first; how many match in all; and the key of the page's last row.

    `stage` is compared with the stage as it is at `now`, silence included. `after` is the key of the last row of the
    page before. The key is None where there are no more rows.
    """
    where = [contacts.c.tenant_id == tx.tenant_id]
    if stage is not None:
        where.append(_stage_now(now) == stage)
    if churn_risk_min is not None:
        where.append(contacts.c.churn_risk >= churn_risk_min)
    total = (await tx.execute(select(func.count()).select_from(contacts).where(*where))).scalar_one()
    keys = (*_sort(sort, now, tenant_zone), contacts.c.contact_id)
    query: Select[Any] = select(*_COLUMNS, *(key.label(f"key_{i}") for i, key in enumerate(keys))).where(*where)
    if after is not None:
        query = query.where(_before(keys, after))
    # One more than asked for tells whether there is a next page.
    query = query.order_by(*(key.desc() for key in keys)).limit(limit + 1).offset(offset)
    rows = (await tx.execute(query)).all()
    last = tuple(rows[limit - 1][len(_COLUMNS) :]) if len(rows) > limit else None
    return [ContactRow(*row[: len(_COLUMNS)]) for row in rows[:limit]], total, last


def _sort(sort: Sort, now: datetime, tenant_zone: str) -> tuple[ColumnElement[Any], ...]:
    if sort == "recent":
        return (func.coalesce(contacts.c.last_active_at, contacts.c.created_at),)
    if sort == "engagement":
        today = cast(func.timezone(func.coalesce(contacts.c.time_zone, tenant_zone), now), Date)
        streak = case((contacts.c.streak_last_day >= today - 1, contacts.c.streak_days), else_=0)
        return (streak, contacts.c.total_messages)
    return (contacts.c.churn_risk,) if sort == "churn_risk" else (contacts.c.total_messages,)


def _before(keys: tuple[Any, ...], values: tuple[Any, ...]) -> Any:
    """Rows strictly after `values` in descending order of `keys`."""
    return or_(
        *(
            and_(*(k == v for k, v in zip(keys[:i], values[:i], strict=True)), keys[i] < values[i])
            for i in range(len(keys))
        )
    )


_MEDIAN_GAP: Final[ColumnElement[float]] = literal_column(
    "(SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) FROM unnest(contacts.recent_gaps) AS gap)"
)


def silence_limits() -> tuple[ColumnElement[float], ColumnElement[float]]:
    """Days of silence after which a contact is fading, and dormant: as `relationship.stage_now` has them."""
    gap = func.greatest(func.coalesce(_MEDIAN_GAP, 1.0), 1.0)
    return func.greatest(3 * gap, 5.0), func.greatest(8 * gap, 30.0)


def _stage_now(now: datetime) -> ColumnElement[str]:
    """The stage at `now`, in SQL: `server.domain.relationship.stage_now` says the same of one contact.

    To the last bit: the same operations on the same doubles, for a numeric would round another way at the very edge.
    """
    fading, dormant = silence_limits()
    silent_seconds = cast(func.extract("epoch", now - contacts.c.last_active_at), Double)
    silent_days = silent_seconds / cast(86_400.0, Double)
    return case(
        (contacts.c.stage == "new", "new"),
        (silent_days > dormant, "dormant"),
        (silent_days > fading, "fading"),
        else_=contacts.c.stage,
    )
