"""The way to Postgres: one engine, and transactions that belong to a tenant.

A transaction sets `app.tenant` for row-level security and the time a statement may run, both with SET LOCAL, so that
nothing of it stays behind on the pooled connection. SET LOCAL and not set_config(): only the statement is passed on to
the nodes of a distributed Postgres.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Literal, TypeVar

import psycopg
from sqlalchemy import CursorResult, Executable
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from store import deadline
from store.errors import RetryableConflict, StoreError, StoreUnavailable, translate
from store.identifiers import well_formed

T = TypeVar("T")
_ATTEMPTS: Final = 4
_CONNECT: Final = {
    "connect_timeout": 3,
    "application_name": "kith",
    # Statements look rows up by their key: a plan made for the values of one call would be no better, only later.
    "options": "-c timezone=UTC -c plan_cache_mode=force_generic_plan",
    "prepare_threshold": 1,
}


Isolation = Literal["READ COMMITTED", "REPEATABLE READ"]


def _checked(tenant_id: str) -> str:
    """A tenant id has no character that would need quoting in a statement. Raises ValueError."""
    if not well_formed(tenant_id):
        raise ValueError("malformed tenant id")
    return tenant_id


class Transaction:
    """One transaction of one tenant. Queries in `store/` take it; only use cases open it."""

    def __init__(self, tenant_id: str, connection: AsyncConnection, driver: "psycopg.AsyncConnection[Any]") -> None:
        self.tenant_id = tenant_id
        self.driver = driver
        self._connection = connection
        self._after_commit: list[Callable[[], Awaitable[None]]] = []

    async def execute(
        self, statement: Executable, parameters: Sequence[dict[str, Any]] | dict[str, Any] | None = None
    ) -> "CursorResult[*tuple[Any, ...]]":
        """Runs a statement. Raises StoreError."""
        return await self._connection.execute(statement, parameters)

    @asynccontextmanager
    async def seen_as(self, tenant_id: str) -> AsyncIterator["Transaction"]:
        """The same transaction as another tenant's: for what must stand or fall with it there."""
        await self.driver.execute(f"SET LOCAL app.tenant = '{_checked(tenant_id)}'", prepare=False)
        try:
            yield Transaction(tenant_id, self._connection, self.driver)
        finally:
            if self.driver.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS:
                await self.driver.execute(f"SET LOCAL app.tenant = '{self.tenant_id}'", prepare=False)

    def after_commit(self, action: Callable[[], Awaitable[None]]) -> None:
        """Has `action` awaited after the commit, and never if there is none."""
        self._after_commit.append(action)

    async def committed(self) -> None:
        """Runs what waits for the commit, in order."""
        for action in self._after_commit:
            await action()


class Database:
    """The engine of one process. Close it with `close`."""

    def __init__(self, url: str, *, pool_size: int = 8, statement_timeout_ms: int = 10_000) -> None:
        """`url` in SQLAlchemy's form; at most `pool_size` connections are opened, and they are kept."""
        self._statement_timeout_ms = statement_timeout_ms
        self._engine: AsyncEngine = create_async_engine(
            url,
            # A connection over the pool's size would be closed after its use, and a new one costs more than a turn.
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=5,
            pool_recycle=1800,
            # BEGIN is sent with the first settings, see `_begin`, and not by the driver in a round trip of its own.
            isolation_level="AUTOCOMMIT",
            connect_args=_CONNECT,
        )

    @property
    def engine(self) -> AsyncEngine:
        """The engine, for instrumentation."""
        return self._engine

    @asynccontextmanager
    async def transaction(
        self, tenant_id: str, *, isolation: Isolation = "READ COMMITTED"
    ) -> AsyncIterator[Transaction]:
        """A transaction that sees and writes the rows of `tenant_id` alone; commits at the end.

        With REPEATABLE READ all its statements see the same state.

        Raises StoreError, translated from the driver's; StoreUnavailable where there is no connection.
        """
        _checked(tenant_id)
        try:
            connection, driver = await self._begin(tenant_id, isolation)
            try:
                tx = Transaction(tenant_id, connection, driver)
                yield tx
                await connection.commit()
            finally:
                await connection.close()
        except StoreError:
            raise
        except Exception as error:
            translated = translate(error)
            if translated is None:
                raise
            raise translated from error
        await tx.committed()

    async def _begin(
        self, tenant_id: str, isolation: Isolation
    ) -> "tuple[AsyncConnection, psycopg.AsyncConnection[Any]]":
        """A connection with the transaction begun; a pooled one that the server closed meanwhile is replaced once."""
        timeout = deadline.remaining_ms(self._statement_timeout_ms)
        prologue = (
            f"BEGIN ISOLATION LEVEL {isolation};"
            f" SET LOCAL app.tenant = '{tenant_id}'; SET LOCAL statement_timeout = {timeout}"
        )
        for fresh in (False, True):
            connection = await self._engine.connect()
            try:
                driver = await _driver(connection)
                await driver.execute(prologue, prepare=False)
                await connection.begin()
            except BaseException as error:
                await connection.invalidate()
                await connection.close()
                if isinstance(error, psycopg.OperationalError) and not fresh:
                    await self._engine.dispose()
                    continue
                raise
            return connection, driver
        raise AssertionError("unreachable")

    async def run(self, tenant_id: str, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """`work` in a transaction, done again a few times if another transaction got in its way."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with self.transaction(tenant_id) as tx:
                    return await work(tx)
            except RetryableConflict:
                if attempt == _ATTEMPTS:
                    raise
                await asyncio.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 (jitter, not a secret)
        raise AssertionError("unreachable")

    async def close(self) -> None:
        """Closes every connection."""
        await self._engine.dispose()


async def _driver(connection: AsyncConnection) -> "psycopg.AsyncConnection[Any]":
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    if not isinstance(driver, psycopg.AsyncConnection):
        raise StoreUnavailable("no driver connection")
    return driver
