"""Receipts of erasures, chained by hashes, so that none can be changed or taken out unseen.

A tenant's receipts form one chain. Each carries the hash of the one before it and its own, over that hash and all that
it says. Whoever noted the newest hash outside of Kith can tell later whether the chain up to it still stands.
"""

import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

import orjson
from sqlalchemy import exists, func, insert, select, text

from store.database import Transaction
from store.tables.operations import erasure_receipts

Kind = Literal["contact", "memories"]

FIRST: Final = bytes(32)
"""What the first receipt of a tenant has for the hash before it."""

_CONTACT: Final[Kind] = "contact"
_BATCH: Final = 1_000
_columns: Final = erasure_receipts.c
_ORDER: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was erased, in numbers. `position` counts from 1 within the tenant; hashes and digest are SHA-256."""

    receipt_id: str
    kind: str
    contact_digest: bytes
    counts: Mapping[str, int]
    erased_at: datetime
    position: int
    previous_hash: bytes
    hash: bytes


_RECEIPT: Final = (
    _columns.receipt_id, _columns.kind, _columns.contact_digest, _columns.counts, _columns.erased_at,
    _columns.position, _columns.previous_hash, _columns.hash,
)  # fmt: skip


def digest(tenant_id: str, contact_id: str) -> bytes:
    """SHA-256 over both ids: enough to know an erased id again, not to tell whose it was."""
    return hashlib.sha256(f"{tenant_id}\0{contact_id}".encode()).digest()


def hash_of(
    previous_hash: bytes, receipt_id: str, kind: str, contact_digest: bytes, counts: Mapping[str, int], at: datetime
) -> bytes:
    """SHA-256 over a JSON array of all that a receipt says: hashes in hex, counts by name, the instant in UTC."""
    instant = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    said = [previous_hash.hex(), receipt_id, kind, contact_digest.hex(), dict(counts), instant]
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).digest()


def flaw(receipt: Receipt, position: int, previous_hash: bytes) -> str | None:
    """What is wrong with a receipt that should stand at `position` behind `previous_hash`; None where nothing is."""
    if receipt.position != position:
        return f"receipt {position} is missing"
    if receipt.previous_hash != previous_hash:
        return "it does not follow the receipt before it"
    if receipt.hash != hash_of(
        previous_hash, receipt.receipt_id, receipt.kind, receipt.contact_digest, receipt.counts, receipt.erased_at
    ):
        return "it was changed after it was written"
    return None


async def leave(
    tx: Transaction, receipt_id: str, kind: Kind, contact_id: str, counts: Mapping[str, int], at: datetime
) -> None:
    """Stores what was erased at the end of the tenant's chain. `kind` says whether the contact itself is gone.

    Receipts of one tenant wait here for each other until their transactions end, so leave them last.
    """
    await tx.execute(_ORDER, {"name": f"kith erasure receipts {tx.tenant_id}"})
    last = (
        await tx.execute(
            select(_columns.position, _columns.hash)
            .where(_columns.tenant_id == tx.tenant_id)
            .order_by(_columns.position.desc())
            .limit(1)
        )
    ).one_or_none()
    position, previous = (last[0] + 1, last[1]) if last is not None else (1, FIRST)
    contact_digest = digest(tx.tenant_id, contact_id)
    await tx.execute(
        insert(erasure_receipts).values(
            tenant_id=tx.tenant_id,
            receipt_id=receipt_id,
            kind=kind,
            contact_digest=contact_digest,
            counts=dict(counts),
            erased_at=at,
            position=position,
            previous_hash=previous,
            hash=hash_of(previous, receipt_id, kind, contact_digest, counts, at),
        )
    )


async def was_erased(tx: Transaction, contact_id: str) -> bool:
    """Whether a contact of this id was erased."""
    return bool(
        (
            await tx.execute(
                select(
                    exists().where(
                        _columns.tenant_id == tx.tenant_id,
                        _columns.kind == _CONTACT,
                        _columns.contact_digest == digest(tx.tenant_id, contact_id),
                    )
                )
            )
        ).scalar_one()
    )


async def get(tx: Transaction, receipt_id: str) -> Receipt | None:
    """One receipt."""
    row = (
        await tx.execute(select(*_RECEIPT).where(_columns.tenant_id == tx.tenant_id, _columns.receipt_id == receipt_id))
    ).one_or_none()
    return None if row is None else Receipt(*row)


async def page(tx: Transaction, *, contact_id: str | None, limit: int, before: int | None) -> tuple[list[Receipt], int]:
    """Receipts, newest first, and how many there are in all; `before` is the position where the last page ended."""
    where = [_columns.tenant_id == tx.tenant_id]
    if contact_id is not None:
        where.append(_columns.contact_digest == digest(tx.tenant_id, contact_id))
    total = (await tx.execute(select(func.count()).select_from(erasure_receipts).where(*where))).scalar_one()
    if before is not None:
        where.append(_columns.position < before)
    rows = await tx.execute(select(*_RECEIPT).where(*where).order_by(_columns.position.desc()).limit(limit))
    return [Receipt(*row) for row in rows], total


async def chain(tx: Transaction) -> AsyncIterator[Receipt]:
    """Every receipt of the tenant from the first on, read in batches."""
    after = 0
    while True:
        rows = await tx.execute(
            select(*_RECEIPT)
            .where(_columns.tenant_id == tx.tenant_id, _columns.position > after)
            .order_by(_columns.position)
            .limit(_BATCH)
        )
        found = [Receipt(*row) for row in rows]
        for receipt in found:
            yield receipt
        if len(found) < _BATCH:
            return
        after = found[-1].position
