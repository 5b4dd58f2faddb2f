"""Pages of touchpoints in any order, each read from the end of an index, however many there are.

Every index begins with the kind, so that a rare kind is found at once. A page of all kinds is merged from a page of
each: a few more rows are looked at, and half as many indexes are kept up with every write.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, Literal, cast

from sqlalchemy import TextClause, text

from store.database import Transaction
from store.interactions import NAMES, Named, named
from store.tables.interaction import KINDS

Field = Literal["created_at", "occurred_at", "updated_at"]

SORTED: Final = 2_000
"""So many touchpoints between `start` and `end` are sorted; where there are more, the index of the order is walked."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which touchpoints; None means all. `start` is inclusive, `end` exclusive; both bound `occurred_at`."""

    contact_id: str | None = None
    kind: str | None = None
    start: datetime | None = None
    end: datetime | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that are asked for."""
        return KINDS if self.kind is None else (self.kind,)

    @property
    def is_bounded(self) -> bool:
        """Whether times bound it."""
        return self.start is not None or self.end is not None


@dataclass(frozen=True, slots=True)
class Order:
    """By which time, and whether the latest comes first; the id decides between equal ones."""

    field: Field
    descending: bool

    @classmethod
    def of(cls, sort: str) -> "Order":
        """Reads `field:order`, which was validated."""
        field, _, direction = sort.partition(":")
        return cls(cast(Field, field), direction == "desc")


async def page(
    tx: Transaction, wanted: Filter, order: Order, *, limit: int, after: tuple[datetime, str | None] | None
) -> list[Named]:
    """The first `limit` touchpoints in an order, or those behind `after`: a time and an id, or all of that time."""
    parameters: dict[str, Any] = {
        "tenant": tx.tenant_id, "contact": wanted.contact_id, "start": wanted.start, "end": wanted.end,
        "at": None if after is None else after[0], "id": None if after is None else after[1],
    }  # fmt: skip
    few = await _few_between(tx, wanted, parameters) if wanted.is_bounded and order.field != "occurred_at" else ()
    behind = None if after is None else ("row" if after[1] is not None else "time")
    query = _page(_conditions(wanted), wanted.kinds, tuple(few), order, cast(Any, behind), limit)
    return [named(row) for row in await tx.execute(query, parameters)]


async def _few_between(tx: Transaction, wanted: Filter, parameters: dict[str, Any]) -> list[str]:
    """The kinds of which no more than SORTED happened between `start` and `end`."""
    counts = (await tx.execute(_counts(_conditions(wanted), wanted.kinds), parameters)).one()
    return [kind for kind, count in zip(wanted.kinds, counts, strict=True) if count <= SORTED]


def _conditions(wanted: Filter) -> str:
    parts = ["tenant_id = :tenant"]
    if wanted.contact_id is not None:
        parts.append("contact_id = :contact")
    if wanted.start is not None:
        parts.append("occurred_at >= :start")
    if wanted.end is not None:
        parts.append("occurred_at < :end")
    return " AND ".join(parts)


@cache
def _counts(conditions: str, kinds: tuple[str, ...]) -> TextClause:
    each = (
        f"(SELECT count(*) FROM (SELECT FROM interactions WHERE {conditions} AND kind = '{kind}'"  # noqa: S608
        f" LIMIT {SORTED + 1}) AS those)"
        for kind in kinds
    )
    return text(f"SELECT {', '.join(each)}")


@cache
def _page(
    conditions: str,
    kinds: tuple[str, ...],
    few: tuple[str, ...],
    order: Order,
    behind: Literal["row", "time"] | None,
    limit: int,
) -> TextClause:
    """Limits are written out: of one that it does not know the planner thinks that it is a tenth of all rows."""
    at, direction, sign = order.field, *(("DESC", "<") if order.descending else ("ASC", ">"))
    sequence = f"ORDER BY {at} {direction}, interaction_id {direction} LIMIT {limit}"
    beyond = {None: "true", "time": f"{at} {sign} :at", "row": f"({at}, interaction_id) {sign} (:at, :id)"}[behind]
    arms = []
    for kind in kinds:
        those = f"SELECT interaction_id, {at} FROM interactions WHERE {conditions} AND kind = '{kind}'"  # noqa: S608
        if kind in few:
            # The offset keeps the planner from walking the order's index, which may be long before it gets there.
            arms.append(f"(SELECT * FROM ({those} OFFSET 0) AS those WHERE {beyond} {sequence})")  # noqa: S608
        else:
            arms.append(f"({those} AND {beyond} {sequence})")
    columns = ", ".join(f"i.{name}" for name in NAMES.split(", "))
    return text(
        f"SELECT {columns}, c.display_name"  # noqa: S608 (our own names; what a caller gives is a parameter)
        f" FROM (SELECT * FROM ({' UNION ALL '.join(arms)}) AS each {sequence}) AS page"
        " JOIN interactions i ON i.tenant_id = :tenant AND i.interaction_id = page.interaction_id"
        " JOIN contacts c ON c.tenant_id = :tenant AND c.contact_id = i.contact_id"
        f" ORDER BY page.{at} {direction}, page.interaction_id {direction}"
    )
