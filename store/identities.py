"""Queries on identities of contacts."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert

from store.database import Transaction
from store.tables.base import values
from store.tables.crm import IdentityRow, contact_identities

_C: Final = contact_identities.c
_COLUMNS: Final = [_C[field.name] for field in fields(IdentityRow)]


async def add(tx: Transaction, row: IdentityRow) -> bool:
    """Stores an identity; False where it is somebody's already. Raises ForeignKeyViolation without a contact."""
    added = await tx.execute(
        upsert(contact_identities)
        .values(values(row))
        .on_conflict_do_nothing(index_elements=["tenant_id", "kind", "system", "value"])
        .returning(_C.identity_id)
    )
    return added.scalar_one_or_none() is not None


async def find(tx: Transaction, kind: str, value: str, system: str = "") -> IdentityRow | None:
    """The identity, whoever has it."""
    found = await tx.execute(
        select(*_COLUMNS).where(_C.tenant_id == tx.tenant_id, _C.kind == kind, _C.system == system, _C.value == value)
    )
    row = found.one_or_none()
    return None if row is None else _row(row)


async def get(tx: Transaction, contact_id: str, identity_id: str) -> IdentityRow | None:
    """One identity of a contact."""
    found = await tx.execute(
        select(*_COLUMNS).where(
            _C.tenant_id == tx.tenant_id, _C.contact_id == contact_id, _C.identity_id == identity_id
        )
    )
    row = found.one_or_none()
    return None if row is None else _row(row)


async def of_contacts(tx: Transaction, contact_ids: Sequence[str]) -> dict[str, list[IdentityRow]]:
    """The identities of contacts, the oldest first, by contact."""
    found = await tx.execute(
        select(*_COLUMNS)
        .where(_C.tenant_id == tx.tenant_id, _C.contact_id.in_(contact_ids))
        .order_by(_C.created_at, _C.identity_id)
    )
    by_contact: dict[str, list[IdentityRow]] = {contact_id: [] for contact_id in contact_ids}
    for row in found:
        identity = _row(row)
        by_contact[identity.contact_id].append(identity)
    return by_contact


async def remove(tx: Transaction, contact_id: str, identity_id: str) -> bool:
    """Removes an identity of a contact; False where there is none."""
    gone = await tx.execute(
        delete(contact_identities).where(
            _C.tenant_id == tx.tenant_id, _C.contact_id == contact_id, _C.identity_id == identity_id
        )
    )
    return gone.rowcount > 0


def _row(row: Any) -> IdentityRow:
    return IdentityRow(*row)
