"""Pages of contacts as a CRM lists them: by name, tags, attributes and warmth.

A page is read from the end of the index of its order, which is left as soon as the page is full. Warmth is bounded in
its index; for the other filters rows are looked at until the page is full, of a rare name, tag or attribute all rows.
So are the names before a page of that order: `lower` is not leakproof, so under row-level security no place is looked
up by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final, Literal, cast

from sqlalchemy import ColumnElement, Select, exists, func, literal_column, or_, select, tuple_

from store.database import Transaction
from store.tables.contact import ContactRow, contacts
from store.tables.crm import contact_identities

Field = Literal["created_at", "name", "warmth"]

_C: Final = contacts.c
_COLUMNS: Final = [_C[field.name] for field in fields(ContactRow)]
# As the index has it: a bound parameter in the place of the literal would keep the planner from seeing that it is.
_NAME: Final = func.lower(func.coalesce(_C.display_name, literal_column("''")))
_KEYS: Final[dict[Field, ColumnElement[Any]]] = {"created_at": _C.created_at, "name": _NAME, "warmth": _C.warmth}

KINDS: Final[dict[Field, tuple[type, ...]]] = {
    "created_at": (datetime, str),
    "name": (str, str),
    "warmth": (float, str),
}
"""The types of each order's key, as a cursor holds it."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which contacts; None and empty mean all. Warmth is as it was stored last; `warmth_below` is exclusive.

    `text` stands in the name, in any case, or at the start of an identity; `identity` is the same in the one form of
    identities. `attributes` are keys with the text that each must have.
    """

    text: str | None = None
    identity: str | None = None
    tags: Sequence[str] = ()
    attributes: Sequence[tuple[str, str]] = ()
    warmth_min: float | None = None
    warmth_max: float | None = None
    warmth_below: float | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """By what, and whether the highest comes first; the id decides between equal ones."""

    field: Field
    descending: bool

    @classmethod
    def of(cls, sort: str) -> "Order":
        """Reads `field:order`, which was validated."""
        field, _, direction = sort.partition(":")
        return cls(cast(Field, field), direction == "desc")


async def page(
    tx: Transaction, wanted: Filter, order: Order, *, limit: int, after: tuple[Any, ...] | None
) -> tuple[list[ContactRow], tuple[Any, ...] | None]:
    """One page, and the key of its last row, which is None where there are no more."""
    found = (await tx.execute(statement(tx, wanted, order, limit=limit, after=after))).all()
    rows = [ContactRow(*row[:-1]) for row in found[:limit]]
    return rows, (found[limit - 1][-1], rows[-1].contact_id) if len(found) > limit else None


def statement(
    tx: Transaction, wanted: Filter, order: Order, *, limit: int, after: tuple[Any, ...] | None
) -> Select[Any]:
    """The query of a page: one row more than asked for, which tells whether there is a next page."""
    key = _KEYS[order.field]
    where = [_C.tenant_id == tx.tenant_id, *_conditions(tx, wanted)]
    if after is not None:
        place, behind = tuple_(key, _C.contact_id), tuple_(*after)
        where.append(place < behind if order.descending else place > behind)
    columns = [key, _C.contact_id]
    return (
        select(*_COLUMNS, key.label("place"))
        .where(*where)
        .order_by(*(column.desc() if order.descending else column.asc() for column in columns))
        .limit(limit + 1)
    )


def _conditions(tx: Transaction, wanted: Filter) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if wanted.text is not None:
        where.append(or_(_NAME.contains(wanted.text.lower(), autoescape=True), _identity(tx, wanted)))
    if wanted.tags:
        where.append(_C.tags.contains(list(wanted.tags)))
    where += [_C.attributes[key].astext == value for key, value in wanted.attributes]
    if wanted.warmth_min is not None:
        where.append(_C.warmth >= wanted.warmth_min)
    if wanted.warmth_max is not None:
        where.append(_C.warmth <= wanted.warmth_max)
    if wanted.warmth_below is not None:
        where.append(_C.warmth < wanted.warmth_below)
    return where


def _identity(tx: Transaction, wanted: Filter) -> ColumnElement[bool]:
    identities = contact_identities.c
    starts = {wanted.text or "", (wanted.text or "").lower(), wanted.identity or wanted.text or ""}
    return exists().where(
        identities.tenant_id == tx.tenant_id,
        identities.contact_id == _C.contact_id,
        or_(*(identities.value.startswith(start, autoescape=True) for start in sorted(starts))),
    )
