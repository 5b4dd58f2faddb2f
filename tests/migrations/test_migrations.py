"""The migrations give exactly the tables of the code, once, whoever runs them."""

import threading
import uuid
from typing import Any

import psycopg
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from server.embedded.stores import EmbeddedStores
from server.usecases.receipts import verify_receipts
from store.database import Database
from store.migrate import current, head, upgrade
from store.tables import metadata
from tests.planting import row


def engine_of(url: str):
    return create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))


def test_the_migrated_schema_is_that_of_the_tables(stores: EmbeddedStores, database_name: str) -> None:
    engine = engine_of(stores.owner_url(database_name))
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_name": lambda name, kind, _: kind != "table" or not str(name).startswith("procrastinate_"),
            },
        )
        differences = [d for d in compare_metadata(context, metadata) if "contacts_recent_idx" not in str(d)]
        assert differences == []
        assert current(connection) == head()
    engine.dispose()


def test_two_that_migrate_at_once_do_it_one_after_the_other(stores: EmbeddedStores) -> None:
    name = f"kith_{uuid.uuid4().hex[:12]}"
    stores.create_database(name)
    failures: list[BaseException] = []

    def migrate() -> None:
        try:
            upgrade(stores.owner_url(name))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    upgrade(stores.owner_url(name))
    stores.drop_database(name)


def test_who_wrote_before_there_was_a_note_of_it_is_as_last_seen_where_the_raw_turns_are_gone(
    stores: EmbeddedStores,
) -> None:
    name = f"kith_{uuid.uuid4().hex[:12]}"
    stores.create_database(name)
    upgrade(stores.owner_url(name), revision="0004")
    at = "'2026-01-02T00:00:00Z'"

    def insert(connection: Any, table: str, **given: str) -> None:
        there = connection.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table])
        later = {column.name for column in metadata.tables[table].columns} - {name for (name,) in there}
        names, values = row(table, but=later, tenant_id="'tnt_a'", **given)
        connection.execute(f"INSERT INTO {table} ({names}) VALUES ({values})".encode())

    with psycopg.connect(stores.superuser_url.rsplit("/", 1)[0] + f"/{name}") as connection:
        connection.execute("INSERT INTO tenants VALUES ('tnt_a', 'x', 'UTC', 'active', now())")
        # By contact: turns ever, and the texts of those still there.
        for contact, (turns, texts) in {
            "forgotten": (3, []), "partly": (3, [None]), "told": (3, ["Hello"]), "mute": (1, [None]), "new": (0, []),
        }.items():  # fmt: skip
            seen = "'2026-03-04T00:00:00Z'" if turns else "NULL"
            owner = {"contact_id": f"'{contact}'"}
            insert(connection, "contacts", **owner, external_id=f"'{contact}'", last_active_at=seen)
            if turns:
                insert(connection, "contact_days", **owner, turns=str(turns))
            for number, said in enumerate(texts):
                said = f"'{said}'" if said else "NULL"
                turn = {"interaction_id": f"'{number}'", "turn_id": "NULL", "user_message": said, "occurred_at": at}
                insert(connection, "interaction_logs", **owner, **turn)
    upgrade(stores.owner_url(name))
    with psycopg.connect(stores.superuser_url.rsplit("/", 1)[0] + f"/{name}") as connection:
        found = connection.execute("SELECT contact_id, last_wrote_at::date::text FROM contacts").fetchall()
    assert dict(found) == {
        "forgotten": "2026-03-04", "partly": "2026-03-04", "told": "2026-01-02", "mute": None, "new": None,
    }  # fmt: skip
    stores.drop_database(name)


async def test_receipts_from_before_the_chain_are_chained_tenant_by_tenant(stores: EmbeddedStores) -> None:
    name = f"kith_{uuid.uuid4().hex[:12]}"
    stores.create_database(name)
    upgrade(stores.owner_url(name), revision="0005")
    with psycopg.connect(stores.superuser_url.rsplit("/", 1)[0] + f"/{name}") as connection:
        for tenant in ("tnt_a", "tnt_b"):
            connection.execute("INSERT INTO tenants VALUES (%s, 'x', 'UTC', 'active', now())", [tenant])
            for number in range(3):
                connection.execute(
                    "INSERT INTO erasure_receipts (tenant_id, receipt_id, kind, contact_digest, counts, erased_at)"
                    " VALUES (%s, %s, 'contact', %s, '{\"memories\": 3, \"entities\": 0}', now())",
                    [tenant, f"era_{number}", b"\x00\xff"],
                )
    upgrade(stores.owner_url(name))
    database = Database(stores.app_url(name).replace("postgresql://", "postgresql+psycopg://", 1), pool_size=1)
    for tenant in ("tnt_a", "tnt_b"):
        found = await verify_receipts(database, tenant)
        assert (found.problem, found.receipts) == (None, 3)
    await database.close()
    stores.drop_database(name)
