"""Where a contact's data is: every table with a contact's key, how it is erased, forgotten, exported and imported.

A table that names contacts and is not declared here fails `tests/store/test_contact_data.py`. What is declared is all
that it takes to have the table erased with the contact, counted in the receipt, and carried by exports.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson
from sqlalchemy import Column, ColumnElement, Table, delete, func, null, select, text, update

from store import calls as call_store
from store import merges, queue
from store.database import Transaction
from store.tables.analytics import daily_activity
from store.tables.call import call_events, calls
from store.tables.consolidation import consolidation_tasks
from store.tables.contact import contact_days, contact_sessions, contacts
from store.tables.crm import contact_identities, contact_merges
from store.tables.interaction import interactions
from store.tables.interaction_log import interaction_logs
from store.tables.maintenance import maintenance_runs
from store.tables.memory import entities, memories
from store.tables.operations import audit_log, erasure_receipts, idempotency_keys
from store.tables.outreach import channel_consents, outreach_outbox, outreach_triggers
from store.tables.provider import enrichment_leases, memory_embeddings, memory_encodings, turn_readings
from store.tables.tracking import graph_edges, graph_events, tracking_log
from store.triggers import FORGOTTEN, stoppable

Record = dict[str, Any]
"""A row by column, without the tenant and the contact."""

Forgetting = Literal["erased", "made_texts", "kept"]
"""What "forget me" does with a table, after which the contact goes on: erase its rows; erase what Kith made of what it
knew, see `_FORGET_MADE_TEXTS`; or keep it, because an opt-out must hold."""


@dataclass(frozen=True, slots=True)
class ContactTable:
    """A table whose rows belong to one contact each, and go with it.

    `name` is its name in a receipt's counts and in an export. `key` tells the contact's rows apart; null for a table
    that is not exported, which `why_not_exported` then explains. `uncounted` are rows that nobody could read.
    """

    name: str
    table: Table
    forgetting: Forgetting
    key: Column[Any] | None = None
    why_not_exported: str | None = None
    uncounted: ColumnElement[bool] | None = None


TABLES: Final = (
    ContactTable("memories", memories, "erased", memories.c.memory_id, uncounted=memories.c.status == "deleted"),
    ContactTable(
        "embeddings", memory_embeddings, "erased", why_not_exported="vectors, which are made again from the memories"
    ),
    ContactTable(
        "encodings", memory_encodings, "erased", why_not_exported="vectors, which are made again from the memories"
    ),
    ContactTable("entities", entities, "erased", entities.c.entity_id),
    ContactTable("interaction_logs", interaction_logs, "erased", interaction_logs.c.interaction_id),
    ContactTable("readings", turn_readings, "erased", turn_readings.c.interaction_id),
    ContactTable("sessions", contact_sessions, "erased", contact_sessions.c.session_id),
    ContactTable("days", contact_days, "erased", contact_days.c.day),
    ContactTable("daily_activity", daily_activity, "erased", daily_activity.c.day),
    ContactTable("consolidation", consolidation_tasks, "erased", consolidation_tasks.c.task),
    ContactTable("leases", enrichment_leases, "erased", why_not_exported="who works on the contact just now"),
    ContactTable("outbox", outreach_outbox, "made_texts", outreach_outbox.c.trigger_id),
    ContactTable("triggers", outreach_triggers, "made_texts", outreach_triggers.c.trigger_id),
    ContactTable("consents", channel_consents, "kept", channel_consents.c.channel),
    ContactTable("identities", contact_identities, "kept", contact_identities.c.identity_id),
    ContactTable("interactions", interactions, "erased", interactions.c.interaction_id),
    ContactTable("calls", calls, "erased", calls.c.call_id),
    ContactTable(
        "call_events", call_events, "erased", why_not_exported="what was told of the calls, which are exported"
    ),
    ContactTable(
        "merges", contact_merges, "made_texts", why_not_exported="how to undo a merge, of what is exported besides"
    ),
    ContactTable("tracking", tracking_log, "erased", tracking_log.c.tracked_id),
    ContactTable("graph_events", graph_events, "erased", why_not_exported="made from the tracking log"),
    ContactTable("graph_edges", graph_edges, "erased", why_not_exported="made from the tracking log"),
    ContactTable(
        "answers", idempotency_keys, "erased",
        why_not_exported="copies of answers for a day, by the caller's own keys",
    ),
)  # fmt: skip
"""Every table that hangs on a contact, those before that others hang on: filled in this order, emptied in the other."""

EXPORTED: Final = {entry.name: entry for entry in TABLES if entry.key is not None}
"""The tables of an export, by name, in the order in which they are exported and imported."""

OF_CONTACT: Final = contacts
"""The contact itself: goes last when it is erased, and is reset when it is forgotten."""

KEPT: Final[Mapping[str, str]] = {
    erasure_receipts.name: "counts and a digest of the id, so that nothing late brings an erased contact back",
    audit_log.name: "who did what to which id, when; it only grows, and holds no personal text",
}
"""Tables that go on naming an erased contact, by digest or id alone, and why."""

CURSORS: Final = (maintenance_runs.c.after_contact,)
"""Columns that name a contact as a place in their order; they are cleared."""

NOT_EXPORTED_COLUMNS: Final = frozenset(
    {
        "tenant_id", "contact_id", "version", "position", "projected",
        "warmth", "warmth_band", "warmth_changes_at", "warmth_band_until", "warmth_fell_at", "last_touch_at", "touches",
    }
)  # fmt: skip
"""Columns that an import finds anew."""


async def erase(tx: Transaction, contact_id: str) -> dict[str, int]:
    """Deletes the contact, all that hangs on it and its waiting jobs. Returns how many rows, by name.

    The caller holds the contact's row; whoever adds to it meanwhile waits, and finds it gone.
    """
    counts = {entry.name: await _empty(tx, entry, contact_id) for entry in reversed(TABLES)}
    counts["jobs"] = await queue.cancel_contact(tx, contact_id)
    # A contact that came back from a merge is named by its record, which is the other's.
    counts["merges"] += await merges.unname(tx, contact_id)
    for cursor in CURSORS:
        # A run under way begins at the start again, which it may.
        await tx.execute(
            update(cursor.table)
            .where(cursor.table.c.tenant_id == tx.tenant_id, cursor == contact_id)
            .values({cursor.name: null()})
        )
    await _delete(tx, contacts, contact_id)
    return counts


async def delete_row(tx: Transaction, contact_id: str) -> None:
    """Deletes the contact's own row, and what still hangs on it."""
    await _delete(tx, contacts, contact_id)


async def forget(tx: Transaction, contact_id: str) -> dict[str, int]:
    """Erases what is known of the contact, who goes on. Returns how many rows, by name. The state is the caller's."""
    counts: dict[str, int] = {}
    for entry in reversed(TABLES):
        if entry.forgetting == "erased":
            counts[entry.name] = await _empty(tx, entry, contact_id)
        elif entry.forgetting == "made_texts":
            counts[entry.name] = await _FORGET_MADE_TEXTS[entry.table.name](tx, contact_id)
    counts["jobs"] = await queue.cancel_contact(tx, contact_id)
    return counts


async def _empty(tx: Transaction, entry: ContactTable, contact_id: str) -> int:
    if entry.table is calls:
        await call_store.leave_gone(tx, contact_id)
    if entry.uncounted is not None:
        await _delete(tx, entry.table, contact_id, entry.uncounted)
    return await _delete(tx, entry.table, contact_id)


async def _delete(tx: Transaction, table: Table, contact_id: str, *where: ColumnElement[bool]) -> int:
    found = await tx.execute(
        delete(table).where(table.c.tenant_id == tx.tenant_id, table.c.contact_id == contact_id, *where)
    )
    return found.rowcount


async def _forget_made_texts(tx: Transaction, contact_id: str) -> int:
    """Takes back the messages that Kith makes of what it knows, and erases their texts, also those that were sent.

    That a message went out, when and why, stays: caps count it. What people wrote themselves stays theirs, without the
    prompt that it may have come from. One that a provider may have is looked up as before, and not sent again.
    """
    columns = outreach_triggers.c
    of_contact = [columns.tenant_id == tx.tenant_id, columns.contact_id == contact_id]
    made = [*of_contact, columns.text_source != "given"]
    await tx.execute(
        update(outreach_triggers)
        .where(*made, stoppable())
        .values(status="cancelled", failure=FORGOTTEN, claimed_until=null())
    )
    await tx.execute(update(outreach_triggers).where(*made, columns.status == "claimed").values(failure=FORGOTTEN))
    prompts = {name: null() for name in ("template", "template_variables", "llm_context")}
    await tx.execute(update(outreach_triggers).where(*of_contact).values(prompts))
    return (await tx.execute(update(outreach_triggers).where(*made).values(message=null()))).rowcount


async def _forget_outbox(tx: Transaction, contact_id: str) -> int:
    """Deletes the messages of the outbox whose text Kith made."""
    made = select(outreach_triggers.c.trigger_id).where(
        outreach_triggers.c.tenant_id == tx.tenant_id,
        outreach_triggers.c.contact_id == contact_id,
        outreach_triggers.c.text_source != "given",
    )
    found = await tx.execute(
        delete(outreach_outbox).where(
            outreach_outbox.c.tenant_id == tx.tenant_id,
            outreach_outbox.c.contact_id == contact_id,
            outreach_outbox.c.trigger_id.in_(made),
        )
    )
    return found.rowcount


_FORGET_MADE_TEXTS: Final = {
    outreach_triggers.name: _forget_made_texts,
    outreach_outbox.name: _forget_outbox,
    # The ids lead on; what could be undone is forgotten.
    contact_merges.name: merges.forget,
}


async def contact(tx: Transaction, contact_id: str) -> Record | None:
    """The contact's own row."""
    columns = [column for column in contacts.c if column.name not in NOT_EXPORTED_COLUMNS - {"contact_id"}]
    found = await tx.execute(
        select(*columns).where(contacts.c.tenant_id == tx.tenant_id, contacts.c.contact_id == contact_id)
    )
    row = found.mappings().one_or_none()
    return None if row is None else dict(row)


async def records(tx: Transaction, name: str, contact_id: str, *, after: Any = None, limit: int) -> list[Record]:
    """A batch of the contact's rows of an exported table in the order of their key, from behind the key `after`."""
    entry = EXPORTED[name]
    table, key = entry.table, _key(entry)
    where = [table.c.tenant_id == tx.tenant_id, table.c.contact_id == contact_id]
    if after is not None:
        where.append(key > after)
    columns = [column for column in table.c if column.name not in NOT_EXPORTED_COLUMNS]
    found = await tx.execute(select(*columns).where(*where).order_by(key).limit(limit))
    return [dict(row) for row in found.mappings()]


async def add(tx: Transaction, name: str, contact_id: str, rows: Sequence[Record]) -> None:
    """Stores rows of an exported table. Raises UniqueViolation."""
    table = EXPORTED[name].table
    left = NOT_EXPORTED_COLUMNS - {"tenant_id", "contact_id"}
    columns = ", ".join(column.name for column in table.c if column.name not in left)
    owner = {"tenant_id": tx.tenant_id, "contact_id": contact_id}
    await tx.execute(
        text(
            f"INSERT INTO {table.name} ({columns})"  # noqa: S608 (names of our own tables)
            f" SELECT {columns} FROM json_populate_recordset(NULL::{table.name}, CAST(:rows AS json))"
        ),
        {"rows": orjson.dumps([{**row, **owner} for row in rows]).decode()},
    )


async def holds(tx: Transaction, name: str, contact_id: str, keys: Sequence[Any]) -> bool:
    """Whether the contact has a row of each of the keys, which are all different, in an exported table."""
    entry = EXPORTED[name]
    found = await tx.execute(
        select(func.count()).where(
            entry.table.c.tenant_id == tx.tenant_id, entry.table.c.contact_id == contact_id, _key(entry).in_(keys)
        )
    )
    return bool(found.scalar_one() == len(keys))


async def mentions(tx: Transaction, contact_id: str) -> dict[str, int]:
    """How many current memories mention each entity, where any does."""
    entity = func.unnest(memories.c.entity_ids).label("entity")
    found = await tx.execute(
        select(entity, func.count())
        .where(
            memories.c.tenant_id == tx.tenant_id,
            memories.c.contact_id == contact_id,
            memories.c.status == "current",
        )
        .group_by(entity)
    )
    return {row[0]: row[1] for row in found}


def _key(entry: ContactTable) -> Column[Any]:
    if entry.key is None:
        raise ValueError(f"{entry.name} is not exported")
    return entry.key
