"""The benchmark's contacts are put into their own tenant, once."""

import psycopg

from server.benching.seeding import Shape, seed
from server.embedded.stores import EmbeddedStores


def counted(url: str, tenant: str) -> tuple[int, int, int]:
    """Contacts, memories, and the fewest different contents that a contact has."""
    with psycopg.connect(url) as connection:
        connection.execute("SELECT set_config('app.tenant', %s, false)", (tenant,))
        contacts = connection.execute("SELECT count(*) FROM contacts").fetchone()
        memories = connection.execute("SELECT count(*) FROM memories").fetchone()
        contents = connection.execute(
            "SELECT min(n) FROM (SELECT count(DISTINCT content) AS n FROM memories GROUP BY contact_id) each"
        ).fetchone()
    assert contacts and memories and contents
    return contacts[0], memories[0], contents[0]


def test_contacts_are_seeded_once_and_only_into_the_benchmarks_tenant(
    stores: EmbeddedStores, database_name: str
) -> None:
    url = stores.app_url(database_name)
    done: list[int] = []
    assert seed(url, "bench", Shape(600, 50), done.append) == 600
    assert sum(done) == 600
    contacts, memories, contents = counted(url, "bench")
    assert (contacts, memories) == (600, 30_000)
    assert contents >= 45
    assert counted(url, "someone-else")[:2] == (0, 0)

    assert seed(url, "bench", Shape(600, 50), done.append) == 0
    assert seed(url, "bench", Shape(700, 50), done.append) == 100
    assert counted(url, "bench")[:2] == (700, 35_000)


def test_shapes_do_not_mix(stores: EmbeddedStores, database_name: str) -> None:
    url = stores.app_url(database_name)
    assert seed(url, "shapes", Shape(3, 5), print) == 3
    assert seed(url, "shapes", Shape(3, 50), print) == 3
    assert counted(url, "shapes")[:2] == (6, 165)
