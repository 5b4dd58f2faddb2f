"""Figures about calls, added up by the database."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import text

from store.database import Transaction

_COMPLETED: Final = "status = 'completed'"
_WHERE: Final = (
    " FROM calls WHERE tenant_id = :tenant AND started_at >= :start AND started_at < :end"
    " AND (CAST(:agent AS text) IS NULL OR agent_id = :agent)"
)
_BY_DAY: Final = text(
    "SELECT CAST(timezone(:zone, started_at) AS date) AS day, count(*),"
    f" count(*) FILTER (WHERE {_COMPLETED}),"
    " count(*) FILTER (WHERE status = 'missed'),"
    " count(*) FILTER (WHERE status = 'failed'),"
    f" count(duration) FILTER (WHERE {_COMPLETED}),"
    f" coalesce(sum(duration) FILTER (WHERE {_COMPLETED}), 0),"
    " coalesce(sum(cost), 0),"
    " count(*) FILTER (WHERE sentiment = 'positive'),"
    " count(*) FILTER (WHERE sentiment = 'neutral'),"
    " count(*) FILTER (WHERE sentiment = 'negative')"
    f"{_WHERE} GROUP BY 1"
)
_TOPICS: Final = text(
    f"WITH told AS (SELECT topics{_WHERE} AND topics <> '{{}}')"  # noqa: S608 (our own clause)
    " SELECT topic, count(*) FROM told, LATERAL (SELECT DISTINCT lower(t) AS topic FROM unnest(topics) AS t) AS each"
    " GROUP BY topic ORDER BY count(*) DESC, topic LIMIT :most"
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures about some calls. `timed` are completed calls that tell their duration; seconds of talk are theirs."""

    calls: int = 0
    completed: int = 0
    missed: int = 0
    failed: int = 0
    timed: int = 0
    talk_seconds: float = 0.0
    cost: float = 0.0
    positive: int = 0
    neutral: int = 0
    negative: int = 0

    @classmethod
    def sum(cls, parts: "Sequence[Figures]") -> "Figures":
        """Those of all."""
        return cls(*(sum(getattr(part, field.name) for part in parts) for field in fields(cls)))


@dataclass(frozen=True, slots=True)
class Span:
    """Calls that began in [start, end), of one agent or of all."""

    start: datetime
    end: datetime
    agent_id: str | None = None


async def by_day(tx: Transaction, span: Span, zone: str) -> dict[date, Figures]:
    """The figures of each day of the zone on which a call began."""
    rows = await tx.execute(_BY_DAY, {**_parameters(tx, span), "zone": zone})
    return {day: Figures(*figures) for day, *figures in rows}


async def topics(tx: Transaction, span: Span, most: int) -> list[tuple[str, int]]:
    """The most frequent topics in lower case, with the number of calls that had each."""
    rows = await tx.execute(_TOPICS, {**_parameters(tx, span), "most": most})
    return [(topic, count) for topic, count in rows]


def _parameters(tx: Transaction, span: Span) -> dict[str, Any]:
    return {"tenant": tx.tenant_id, "start": span.start, "end": span.end, "agent": span.agent_id}
