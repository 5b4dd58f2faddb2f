"""Queries on touchpoints: one by one, many at once, and those of other surfaces. Pages are in `interaction_pages`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, and_, func, select, text, update
from sqlalchemy import delete as delete_from
from sqlalchemy.dialects.postgresql import insert as upsert

from store.database import Transaction
from store.tables.base import values
from store.tables.contact import contacts
from store.tables.interaction import InteractionRow, interactions

COLUMNS: Final = [interactions.c[field.name] for field in fields(InteractionRow)]
NAMES: Final = ", ".join(field.name for field in fields(InteractionRow))

_KEY: Final = ("tenant_id", "interaction_id")
_NEW: Final = upsert(interactions)
_PUT: Final = _NEW.on_conflict_do_update(
    index_elements=list(_KEY),
    set_={
        field.name: _NEW.excluded[field.name]
        for field in fields(InteractionRow)
        if field.name not in (*_KEY, "created_at")
    },
)
# One whose external id, or whose place on its own surface, is taken keeps what is there.
_ADD: Final = text(
    f"INSERT INTO interactions ({NAMES})"  # noqa: S608 (names of our own columns)
    f" SELECT {NAMES} FROM json_populate_recordset(NULL::interactions, CAST(:rows AS json))"
    " ON CONFLICT DO NOTHING RETURNING interaction_id"
)


@dataclass(frozen=True, slots=True)
class Named:
    """A touchpoint with the name of its contact."""

    row: InteractionRow
    contact_name: str | None


async def put(tx: Transaction, row: InteractionRow) -> None:
    """Stores a touchpoint, or what it is by now where its id is known; `created_at` stays as it was first.

    The caller holds the contact. Raises UniqueViolation where another has its external id or its (origin, origin id),
    ForeignKeyViolation where there is no such contact.
    """
    await tx.execute(_PUT, values(row))


async def add(tx: Transaction, rows: Sequence[InteractionRow]) -> set[str]:
    """Stores new touchpoints; the ids of those whose external id and (origin, origin id) were free.

    Whoever stores the same external ids at once is waited for. The caller holds the contacts, or ForeignKeyViolation is
    raised where one is gone.
    """
    if not rows:
        return set()
    # In one order, so that two who store the same external ids never wait for each other.
    ordered = sorted(rows, key=lambda row: (row.external_id or "", row.interaction_id))
    added = await tx.execute(_ADD, {"rows": orjson.dumps([values(row) for row in ordered]).decode()})
    return set(added.scalars())


async def get(tx: Transaction, interaction_id: str, *, lock: bool = False) -> Named | None:
    """One touchpoint; with `lock`, nobody else changes it until this transaction ends."""
    return await _one(tx, interactions.c.interaction_id == interaction_id, lock=lock)


async def by_external_id(tx: Transaction, external_id: str) -> Named | None:
    """The touchpoint of a caller's own id."""
    return await _one(tx, interactions.c.external_id == external_id)


async def by_external_ids(tx: Transaction, external_ids: Sequence[str]) -> dict[str, Named]:
    """Those touchpoints of callers' own ids that are stored, by that id."""
    if not external_ids:
        return {}
    rows = await tx.execute(
        _named().where(
            interactions.c.tenant_id == tx.tenant_id,
            interactions.c.external_id == func.any(list(external_ids)),
            interactions.c.external_id.is_not(None),
        )
    )
    found = map(named, rows)
    return {one.row.external_id: one for one in found if one.row.external_id is not None}


async def by_origin(tx: Transaction, origin: str, origin_id: str, *, lock: bool = False) -> InteractionRow | None:
    """The touchpoint that something of another surface is, e.g. the call `origin_id`."""
    found = await _one(tx, and_(interactions.c.origin == origin, interactions.c.origin_id == origin_id), lock=lock)
    return None if found is None else found.row


async def change(tx: Transaction, interaction_id: str, columns: Mapping[str, Any]) -> None:
    """Changes columns of one touchpoint."""
    await tx.execute(update(interactions).where(*_is(tx, interaction_id)).values(**columns))


async def delete(tx: Transaction, interaction_id: str) -> bool:
    """Deletes one touchpoint. Returns whether it was there."""
    return (await tx.execute(delete_from(interactions).where(*_is(tx, interaction_id)))).rowcount > 0


def _is(tx: Transaction, interaction_id: str) -> tuple[ColumnElement[bool], ...]:
    return interactions.c.tenant_id == tx.tenant_id, interactions.c.interaction_id == interaction_id


def _named() -> Any:
    of_contact = and_(
        contacts.c.tenant_id == interactions.c.tenant_id, contacts.c.contact_id == interactions.c.contact_id
    )
    return select(*COLUMNS, contacts.c.display_name).join_from(interactions, contacts, of_contact)


def named(row: Any) -> Named:
    """A row of COLUMNS and the contact's name."""
    *columns, name = row
    return Named(InteractionRow(*columns), name)


async def _one(tx: Transaction, is_it: ColumnElement[bool], *, lock: bool = False) -> Named | None:
    query = _named().where(interactions.c.tenant_id == tx.tenant_id, is_it)
    row = (await tx.execute(query.with_for_update(of=interactions) if lock else query)).one_or_none()
    return None if row is None else named(row)
