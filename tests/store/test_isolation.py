"""Tenants cannot see each other, whatever a query forgets: the database itself holds them apart."""

import psycopg
import pytest
from sqlalchemy import text

from server.embedded.stores import EmbeddedStores
from store.database import Database
from store.errors import StoreError
from store.tables import WITHOUT_TENANT_POLICY, metadata
from tests.planting import row

ISOLATED = sorted(set(metadata.tables) - WITHOUT_TENANT_POLICY)


def test_every_table_but_the_listed_ones_has_forced_row_level_security(
    stores: EmbeddedStores, database_name: str
) -> None:
    with psycopg.connect(stores.owner_url(database_name)) as connection:
        rows = connection.execute(
            "SELECT relname, relrowsecurity AND relforcerowsecurity FROM pg_class"
            " WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
        ).fetchall()
    unprotected = {name for name, protected in rows if not protected and not name.startswith("procrastinate_")}
    assert unprotected == WITHOUT_TENANT_POLICY


def test_the_servers_role_owns_nothing_and_cannot_bypass_security(stores: EmbeddedStores, database_name: str) -> None:
    with psycopg.connect(stores.app_url(database_name)) as connection:
        owned = connection.execute("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole").fetchone()
        role = connection.execute(
            "SELECT rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert (owned, role) == ((0,), (False,))


@pytest.mark.parametrize("table", ISOLATED)
def test_the_key_of_every_table_and_index_starts_with_the_tenant(
    stores: EmbeddedStores, database_name: str, table: str
) -> None:
    with psycopg.connect(stores.owner_url(database_name)) as connection:
        firsts = connection.execute(
            "SELECT i.indexrelid::regclass::text, a.attname FROM pg_index i"
            " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
            " WHERE i.indrelid = %s::regclass",
            [table],
        ).fetchall()
    assert firsts
    assert {column for _, column in firsts} == {"tenant_id"}


@pytest.mark.parametrize("table", ISOLATED)
async def test_a_tenants_rows_are_invisible_to_another_on_the_same_pooled_connection(
    stores: EmbeddedStores, database_name: str, database: Database, table: str
) -> None:
    await _plant(stores, database_name, table)
    async with database.transaction("tnt_other") as tx:
        assert (await tx.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0
        if table not in ("audit_log", "erasure_receipts"):
            assert (await tx.execute(text(f"UPDATE {table} SET tenant_id = tenant_id"))).rowcount == 0
        assert (await tx.execute(text(f"DELETE FROM {table}"))).rowcount == 0
    async with database.transaction("tnt_planted") as tx:
        assert (await tx.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 1
    # The tenant does not stay behind on the connection: outside a transaction nothing is visible at all.
    async with database.engine.connect() as connection:
        assert (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0


@pytest.mark.parametrize("table", ISOLATED)
async def test_a_row_cannot_be_written_for_another_tenant(database: Database, table: str) -> None:
    columns, values = row(table, tenant_id="'tnt_victim'")
    with pytest.raises(StoreError):
        async with database.transaction("tnt_other") as tx:
            await tx.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"))


async def _plant(stores: EmbeddedStores, name: str, table: str) -> None:
    with psycopg.connect(stores.superuser_url.rsplit("/", 1)[0] + f"/{name}") as connection:
        columns, values = row(table, tenant_id="'tnt_planted'")
        connection.execute("SET session_replication_role = replica")
        connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING".encode())
