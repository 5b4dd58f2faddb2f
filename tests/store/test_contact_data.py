"""No table can be forgotten: what holds something of a contact is declared, erased, forgotten, exported."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import psycopg
import pytest
from kith.contact.v1 import contact_pb2, export_pb2
from sqlalchemy import Column, ForeignKeyConstraint, Integer, MetaData, Table, Text, text

from server.convert import export as convert
from server.embedded.stores import EmbeddedStores
from store import contact_data, contacts
from store.contact_data import CURSORS, EXPORTED, KEPT, NOT_EXPORTED_COLUMNS, OF_CONTACT, TABLES
from store.database import Database
from store.errors import ForeignKeyViolation
from store.tables import metadata
from store.tables.outreach import outreach_triggers
from tests.planting import row

OWNED = {entry.table.name for entry in TABLES} | {OF_CONTACT.name}


BELONGINGS = frozenset(
    entry.key.name for entry in TABLES if entry.key is not None and entry.key.name.endswith("_id")
) - {"tenant_id"}
"""Keys of what belongs to one contact: a table that has one of them is about that contact too."""


def names_contacts(table: Table) -> bool:
    """Whether a table has a column with a contact's key or digest, or that of a memory, a trigger or another belonging.

    Or a foreign key to a table of the contact's.
    """
    by_column = any("contact" in c.name and not isinstance(c.type, Integer) for c in table.c)
    by_belonging = any(key in c.name for c in table.c for key in BELONGINGS)
    return by_column or by_belonging or any(key.column.table.name in OWNED for key in table.foreign_keys)


def test_every_table_that_names_contacts_is_declared() -> None:
    declared = OWNED | set(KEPT) | {cursor.table.name for cursor in CURSORS}
    naming = {table.name for table in metadata.tables.values() if names_contacts(table)}
    assert naming <= declared, "say in store/contact_data.py how these are erased, forgotten and exported"
    # What KEPT names by other means: the audit log's target.
    assert declared - naming <= {"audit_log"}


@pytest.mark.parametrize(
    ("column", "refers"),
    [
        ("contact_id", False),
        ("about_contact", False),
        ("contact_digest", False),
        ("person", True),
        ("trigger_id", False),
        ("memory_id", False),
        ("interaction_id", False),
        ("entity_id", False),
        ("session_id", False),
        ("replaced_memory_ids", False),
    ],
)
def test_a_table_yet_to_come_is_noticed_by_its_key_or_by_whom_it_refers_to(column: str, refers: bool) -> None:
    to_come = MetaData()
    OF_CONTACT.to_metadata(to_come)
    keys = [ForeignKeyConstraint(["tenant_id", column], ["contacts.tenant_id", "contacts.contact_id"])] * refers
    assert names_contacts(Table("to_come", to_come, Column("tenant_id", Text), Column(column, Text), *keys))
    outreach_triggers.to_metadata(to_come)
    keys = [
        ForeignKeyConstraint(["tenant_id", "about"], ["outreach_triggers.tenant_id", "outreach_triggers.trigger_id"])
    ]
    tracked = Table("tracked", to_come, Column("tenant_id", Text), Column("about", Text), *keys)
    assert names_contacts(tracked)
    assert not names_contacts(Table("runs", to_come, Column("tenant_id", Text), Column("contacts", Integer)))


def test_every_declared_table_is_exported_or_says_why_not() -> None:
    for entry in TABLES:
        assert (entry.key is None) == bool(entry.why_not_exported), entry.name
    assert set(EXPORTED) == set(convert.KINDS)


@pytest.mark.parametrize("name", sorted(EXPORTED))
def test_every_column_of_an_exported_table_is_a_field_of_its_message(name: str) -> None:
    kind = convert.KINDS[name]
    columns = {c.name for c in EXPORTED[name].table.c} - NOT_EXPORTED_COLUMNS
    assert columns_of(kind) == columns


def test_every_column_of_a_contact_is_exported() -> None:
    columns = {c.name for c in OF_CONTACT.c} - (NOT_EXPORTED_COLUMNS - {"contact_id"})
    assert columns_of(contact_pb2.Contact) | columns_of(export_pb2.ExportedState) == columns


def columns_of(kind: Any) -> set[str]:
    renamed, derived = convert.RENAMED.get(kind, {}), convert.DERIVED.get(kind, frozenset())
    return {renamed.get(f.name, f.name) for f in kind.DESCRIPTOR.fields if f.name not in derived}


def test_an_import_takes_what_an_export_gives_field_by_field() -> None:
    given, taken = export_pb2.ExportContactResponse.DESCRIPTOR, export_pb2.ImportContactRequest.DESCRIPTOR
    shape = [(f.name, f.number, f.type, f.message_type) for f in given.fields]
    assert shape == [(f.name, f.number, f.type, f.message_type) for f in taken.fields]
    assert {f.name for f in given.fields} >= set(EXPORTED)
    there, back = (
        kind.DESCRIPTOR for kind in (export_pb2.ExportContactStreamResponse, export_pb2.ImportContactStreamRequest)
    )
    assert [(f.name, f.number, f.message_type) for f in there.fields] == [
        (f.name, f.number, f.message_type) for f in back.fields
    ]
    streamed = {f.message_type for f in export_pb2.ExportContactStreamResponse.DESCRIPTOR.fields}
    assert {kind.DESCRIPTOR for kind in convert.KINDS.values()} <= streamed


TENANT, MARK = "tnt_traces", "zq"


def plant(stores: EmbeddedStores, database: str, contact_id: str) -> None:
    """A contact with a row in every table that names contacts, each with a text that is nowhere else, and jobs."""
    literal, mark = f"'{contact_id}'", f"'{MARK}-{contact_id}'"
    with psycopg.connect(stores.superuser_url.rsplit("/", 1)[0] + f"/{database}") as connection:
        connection.execute("SET session_replication_role = replica")
        for table in sorted(OWNED | {cursor.table.name for cursor in CURSORS}):
            texts = {c.name: mark for c in metadata.tables[table].c if str(c.type) == "TEXT"}
            given = {**texts, "tenant_id": f"'{TENANT}'", "contact_id": literal, "after_contact": literal}
            given |= {"run_id": mark, "text_source": "'generated'", "status": "'pending'"}
            columns, values = row(table, **given)
            connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({values})".encode())
        for status in ("todo", "failed", "succeeded", "cancelled"):
            connection.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status) VALUES ('x', 'any', %s, %s)",
                [f'{{"tenant_id": "{TENANT}", "contact_id": "{contact_id}"}}', status],
            )


def traces(stores: EmbeddedStores, database: str, *needles: str) -> set[str]:
    """Every table of the database that holds one of the texts anywhere."""
    with psycopg.connect(stores.superuser_url.rsplit("/", 1)[0] + f"/{database}") as connection:
        tables = connection.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace"
        ).fetchall()
        found = set()
        for (table,) in tables:
            count = connection.execute(
                f"SELECT count(*) FROM {table} t WHERE t::text LIKE ANY (%s)".encode(), [[f"%{n}%" for n in needles]]
            ).fetchone()
            if count and count[0]:
                found.add(table)
        return found


async def test_erasing_leaves_no_trace_of_the_contact_in_any_table(
    stores: EmbeddedStores, database_name: str, database: Database
) -> None:
    plant(stores, database_name, "ct_goes")
    plant(stores, database_name, "ct_stays")
    assert traces(stores, database_name, "ct_goes") >= OWNED | {"procrastinate_jobs", "maintenance_runs"}
    async with database.transaction(TENANT) as tx:
        counts = await contact_data.erase(tx, "ct_goes")
    assert counts == {**dict.fromkeys((entry.name for entry in TABLES), 1), "jobs": 4}
    assert traces(stores, database_name, "ct_goes", f"{MARK}-ct_goes") <= {"maintenance_runs"}
    async with database.transaction(TENANT) as tx:
        left = await tx.execute(text("SELECT after_contact FROM maintenance_runs ORDER BY run_id"))
        assert [value for (value,) in left] == [None, "ct_stays"]
    assert traces(stores, database_name, "ct_stays") >= OWNED | {"procrastinate_jobs", "maintenance_runs"}


@pytest.mark.parametrize("order", [lambda *both: both, lambda *both: both[::-1]], ids=["added first", "erased first"])
async def test_what_is_added_while_a_contact_is_erased_is_erased_or_refused(
    stores: EmbeddedStores, database_name: str, database: Database, order: Callable[..., Any]
) -> None:
    plant(stores, database_name, contact_id := f"ct_raced_{order(1, 2)[0]}")
    added = row("contact_sessions", tenant_id=f"'{TENANT}'", contact_id=f"'{contact_id}'", session_id="'late'")

    async def add() -> None:
        async with database.transaction(TENANT) as tx:
            await tx.execute(text(f"INSERT INTO contact_sessions ({added[0]}) VALUES ({added[1]})"))
            await asyncio.sleep(0.05)

    async def erase() -> None:
        async with database.transaction(TENANT) as tx:
            await contacts.get(tx, contact_id, lock=True)
            await contact_data.erase(tx, contact_id)
            await asyncio.sleep(0.05)

    ended = await asyncio.gather(*(work() for work in order(add, erase)), return_exceptions=True)
    assert {type(error) for error in ended} <= {type(None), ForeignKeyViolation}
    assert traces(stores, database_name, contact_id) <= {"maintenance_runs"}


async def test_forgetting_keeps_who_the_contact_is_and_what_it_agreed_to(
    stores: EmbeddedStores, database_name: str, database: Database
) -> None:
    plant(stores, database_name, "ct_forgets")
    async with database.transaction(TENANT) as tx:
        counts = await contact_data.forget(tx, "ct_forgets")
    assert counts["memories"] == counts["triggers"] == counts["outbox"] == counts["answers"] == 1
    assert "consents" not in counts
    # Of merges the ids that lead to the contact stay, without what was known of it.
    kept = {"contacts", "channel_consents", "contact_identities", "contact_merges", "outreach_triggers"}
    kept |= {"maintenance_runs"}
    assert traces(stores, database_name, "ct_forgets") == kept
    async with database.transaction(TENANT) as tx:
        trigger = (
            await tx.execute(
                text(
                    "SELECT status, failure, message, template, template_variables, llm_context"
                    " FROM outreach_triggers WHERE contact_id = 'ct_forgets'"
                )
            )
        ).one()
    assert tuple(trigger) == ("cancelled", "forgotten", None, None, None, None)


async def test_rows_are_read_in_batches_by_their_key(
    stores: EmbeddedStores, database_name: str, database: Database
) -> None:
    plant(stores, database_name, "ct_batches")
    async with database.transaction(TENANT) as tx:
        for name, entry in EXPORTED.items():
            assert entry.key is not None
            (found,) = await contact_data.records(tx, name, "ct_batches", limit=2)
            assert not set(found) & {"tenant_id", "contact_id"}
            key = found[entry.key.name]
            assert await contact_data.records(tx, name, "ct_batches", after=key, limit=2) == []
            assert await contact_data.holds(tx, name, "ct_batches", [key])
            assert not await contact_data.holds(tx, name, "ct_other", [key])
            assert not any(isinstance(v, datetime) and v.tzinfo is None for v in found.values())
