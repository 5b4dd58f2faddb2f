"""Pages of calls, the newest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Text, literal, literal_column, select, tuple_, type_coerce

from store.calls import COLUMNS
from store.database import Transaction
from store.tables.call import CallRow, calls

_SHOWN: Final = [
    type_coerce(literal_column("NULL"), Text).label("transcript") if column.name == "transcript" else column
    for column in COLUMNS
]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which calls; None means all. `start` is inclusive and `end` exclusive, both of when a call began."""

    contact_id: str | None = None
    agent_id: str | None = None
    user_id: str | None = None
    status: str | None = None
    direction: str | None = None
    sentiment: str | None = None
    start: datetime | None = None
    end: datetime | None = None


async def page(tx: Transaction, wanted: Filter, *, limit: int, after: tuple[datetime, str] | None) -> list[CallRow]:
    """Calls without their transcripts; `after` is (start, id) of the last of the page before."""
    where: list[Any] = [calls.c.tenant_id == tx.tenant_id]
    for name in ("contact_id", "agent_id", "user_id", "status", "direction", "sentiment"):
        value = getattr(wanted, name)
        if value is not None:
            where.append(calls.c[name] == value)
    if wanted.start is not None:
        where.append(calls.c.started_at >= wanted.start)
    if wanted.end is not None:
        where.append(calls.c.started_at < wanted.end)
    if after is not None:
        where.append(tuple_(calls.c.started_at, calls.c.call_id) < tuple_(*map(literal, after)))
    query = select(*_SHOWN).where(*where).order_by(calls.c.started_at.desc(), calls.c.call_id.desc()).limit(limit)
    return [CallRow(*row) for row in await tx.execute(query)]
