"""Placeholder of w5-crm's module, until it is merged."""

from datetime import datetime

from sqlalchemy import insert, select

from server import ids
from server.domain.contact import State
from server.domain.phone import Number
from server.usecases import records
from store import contacts
from store.database import Transaction
from store.tables.base import values
from store.tables.crm import IdentityRow, contact_identities


async def owner_of(tx: Transaction, kind: str, value: str, system: str = "") -> str | None:
    c = contact_identities.c
    return (
        await tx.execute(
            select(c.contact_id).where(
                c.tenant_id == tx.tenant_id, c.kind == kind, c.system == system, c.value == value
            )
        )
    ).scalar_one_or_none()


async def contact_of_number(
    tx: Transaction, number: Number, name: str | None, now: datetime, raw: str
) -> tuple[str, bool]:
    known = await owner_of(tx, "phone", number.value)
    if known is not None:
        return known, False
    contact_id = ids.new("ct", now)
    await contacts.add(
        tx,
        {
            "contact_id": contact_id,
            "external_id": number.value,
            "channel": "phone",
            "display_name": name,
            "language": "en",
            "created_at": now,
            "version": 1,
            **records.state_columns(State()),
        },
    )
    row = IdentityRow(
        tx.tenant_id, ids.new("idn", now), contact_id, "phone", "", number.value, raw, number.unreadable, now
    )
    await tx.execute(insert(contact_identities).values(values(row)))
    return contact_id, True
