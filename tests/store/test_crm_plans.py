"""Pages of contacts are read from the end of an index, whatever the order, and warmth is bounded in its own."""

import json
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import ClauseElement, Executable, Select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from server.embedded.stores import EmbeddedStores
from store import crm_pages
from store.crm_pages import Filter, Order
from store.database import Database
from tests.planting import row

TENANT = "tnt_crm_plans"
ALL = 20_000


@pytest.fixture(scope="module")
async def filled(stores: EmbeddedStores, database_name: str, database: Database) -> AsyncIterator[Database]:
    """Contacts with a name, a number and a warmth each; two in a thousand are hot."""
    contact = row(
        "contacts", tenant_id=f"'{TENANT}'", contact_id="'ct_' || n", external_id="n::text", channel="'phone'",
        display_name="md5(n::text)", created_at="now() - n * interval '1 minute'",
        warmth="CASE WHEN n % 500 = 0 THEN 80 ELSE (n % 300) / 10.0 END", touches="'[]'",
    )  # fmt: skip
    number = row(
        "contact_identities", tenant_id=f"'{TENANT}'", contact_id="'ct_' || n", identity_id="'idn_' || n",
        kind="'phone'", system="''", value="'+4930' || lpad(n::text, 8, '0')",
    )  # fmt: skip
    with psycopg.connect(stores.superuser_url.rsplit("/", 1)[0] + f"/{database_name}", autocommit=True) as owner:
        for table, (columns, values) in (("contacts", contact), ("contact_identities", number)):
            every = f"SELECT {values} FROM generate_series(1, {ALL}) AS n"
            owner.execute(f"INSERT INTO {table} ({columns}) {every}".encode())
            owner.execute(f"VACUUM ANALYZE {table}".encode())
    yield database


class Explained(Executable, ClauseElement):
    """A query's plan, made with its parameters as they are bound when it runs."""

    inherit_cache = False

    def __init__(self, query: Select[Any]) -> None:
        self.query = query


@compiles(Explained)
def _explained(element: Explained, compiler: SQLCompiler, **kw: Any) -> str:
    return f"EXPLAIN (ANALYZE, FORMAT JSON) {compiler.process(element.query, **kw)}"


async def rows_read(database: Database, wanted: Filter, sort: str) -> list[int]:
    """How many contacts the plans of the first and the second page took, those that they threw away included."""
    order, taken = Order.of(sort), []
    async with database.transaction(TENANT) as tx:
        _, last = await crm_pages.page(tx, wanted, order, limit=20, after=None)
        for after in (None, last):
            query = crm_pages.statement(tx, wanted, order, limit=20, after=after)
            plan = (await tx.execute(Explained(query))).all()[0][0]
            taken.append(_taken((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]))
    return taken


def _taken(node: dict[str, object]) -> int:
    inner = node.get("Plans", [])
    assert isinstance(inner, list)
    if node.get("Relation Name") == "contacts":
        removed = sum(int(str(node.get(f"Rows Removed by {what}", 0))) for what in ("Filter", "Index Recheck"))
        return int(float(str(node["Actual Rows"]))) + removed
    return sum(map(_taken, inner))


@pytest.mark.parametrize("sort", [f"{field}:{way}" for field in crm_pages.KINDS for way in ("asc", "desc")])
async def test_a_page_takes_no_more_contacts_than_it_shows(filled: Database, sort: str) -> None:
    first, second = await rows_read(filled, Filter(), sort)
    assert first <= 21
    # No place among names is looked up, see `store.crm_pages`: those before it are passed over.
    assert second <= (41 if sort.startswith("name") else 22)


@pytest.mark.parametrize("way", ["asc", "desc"])
async def test_warmth_is_bounded_in_its_index(filled: Database, way: str) -> None:
    assert max(await rows_read(filled, Filter(warmth_min=60), f"warmth:{way}")) <= 22
    assert max(await rows_read(filled, Filter(warmth_min=10, warmth_below=20), f"warmth:{way}")) <= 22


@pytest.mark.parametrize("sort", ["created_at:desc", "name:asc"])
async def test_those_of_a_rare_warmth_are_found_without_all_others(filled: Database, sort: str) -> None:
    assert max(await rows_read(filled, Filter(warmth_min=60), sort)) <= ALL / 500 + 1
