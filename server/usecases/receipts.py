"""Receipts of erasures: listed, shown, and checked as the chain that they are."""

from dataclasses import dataclass

from server.domain.errors import NotFound
from server.usecases import paging
from server.usecases.contacts import MOST
from store import pagination, receipts
from store.database import Database
from store.receipts import Receipt


@dataclass(frozen=True, slots=True)
class ReceiptPage:
    """One page, newest first."""

    receipts: list[Receipt]
    total: int
    next_cursor: str | None


async def list_receipts(
    database: Database, tenant_id: str, *, contact_id: str | None, limit: int, cursor: str | None
) -> ReceiptPage:
    """A page of the tenant's receipts, or of one contact's. Raises InvalidInput for a cursor of another query."""
    limit = min(limit, MOST)
    bound = {"list": "erasures", "contact": contact_id}
    after = paging.position(bound, cursor, (int,))
    before = None if after is None else after[0]
    async with database.transaction(tenant_id) as tx:
        found, total = await receipts.page(tx, contact_id=contact_id, limit=limit + 1, before=before)
    shown = found[:limit]
    return ReceiptPage(shown, total, pagination.encode(bound, (shown[-1].position,)) if len(found) > limit else None)


async def get_receipt(database: Database, tenant_id: str, receipt_id: str) -> Receipt:
    """One receipt. Raises NotFound."""
    async with database.transaction(tenant_id) as tx:
        found = await receipts.get(tx, receipt_id)
    if found is None:
        raise NotFound(f"Receipt {receipt_id} does not exist for this tenant.")
    return found


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of the chain found. `head` is the hash of the last receipt that is right.

    `receipts` are right; `broken_at` is the one that is not, where one is there, and `problem` says what is wrong.
    """

    receipts: int
    head: bytes
    problem: str | None = None
    broken_at: str | None = None


async def verify_receipts(database: Database, tenant_id: str, known_head: bytes | None = None) -> Verification:
    """Checks the tenant's receipts from the first to the last.

    `known_head` is a head that was noted before and must still be in the chain: by the chain alone nobody can tell that
    its end was cut off.
    """
    seen, head = 0, receipts.FIRST
    met = known_head in (None, head)
    async with database.transaction(tenant_id, isolation="REPEATABLE READ") as tx:
        async for receipt in receipts.chain(tx):
            problem = receipts.flaw(receipt, seen + 1, head)
            if problem is not None:
                return Verification(seen, head, problem, receipt.receipt_id)
            seen, head = seen + 1, receipt.hash
            met = met or head == known_head
    return Verification(seen, head, None if met else "the known head is not in the chain: receipts are missing")
