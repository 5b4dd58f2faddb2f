"""The one embedded stack of a test run, and databases copied from a migrated template."""

import uuid
from collections.abc import AsyncIterator, Iterator

import pytest

from server.embedded.stores import EmbeddedStores
from store.database import Database
from store.migrate import upgrade

TEMPLATE = "kith_template"


@pytest.fixture(scope="session")
def stores() -> Iterator[EmbeddedStores]:
    """Real Postgres and Redis, started once for the whole run, with one migrated template database."""
    with EmbeddedStores.temporary(fast=True) as running:
        running.create_database(TEMPLATE)
        upgrade(running.owner_url(TEMPLATE))
        yield running


@pytest.fixture(scope="module")
def database_name(stores: EmbeddedStores) -> Iterator[str]:
    """A database of this test module alone, copied from the template."""
    name = f"kith_{uuid.uuid4().hex[:12]}"
    stores.create_database(name, template=TEMPLATE)
    yield name
    stores.drop_database(name)


@pytest.fixture(scope="module")
async def database(stores: EmbeddedStores, database_name: str) -> AsyncIterator[Database]:
    """The way to this module's database, as the server's own role."""
    url = stores.app_url(database_name).replace("postgresql://", "postgresql+psycopg://", 1)
    opened = Database(url, pool_size=4)
    yield opened
    await opened.close()
