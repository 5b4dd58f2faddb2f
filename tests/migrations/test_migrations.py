"""The migrations give exactly the tables of the code, once, whoever runs them."""

import threading
import uuid

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from server.embedded.stores import EmbeddedStores
from store.migrate import current, head, upgrade
from store.tables import metadata


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
