"""Receipts are a chain: what is changed, taken out or cut off is found, also when many are written at once."""

import asyncio
from datetime import UTC, datetime

import psycopg
import pytest

from server.embedded.stores import EmbeddedStores
from server.usecases.receipts import verify_receipts
from store import receipts
from store.database import Database

AT = datetime(2026, 3, 4, 5, 6, 7, 89, UTC)


async def leave(database: Database, tenant: str, number: int) -> None:
    async def work(tx):
        await receipts.leave(tx, f"era_{number:03}", "contact", f"ct_{number}", {"memories": number, "days": 2}, AT)

    await database.run(tenant, work)


async def test_receipts_left_at_once_make_one_unbroken_chain(database: Database) -> None:
    await asyncio.gather(*(leave(database, "tnt_chain", number) for number in range(20)))
    found = await verify_receipts(database, "tnt_chain")
    assert (found.problem, found.receipts) == (None, 20)
    earlier = found.head
    await leave(database, "tnt_chain", 20)
    later = await verify_receipts(database, "tnt_chain", earlier)
    assert (later.problem, later.receipts, later.head != earlier) == (None, 21, True)
    missing = await verify_receipts(database, "tnt_chain", bytes(31) + b"\x01")
    assert missing.problem is not None and missing.broken_at is None


async def test_each_tenant_has_a_chain_of_its_own(database: Database) -> None:
    await leave(database, "tnt_first", 1)
    await leave(database, "tnt_second", 1)
    for tenant in ("tnt_first", "tnt_second"):
        found = await verify_receipts(database, tenant)
        assert (found.problem, found.receipts) == (None, 1)
    assert await verify_receipts(database, "tnt_none") == await verify_receipts(database, "tnt_none", receipts.FIRST)


@pytest.mark.parametrize(
    ("tampering", "broken_at", "before"),
    [
        ("UPDATE erasure_receipts SET counts = '{{\"memories\": 9}}' WHERE {}", "era_002", 2),
        ("UPDATE erasure_receipts SET erased_at = erased_at - interval '1 s' WHERE {}", "era_002", 2),
        ("UPDATE erasure_receipts SET kind = 'memories' WHERE {}", "era_002", 2),
        ("UPDATE erasure_receipts SET contact_digest = 'x' WHERE {}", "era_002", 2),
        ("UPDATE erasure_receipts SET receipt_id = 'era_9' WHERE {}", "era_9", 2),
        ("DELETE FROM erasure_receipts WHERE {}", "era_003", 2),
    ],
)
async def test_whoever_gets_past_the_database_is_still_found_out(
    stores: EmbeddedStores, database_name: str, database: Database, tampering: str, broken_at: str, before: int
) -> None:
    tenant = f"tnt_{abs(hash(tampering))}"
    for number in range(5):
        await leave(database, tenant, number)
    where = f"tenant_id = '{tenant}' AND receipt_id = 'era_002'"
    with psycopg.connect(stores.superuser_url.rsplit("/", 1)[0] + f"/{database_name}") as connection:
        connection.execute(tampering.format(where).encode())
    found = await verify_receipts(database, tenant)
    assert (found.broken_at, found.receipts, bool(found.problem)) == (broken_at, before, True)


def test_the_hash_covers_everything_that_a_receipt_says_and_no_order_of_counts() -> None:
    said = (receipts.FIRST, "era_1", "contact", b"d", {"a": 1, "b": 2}, AT)
    known = receipts.hash_of(*said)
    assert known == receipts.hash_of(*said[:4], {"b": 2, "a": 1}, AT)
    other = (b"\x01" * 32, "era_2", "memories", b"e", {"a": 1, "b": 3}, AT.replace(microsecond=90))
    for i, value in enumerate(other):
        assert receipts.hash_of(*said[:i], value, *said[i + 1 :]) != known
