"""Everything that happened with a contact, read from each surface's own table in one statement and merged by time.

A further surface is one more `Source`, with an index over (tenant_id, contact_id, its time, its id).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import TextClause, text

from store.database import Transaction


@dataclass(frozen=True, slots=True)
class Source:
    """Where one type of happenings is: SQL over one table, whose rows are those of the contact where `where` holds.

    `direction`, `body` and `reply` are null where there is none; `details` is a JSON object.
    """

    type: str
    table: str
    id: str
    at: str
    kind: str
    direction: str
    body: str
    details: str
    reply: str = "NULL"
    where: str = "true"


SOURCES: Final = (
    Source(
        type="message",
        table="interaction_logs",
        id="interaction_id",
        at="occurred_at",
        kind="'turn'",
        direction="CASE WHEN ai_response IS NULL THEN 'inbound' WHEN user_message IS NULL THEN 'outbound' END",
        body="user_message",
        reply="ai_response",
        details="jsonb_build_object('session_id', session_id, 'mood', mood, 'energy', energy)",
    ),
    Source(
        type="interaction",
        table="interactions",
        id="interaction_id",
        at="occurred_at",
        kind="kind",
        direction="CASE WHEN metadata ->> 'direction' IN ('inbound', 'outbound') THEN metadata ->> 'direction' END",
        body="content",
        details="metadata",
        # What another surface recorded is told of by that surface.
        where="origin IN ('api', 'import')",
    ),
    Source(
        type="call",
        table="calls",
        id="call_id",
        at="started_at",
        kind="status",
        direction="direction",
        body="summary",
        details=(
            "jsonb_strip_nulls(jsonb_build_object('duration', duration, 'sentiment', sentiment, 'cost', cost,"
            " 'agent_id', agent_id)) || jsonb_build_object('topics', to_jsonb(topics))"
        ),
    ),
    Source(
        type="outreach",
        table="outreach_triggers",
        id="trigger_id",
        at="sent_at",
        kind="trigger_type",
        direction="'outbound'",
        body="message",
        details="jsonb_strip_nulls(jsonb_build_object('channel', channel, 'reason', reason))",
        where="status = 'sent'",
    ),
)
"""In the order in which they stand where they happened at the same time, the last first."""

_RANKS: Final = {source.type: rank for rank, source in enumerate(SOURCES)}


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened; `type` says which surface it belongs to and `id` what it is there."""

    type: str
    id: str
    kind: str
    at: datetime
    direction: str | None
    body: str | None
    reply: str | None
    details: dict[str, Any]


async def page(
    tx: Transaction,
    contact_id: str,
    *,
    types: Sequence[str],
    before: datetime | None,
    after: tuple[datetime, str, str] | None,
    limit: int,
) -> list[Happening]:
    """The newest `limit` happenings of some types before an instant; `after` is (time, type, id) of the last.

    A type that has no source gives nothing.
    """
    sources = tuple(source for source in SOURCES if source.type in types)
    if not sources:
        return []
    parameters: dict[str, Any] = {"tenant": tx.tenant_id, "contact": contact_id, "before": before}
    rank = None
    if after is not None:
        parameters["at"], ended, parameters["id"] = after
        rank = _RANKS[ended]
    query = _query(sources, before is not None, rank, limit)
    return [Happening(SOURCES[row[0]].type, *row[1:]) for row in await tx.execute(query, parameters)]


@cache
def _query(sources: tuple[Source, ...], is_bounded: bool, ended: int | None, limit: int) -> TextClause:
    """Limits are written out: of one that it does not know the planner thinks that it is a tenth of all rows."""
    arms = []
    for source in sources:
        rank = _RANKS[source.type]
        conditions = ["tenant_id = :tenant", "contact_id = :contact", source.where]
        if is_bounded:
            conditions.append(f"{source.at} < :before")
        if ended is not None:
            conditions.append(_beyond(source, rank, ended))
        arms.append(
            f"(SELECT {rank} AS rank, {source.id} AS id, {source.kind} AS kind, {source.at} AS at,"  # noqa: S608
            f" {source.direction} AS direction, {source.body} AS body, {source.reply} AS reply,"
            f" {source.details} AS details FROM {source.table} WHERE {' AND '.join(conditions)}"
            f" ORDER BY {source.at} DESC, {source.id} DESC LIMIT {limit})"
        )
    union = " UNION ALL ".join(arms)
    return text(f"SELECT * FROM ({union}) AS each ORDER BY at DESC, rank DESC, id DESC LIMIT {limit}")  # noqa: S608


def _beyond(source: Source, rank: int, ended: int) -> str:
    """Whether a row stands behind the end of the last page, which was one of the source of rank `ended`."""
    if rank == ended:
        return f"({source.at}, {source.id}) < (:at, :id)"
    return f"{source.at} {'<=' if rank < ended else '<'} :at"
