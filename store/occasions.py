"""Queries that narrow down to whom a message may be due: silence, milestones, recurrence.

The rules decide in the domain. Each takes contacts in the order of their ids, a page at a time, and can hold them: then
none of them is erased before the transaction has stored their triggers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from store.database import Transaction
from store.tables.memory import MemoryRow

_HOLD: Final = " FOR KEY SHARE OF c"
_MEMORY: Final = ", ".join(field.name for field in fields(MemoryRow))

# What a contact said of its own channel goes before its general consent, as `server.domain.outreach.consent` has it.
_SAID: Final = (
    " LEFT JOIN channel_consents k"
    " ON k.tenant_id = c.tenant_id AND k.contact_id = c.contact_id AND k.channel = c.channel"
)
_WANTS_NONE: Final = (
    "(coalesce(k.status, 'unknown') = 'opted_out'"
    " OR coalesce(k.status, 'unknown') = 'unknown' AND c.outreach_consent IS FALSE)"
)
_AGREED: Final = "(k.status = 'opted_in' OR c.outreach_consent AND coalesce(k.status, 'unknown') <> 'opted_out')"

_SILENT: Final = (
    f"SELECT c.contact_id, c.channel, c.last_wrote_at FROM contacts c{_SAID}"  # noqa: S608 (constants of ours)
    f" WHERE c.tenant_id = :tenant AND c.contact_id > :after AND c.last_wrote_at <= :before AND NOT {_WANTS_NONE}"
    " ORDER BY c.contact_id LIMIT :limit"
)
_JUST_SILENT: Final = text(
    f"SELECT c.contact_id FROM contacts c{_SAID}"  # noqa: S608 (constants of ours)
    f" WHERE c.tenant_id = :tenant AND c.last_wrote_at <= :before AND NOT {_WANTS_NONE}"
    " ORDER BY c.last_wrote_at DESC LIMIT :limit"
)
_REACHED: Final = (
    "SELECT c.contact_id FROM contacts c WHERE c.tenant_id = :tenant AND c.contact_id > :after AND ("
    "  c.last_active_at >= :lately AND (c.streak_days = ANY (CAST(:streaks AS int[])) OR c.total_messages >= :messages)"
    "  OR to_char(c.first_active_at, 'MM-DD') = ANY (CAST(:days AS text[]))"
    "  OR c.first_active_at BETWEEN :month_from AND :month_to"
    "  OR c.contact_id IN (SELECT m.contact_id FROM memories m WHERE m.tenant_id = :tenant AND m.status = 'current'"
    "    AND m.event_start BETWEEN :from AND :to)"
    "  OR c.contact_id IN (SELECT m.contact_id FROM memories m WHERE m.tenant_id = :tenant AND m.status = 'current'"
    "    AND m.attribute = 'birthday' AND to_char(m.event_start, 'MM-DD') = ANY (CAST(:days AS text[]))))"
    " ORDER BY c.contact_id LIMIT :limit"
)
_DATED: Final = text(
    f"SELECT {_MEMORY} FROM unnest(CAST(:contacts AS text[])) AS people (contact_id)"  # noqa: S608 (our own columns)
    " JOIN memories m USING (contact_id)"
    " WHERE m.tenant_id = :tenant AND m.status = 'current'"
    " AND (m.event_start BETWEEN :from AND :to OR m.attribute = 'birthday' AND m.event_start IS NOT NULL)"
    " ORDER BY contact_id, m.sequence, m.memory_id"
)
_AGREEING: Final = (
    "SELECT c.contact_id, c.channel FROM contacts c" + _SAID +  # noqa: S608 (constants of ours)
    f" WHERE c.tenant_id = :tenant AND c.contact_id > :after AND {_AGREED}"
    " AND NOT EXISTS (SELECT FROM outreach_triggers t WHERE t.tenant_id = c.tenant_id"
    "  AND t.contact_id = c.contact_id AND t.occasion = :occasion)"
    " ORDER BY c.contact_id LIMIT :limit"
)  # fmt: skip
_PLANNED: Final = text(
    "SELECT DISTINCT contact_id FROM (SELECT contact_id FROM outreach_triggers"
    " WHERE tenant_id = :tenant AND status = ANY ('{pending,held}') AND due_at <= :until"
    " ORDER BY due_at LIMIT :limit) planned"
)
_HAD: Final = text(
    "SELECT contact_id, occasion FROM outreach_triggers"
    " WHERE tenant_id = :tenant AND contact_id = ANY (CAST(:contacts AS text[])) AND occasion IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class Silent:
    """A contact in a silence that is long enough."""

    contact_id: str
    channel: str
    last_wrote_at: datetime


@dataclass(frozen=True, slots=True)
class Window:
    """Where to look for milestones: dates in `[start, end]`, `days` as `MM-DD`, first contacts a month ago."""

    start: datetime
    end: datetime
    days: Sequence[str]
    month_start: datetime
    month_end: datetime


async def silent(tx: Transaction, *, before: datetime, after: str, limit: int) -> list[Silent]:
    """Contacts that last wrote by `before` and want messages; held."""
    return [Silent(*row) for row in await _paged(tx, _SILENT, {"before": before}, after, limit, hold=True)]


async def just_silent(tx: Transaction, *, before: datetime, limit: int) -> list[str]:
    """Those of the same whose silence is the shortest."""
    found = await tx.execute(_JUST_SILENT, {"tenant": tx.tenant_id, "before": before, "limit": limit})
    return list(found.scalars())


async def reached(
    tx: Transaction,
    window: Window,
    *,
    active_since: datetime,
    streaks: Sequence[int],
    messages: int,
    after: str,
    limit: int,
    hold: bool,
) -> list[str]:
    """Contacts that may have come to a milestone: more than do, never fewer."""
    parameters = {
        "lately": active_since, "streaks": list(streaks), "messages": messages, "days": list(window.days),
        "month_from": window.month_start, "month_to": window.month_end, "from": window.start, "to": window.end,
    }  # fmt: skip
    return [row[0] for row in await _paged(tx, _REACHED, parameters, after, limit, hold=hold)]


async def agreeing(tx: Transaction, occasion: str, *, after: str, limit: int, hold: bool) -> list[tuple[str, str]]:
    """Contacts that agreed to messages on their channel and have not had this occasion, with that channel."""
    rows = await _paged(tx, _AGREEING, {"occasion": occasion}, after, limit, hold=hold)
    return [(row[0], row[1]) for row in rows]


async def _paged(tx: Transaction, query: str, parameters: dict[str, Any], after: str, limit: int, *, hold: bool) -> Any:
    return await tx.execute(
        text(query + _HOLD if hold else query), {**parameters, "tenant": tx.tenant_id, "after": after, "limit": limit}
    )


async def dated_memories(
    tx: Transaction, contact_ids: Sequence[str], start: datetime, end: datetime
) -> dict[str, list[MemoryRow]]:
    """The current memories of contacts that speak of a time in `[start, end]` or of a birthday, by contact."""
    found: dict[str, list[MemoryRow]] = {}
    parameters = {"tenant": tx.tenant_id, "contacts": list(contact_ids), "from": start, "to": end}
    for row in await tx.execute(_DATED, parameters):
        found.setdefault(row.contact_id, []).append(MemoryRow(*row))
    return found


async def planned(tx: Transaction, until: datetime, limit: int) -> list[str]:
    """Contacts with a trigger that waits and is due by then, those with the next one first as far as `limit` goes."""
    found = await tx.execute(_PLANNED, {"tenant": tx.tenant_id, "until": until, "limit": limit})
    return list(found.scalars())


async def had(tx: Transaction, contact_ids: Sequence[str]) -> set[tuple[str, str]]:
    """Every (contact, occasion) that contacts had a trigger for."""
    found = await tx.execute(_HAD, {"tenant": tx.tenant_id, "contacts": list(contact_ids)})
    return {(row[0], row[1]) for row in found}
