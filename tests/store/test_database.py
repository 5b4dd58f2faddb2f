"""Transactions belong to a tenant, are tried again on conflicts, and survive a restart of Postgres."""

import asyncio

import pytest
from sqlalchemy import text

from server.embedded.stores import EmbeddedStores
from store import deadline
from store.database import Database, Transaction
from store.errors import RetryableConflict, StatementTimeout, StoreUnavailable


async def test_work_that_lost_a_race_is_done_again(database: Database) -> None:
    attempts: list[int] = []

    async def work(tx: Transaction) -> str:
        attempts.append(1)
        if len(attempts) < 3:
            raise RetryableConflict("deadlock")
        return "done"

    assert (await database.run("tnt_a", work), len(attempts)) == ("done", 3)


async def test_what_waits_for_the_commit_happens_only_after_one(database: Database) -> None:
    happened: list[str] = []

    async def note() -> None:
        happened.append("after")

    async with database.transaction("tnt_a") as tx:
        tx.after_commit(note)
        assert happened == []
    with pytest.raises(RuntimeError):
        async with database.transaction("tnt_a") as tx:
            tx.after_commit(note)
            raise RuntimeError("no commit")
    assert happened == ["after"]


async def test_a_statement_ends_with_the_callers_deadline(database: Database) -> None:
    async def call() -> None:
        deadline.set_remaining(0.1)
        async with database.transaction("tnt_a") as tx:
            await tx.execute(text("SELECT pg_sleep(20)"))

    with pytest.raises(StatementTimeout):
        await asyncio.create_task(call())


async def test_a_malformed_tenant_never_reaches_the_database(database: Database) -> None:
    with pytest.raises(ValueError, match="tenant"):
        async with database.transaction("x'; DROP TABLE contacts; --"):
            pass


async def test_postgres_may_restart_and_nobody_needs_to(stores: EmbeddedStores, database_name: str) -> None:
    url = stores.app_url(database_name).replace("postgresql://", "postgresql+psycopg://", 1)
    database = Database(url, pool_size=2)
    async with database.transaction("tnt_a"):
        pass
    stores.stop_postgres()
    try:
        with pytest.raises(StoreUnavailable):
            async with database.transaction("tnt_a"):
                pass
    finally:
        stores.start_postgres()
    async with database.transaction("tnt_a") as tx:
        assert (await tx.execute(text("SELECT 1"))).scalar_one() == 1
    await database.close()
