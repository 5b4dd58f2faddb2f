"""Lists and timelines are read from the end of an index: nothing is scanned whole, nothing is sorted whole."""

from collections.abc import AsyncIterator

import psycopg
import pytest
from sqlalchemy import text

from server.embedded.stores import EmbeddedStores
from store import interaction_pages, timeline
from store.database import Database, Transaction
from store.interaction_pages import Filter, Order
from store.tables.interaction import KINDS
from store.timeline import SOURCES
from tests.planting import row

TENANT, HUB = "tnt_plans", "ct_0"
SORTS = [f"{field}:{order}" for field in ("created_at", "occurred_at", "updated_at") for order in ("asc", "desc")]

_FILL = """
    INSERT INTO interactions
    SELECT $1, 'int_' || lpad(n::text, 6, '0'), 'ct_' || CASE WHEN n % 2 = 0 THEN 0 ELSE n % 100 END,
      CASE WHEN n <= 3 THEN 'meeting' WHEN n % 9 = 0 THEN 'note' ELSE 'email' END, NULL, '{}', 'api', NULL, NULL, 0,
      at, at, at
    FROM generate_series(1, 20000) AS n, LATERAL (SELECT now() - n * interval '1 minute' AS at) t
"""


@pytest.fixture(scope="module")
async def filled(stores: EmbeddedStores, database_name: str, database: Database) -> AsyncIterator[Database]:
    """Twenty thousand touchpoints, half of them one contact's, three of them of a rare kind."""
    with psycopg.connect(stores.superuser_url.rsplit("/", 1)[0] + f"/{database_name}", autocommit=True) as owner:
        for number in range(100):
            columns, values = row(
                "contacts", tenant_id=f"'{TENANT}'", contact_id=f"'ct_{number}'", external_id=f"'{number}'"
            )
            owner.execute(f"INSERT INTO contacts ({columns}) VALUES ({values})".encode())
        owner.execute(_FILL.replace("$1", f"'{TENANT}'").encode())
        owner.execute("VACUUM ANALYZE interactions")
    yield database


async def rows_read(tx: Transaction, statement: str, **parameters: object) -> int:
    """How many rows the nodes of the plan took from tables and indexes, those that they threw away included."""
    given = {"tenant": TENANT, "contact": HUB, "start": None, "end": None, "before": None, "at": None, "id": None}
    found = await tx.execute(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"), given | parameters)
    return _taken(found.scalar_one()[0]["Plan"])


def _taken(node: dict[str, object]) -> int:
    inner = node.get("Plans", [])
    assert isinstance(inner, list)
    if not inner:
        removed = sum(int(str(node.get(f"Rows Removed by {what}", 0))) for what in ("Filter", "Index Recheck"))
        return (int(float(str(node["Actual Rows"]))) + removed) * int(str(node["Actual Loops"]))
    return sum(map(_taken, inner))


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize(
    "wanted",
    [Filter(), Filter(HUB), Filter("ct_7"), Filter(None, "meeting"), Filter(HUB, "meeting"), Filter(None, "call")],
)
async def test_a_page_reads_no_more_rows_than_it_shows_of_each_kind(
    filled: Database, sort: str, wanted: Filter
) -> None:
    conditions = interaction_pages._conditions(wanted)
    query = interaction_pages._page(conditions, wanted.kinds, (), Order.of(sort), None, 21)
    async with filled.transaction(TENANT) as tx:
        # A page of keys from each kind, and the touchpoints and contacts of one page.
        assert await rows_read(tx, query.text) <= 21 * (len(KINDS) + 2)


async def test_a_timeline_reads_no_more_rows_than_it_shows_of_each_surface(filled: Database) -> None:
    query = timeline._query(SOURCES, False, None, 21)
    async with filled.transaction(TENANT) as tx:
        assert await rows_read(tx, query.text) <= 21 * len(SOURCES)
