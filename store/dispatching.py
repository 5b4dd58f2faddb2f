"""Queries of the dispatch: claiming what is due, and recording what became of it.

A claim is held until `claimed_until`, and together with the number of tries that instant is the claim's own name: who
lost it, because it ran out, changes nothing any more. Locks are taken in one order everywhere, the contact before its
triggers, as turns do.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

import orjson
from psycopg.sql import SQL, Literal
from sqlalchemy import text

from store.database import Transaction
from store.tables.outreach import TriggerRow
from store.triggers import NAMES

_OF_T: Final = ", ".join(f"t.{field.name}" for field in fields(TriggerRow))

# Limited before they are grouped: a backlog is not read whole for every batch.
_DUE_CONTACTS: Final = text(
    "SELECT DISTINCT contact_id FROM ("
    " (SELECT contact_id FROM outreach_triggers WHERE tenant_id = :tenant AND status = 'pending' AND due_at <= :now"
    "   ORDER BY due_at LIMIT :some)"
    " UNION ALL (SELECT contact_id FROM outreach_triggers"
    "   WHERE tenant_id = :tenant AND status = 'claimed' AND claimed_until <= :now ORDER BY due_at LIMIT :some)"
    ") due"
)
_LOCK: Final = text(
    "SELECT contact_id FROM contacts WHERE tenant_id = :tenant AND contact_id = ANY (CAST(:contacts AS text[]))"
    " ORDER BY contact_id FOR NO KEY UPDATE SKIP LOCKED"
)
_OF_CONTACTS: Final = text(
    f"SELECT {NAMES} FROM outreach_triggers"  # noqa: S608 (names of our own columns)
    " WHERE tenant_id = :tenant AND contact_id = ANY (CAST(:contacts AS text[]))"
    " AND (status = 'pending' AND due_at <= :now OR status = 'claimed' AND claimed_until <= :now)"
    " ORDER BY due_at, trigger_id LIMIT :most FOR UPDATE"
)
# What may have arrived counts like what did, from when it was due for its last try.
_GONE_AT: Final = "CASE t.status WHEN 'sent' THEN t.sent_at WHEN 'failed' THEN t.due_at ELSE :now END"
_HISTORY: Final = text(
    f"SELECT t.contact_id, t.trigger_type, {_GONE_AT}"  # noqa: S608 (our own words)
    " FROM unnest(CAST(:contacts AS text[])) AS people (contact_id)"
    " JOIN outreach_triggers t ON t.tenant_id = :tenant AND t.contact_id = people.contact_id"
    " JOIN contacts c ON c.tenant_id = :tenant AND c.contact_id = people.contact_id"
    " WHERE NOT t.trigger_id = ANY (CAST(:but AS text[]))"
    " AND (t.status = 'claimed' OR (t.status = 'sent' OR t.status = 'failed' AND t.failure = 'outcome_unknown')"
    f"  AND ({_GONE_AT} >= :since"
    f"   OR t.trigger_type = 'inactivity' AND (c.last_wrote_at IS NULL OR {_GONE_AT} > c.last_wrote_at)))"
)
_CLAIM: Final = text(
    "UPDATE outreach_triggers SET status = 'claimed', claimed_until = :until, attempts = attempts + 1"
    " WHERE tenant_id = :tenant AND trigger_id = ANY (CAST(:ids AS text[]))"
)
_SETTLE: Final = text(
    "UPDATE outreach_triggers t SET status = s.status, failure = s.failure, due_at = coalesce(s.due_at, t.due_at),"
    " claimed_until = NULL"
    " FROM json_to_recordset(CAST(:rows AS json)) AS s (id text, status text, failure text, due_at timestamptz)"
    " WHERE t.tenant_id = :tenant AND t.trigger_id = s.id"
)
_OURS: Final = (
    "tenant_id = :tenant AND trigger_id = :id AND status = 'claimed' AND attempts = :attempts"
    " AND claimed_until = :claimed_until"
)
_LEAVES: Final = text(
    f"UPDATE outreach_triggers SET message = :message, outcome_unknown = true, claimed_until = :until WHERE {_OURS}"  # noqa: S608
)
_HOLD: Final = text(f"SELECT 1 FROM outreach_triggers WHERE {_OURS} FOR UPDATE")  # noqa: S608
_RELEASE: Final = text(
    "UPDATE outreach_triggers SET attempts = attempts - 1,"  # noqa: S608
    " status = CASE WHEN outcome_unknown THEN 'claimed' ELSE 'pending' END,"
    f" claimed_until = CASE WHEN outcome_unknown THEN CAST(:now AS timestamptz) END WHERE {_OURS}"
)
_TOO_LATE: Final = text(
    "UPDATE outreach_triggers SET status = 'expired', failure = 'too_late'"
    " WHERE tenant_id = :tenant AND status = 'held' AND expires_at <= :now"
)
_TAKE_UNWRITTEN: Final = text(
    "UPDATE outreach_triggers t SET claimed_until = :until FROM ("  # noqa: S608 (names of our own columns)
    "  SELECT trigger_id FROM outreach_triggers WHERE tenant_id = :tenant AND status = 'held' AND message IS NULL"
    "  AND (claimed_until IS NULL OR claimed_until <= :now) ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED"
    f" ) unwritten WHERE t.tenant_id = :tenant AND t.trigger_id = unwritten.trigger_id RETURNING {_OF_T}"
)
_WRITTEN: Final = text(
    "UPDATE outreach_triggers SET message = :message, claimed_until = NULL,"
    " status = CASE WHEN CAST(:message AS text) IS NULL THEN 'failed' ELSE status END,"
    " failure = CASE WHEN CAST(:message AS text) IS NULL THEN 'no_text' END"
    " WHERE tenant_id = :tenant AND trigger_id = :id AND status = 'held' AND message IS NULL"
    " AND claimed_until = :until"
)
_CONTACT: Final = text(
    "SELECT FROM contacts WHERE tenant_id = :tenant AND contact_id = :contact FOR KEY SHARE"
)  # fmt: skip

_SOME: Final = 4


@dataclass(frozen=True, slots=True)
class Taken:
    """What is due of contacts that are held now; `busy`: there is more, which somebody else holds at the moment."""

    triggers: list[TriggerRow]
    busy: bool


@dataclass(frozen=True, slots=True)
class Gone:
    """A message that went out, or is on its way: to whom, of which type, when."""

    contact_id: str
    trigger_type: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Settled:
    """What becomes of a trigger that does not go out now; `due_at` where it is looked at again."""

    trigger_id: str
    status: str
    failure: str | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim on one trigger."""

    trigger_id: str
    contact_id: str
    attempts: int
    claimed_until: datetime


async def take(tx: Transaction, now: datetime, at_most: int) -> Taken:
    """What is due, the first due first, with its contacts locked; those that others hold are passed over."""
    # One contact can have several that are due, and others may hold the first ones.
    found = await tx.execute(_DUE_CONTACTS, {"tenant": tx.tenant_id, "now": now, "some": _SOME * at_most})
    due = list(found.scalars())
    if not due:
        return Taken([], busy=False)
    held = list((await tx.execute(_LOCK, {"tenant": tx.tenant_id, "contacts": due})).scalars())
    parameters = {"tenant": tx.tenant_id, "contacts": held, "now": now, "most": at_most}
    rows = [TriggerRow(*row) for row in await tx.execute(_OF_CONTACTS, parameters)] if held else []
    return Taken(rows, busy=not rows)


async def history(
    tx: Transaction, contact_ids: Sequence[str], now: datetime, *, since: datetime, but: Sequence[str]
) -> list[Gone]:
    """What went to contacts since an instant or into their present silence, or is on its way; without those of `but`.

    A message of which nobody knows whether it arrived went. What is on its way counts as gone now.
    """
    parameters = {
        "tenant": tx.tenant_id, "contacts": list(contact_ids), "now": now, "since": since, "but": list(but),
    }  # fmt: skip
    return [Gone(*row) for row in await tx.execute(_HISTORY, parameters)]


async def claim(tx: Transaction, trigger_ids: Sequence[str], until: datetime) -> None:
    """Claims triggers that the transaction holds, which counts as a try."""
    await tx.execute(_CLAIM, {"tenant": tx.tenant_id, "ids": list(trigger_ids), "until": until})


async def settle(tx: Transaction, settled: Sequence[Settled]) -> None:
    """Stores what becomes of triggers that the transaction holds and that do not go out now."""
    if settled:
        rows = [
            {"id": s.trigger_id, "status": s.status, "failure": s.failure, "due_at": s.due_at} for s in settled
        ]  # fmt: skip
        await tx.execute(_SETTLE, {"tenant": tx.tenant_id, "rows": orjson.dumps(rows).decode()})


async def leaves(tx: Transaction, ours: Claim, message: str, until: datetime) -> bool:
    """Notes that from now on a provider may have the message; False where the claim is ours no more."""
    parameters = {**_key(tx, ours), "message": message, "until": until}
    return (await tx.execute(_LEAVES, parameters)).rowcount > 0


async def hold(tx: Transaction, ours: Claim) -> bool:
    """Locks the contact and then its trigger, to record what became of it; False where the claim is ours no more."""
    await tx.execute(_CONTACT, {"tenant": tx.tenant_id, "contact": ours.contact_id})
    return (await tx.execute(_HOLD, _key(tx, ours))).scalar() is not None


async def release(tx: Transaction, ours: Claim, now: datetime) -> None:
    """Gives a claim back that nothing was done with, for whoever comes next."""
    await tx.execute(_RELEASE, {**_key(tx, ours), "now": now})


async def expire_held(tx: Transaction, now: datetime) -> int:
    """Ends what waited too long for approval. Returns how many."""
    return (await tx.execute(_TOO_LATE, {"tenant": tx.tenant_id, "now": now})).rowcount


async def take_unwritten(tx: Transaction, now: datetime, until: datetime, at_most: int) -> list[TriggerRow]:
    """Claims messages that wait for approval and have no text yet, up to `until`; nobody else writes them meanwhile."""
    parameters = {"tenant": tx.tenant_id, "now": now, "until": until, "most": at_most}
    return [TriggerRow(*row) for row in await tx.execute(_TAKE_UNWRITTEN, parameters)]


async def write_held(tx: Transaction, trigger_id: str, until: datetime, message: str | None) -> None:
    """Gives a message that waits for approval its text, if it is still claimed up to `until`; None: there is none."""
    parameters = {"tenant": tx.tenant_id, "id": trigger_id, "until": until, "message": message}
    await tx.execute(_WRITTEN, parameters)


def _key(tx: Transaction, ours: Claim) -> dict[str, Any]:
    return {
        "tenant": tx.tenant_id,
        "id": ours.trigger_id,
        "attempts": ours.attempts,
        "claimed_until": ours.claimed_until,
    }


async def with_work(tx: Transaction, tenant_ids: Sequence[str], now: datetime, *, making: bool) -> list[str]:
    """Those of the tenants that have something due; with `making` also those that write to silences and milestones.

    One round trip for all of them.
    """
    if not tenant_ids:
        return []
    # Each in its own name, since nobody sees the rows of all.
    statements = [_HAS_WORK.format(tenant=Literal(one), now=Literal(now), making=Literal(making)) for one in tenant_ids]
    restore = SQL("SET LOCAL app.tenant = {}").format(Literal(tx.tenant_id))
    cursor = await tx.driver.execute(SQL("; ").join([*statements, restore]), prepare=False)
    found: list[str] = []
    while True:
        if cursor.description is not None:
            found += [row[0] for row in await cursor.fetchall() if row[1]]
        if not cursor.nextset():
            return found


_HAS_WORK: Final = SQL(
    "SET LOCAL app.tenant = {tenant};"
    " SELECT {tenant},"
    " EXISTS (SELECT FROM outreach_triggers WHERE tenant_id = {tenant} AND status = 'pending' AND due_at <= {now})"
    " OR EXISTS (SELECT FROM outreach_triggers WHERE tenant_id = {tenant} AND status = 'claimed'"
    " AND claimed_until <= {now})"
    " OR EXISTS (SELECT FROM outreach_triggers WHERE tenant_id = {tenant} AND status = 'held'"
    " AND (message IS NULL AND (claimed_until IS NULL OR claimed_until <= {now}) OR expires_at <= {now}))"
    " OR EXISTS (SELECT FROM outreach_configs WHERE tenant_id = {tenant}"
    " AND (recurring_enabled OR {making} AND (inactivity_enabled OR milestone_enabled)))"
)
