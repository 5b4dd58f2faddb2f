"""Erasing a contact from every table, and the receipt that stays."""

import hashlib
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import exists, insert, select

from store.database import Transaction
from store.tables.operations import erasure_receipts

Kind = Literal["contact", "memories"]

_CONTACT: Final[Kind] = "contact"


def digest(tenant_id: str, contact_id: str) -> bytes:
    """SHA-256 over both ids: enough to know an erased id again, not to tell whose it was."""
    return hashlib.sha256(f"{tenant_id}\0{contact_id}".encode()).digest()


async def leave_receipt(
    tx: Transaction, receipt_id: str, kind: Kind, contact_id: str, counts: dict[str, int], at: datetime
) -> None:
    """Stores what was erased, in numbers. `kind` says whether the contact itself is gone."""
    await tx.execute(
        insert(erasure_receipts).values(
            tenant_id=tx.tenant_id,
            receipt_id=receipt_id,
            kind=kind,
            contact_digest=digest(tx.tenant_id, contact_id),
            counts=counts,
            erased_at=at,
        )
    )


async def was_erased(tx: Transaction, contact_id: str) -> bool:
    """Whether a contact of this id was erased."""
    return bool(
        (
            await tx.execute(
                select(
                    exists().where(
                        erasure_receipts.c.tenant_id == tx.tenant_id,
                        erasure_receipts.c.kind == _CONTACT,
                        erasure_receipts.c.contact_digest == digest(tx.tenant_id, contact_id),
                    )
                )
            )
        ).scalar_one()
    )
