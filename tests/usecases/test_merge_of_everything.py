"""A merge and its undoing over every table there is, also those yet to come: rows are planted by the schema."""

import itertools
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from server.composition import Composition
from server.embedded.stores import EmbeddedStores
from server.usecases.merges import merge_contacts
from server.usecases.unmerging import undo_merge
from store import moving
from store.contact_data import TABLES
from store.tables import metadata
from tests.planting import row

PAIRED = {entry.table.name for entry in TABLES if moving.MOVING[entry.name].manner == "combined"}
LEFT = {entry.table.name for entry in TABLES if moving.MOVING[entry.name].manner == "left"}
WORKED_OUT_ANEW = {
    "version", "touches", "warmth", "warmth_band", "warmth_changes_at", "warmth_band_until", "warmth_fell_at",
    "last_touch_at",
}  # fmt: skip


def plant(stores: EmbeddedStores, database: str, tenant: str, contact_id: str, shared: bool) -> None:
    """A contact with a row in every table; keys that two contacts can both have are the same if `shared`."""
    with psycopg.connect(stores.superuser_url.rsplit("/", 1)[0] + f"/{database}") as connection:
        connection.execute("SET session_replication_role = replica")
        for table in ["contacts", *(entry.table.name for entry in TABLES)]:
            mark = "'both'" if shared and table in PAIRED else f"'{contact_id}-x'"
            given = {c.name: mark for c in metadata.tables[table].c if str(c.type) == "TEXT"}
            if "day" in metadata.tables[table].c and not shared:
                given["day"] = f"DATE '2026-01-02' + {len(contact_id)}"
            given |= {"tenant_id": f"'{tenant}'", "contact_id": f"'{contact_id}'", "kind": "'note'"}
            given |= {"status": "'sent'", "language": "'en'", "time_zone": "'Europe/Berlin'", "touches": "'[]'"}
            given |= {"position": str(next(position)), "stage": "'new'", "trust": "'low'", "mood": "'neutral'"}
            if table == "contacts":
                given |= {"hours": "array_fill(0, ARRAY[24])"}
            if table == "interaction_logs":
                given |= {"turn_id": "'t1'"}
            columns, values = row(table, **given)
            connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({values})".encode())


position = itertools.count(1_000)


async def everything(parts: Composition, tenant: str, contact_id: str, merge_id: str = "") -> dict[str, list[Any]]:
    """All rows of the contact in every table."""
    found = {}
    async with parts.database.transaction(tenant) as tx:
        for table in sorted({entry.table.name for entry in TABLES} - LEFT | {"contacts"}):
            rows = await tx.execute(
                text(f"SELECT to_jsonb(t) FROM {table} t WHERE contact_id = :contact ORDER BY to_jsonb(t)::text"),
                {"contact": contact_id},
            )
            found[table] = [one for (one,) in rows if not merge_id or one.get("merge_id") != merge_id]
    return found


@pytest.mark.parametrize("shared", [True, False], ids=["rows of the same keys", "rows of keys of their own"])
async def test_a_merge_moves_every_table_and_undone_it_gives_all_of_it_back(
    stores: EmbeddedStores, database_name: str, parts: Composition, tenant: str, shared: bool
) -> None:
    kept, other = f"{tenant}_kept", f"{tenant}_other_one"
    for contact_id in (kept, other):
        plant(stores, database_name, tenant, contact_id, shared)
    before = {one: await everything(parts, tenant, one) for one in (kept, other)}
    merged = (await merge_contacts(parts.services, tenant, kept, other)).merge.merge_id
    together = await everything(parts, tenant, kept, merged)
    gone = await everything(parts, tenant, other)
    assert not any(gone.values())
    for table, rows in together.items():
        combined = shared and table in PAIRED
        assert len(rows) == (1 if combined or table == "contacts" else 2), table
    if shared:
        (day,) = together["contact_days"]
        assert day["turns"] == 2
    await undo_merge(parts.services, tenant, merged)
    for one in (kept, other):
        after = await everything(parts, tenant, one, merged)
        for table, rows in before[one].items():
            assert [worked_out(row) for row in after[table]] == [worked_out(row) for row in rows], table


def worked_out(one: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name not in WORKED_OUT_ANEW}
