"""Queries on what contacts agreed to, by channel."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert

from store.database import Transaction
from store.tables.outreach import ConsentRow, channel_consents

_COLUMNS: Final = [channel_consents.c[field.name] for field in fields(ConsentRow)]
_KEY: Final = ["tenant_id", "contact_id", "channel"]


async def of_contact(tx: Transaction, contact_id: str) -> list[ConsentRow]:
    """What a contact said, by channel in the order of their names."""
    return (await of_contacts(tx, [contact_id])).get(contact_id, [])


async def of_contacts(tx: Transaction, contact_ids: Sequence[str]) -> dict[str, list[ConsentRow]]:
    """What contacts said, by contact, in the order of the channels' names."""
    found: dict[str, list[ConsentRow]] = {}
    query = (
        select(*_COLUMNS)
        .where(channel_consents.c.tenant_id == tx.tenant_id, channel_consents.c.contact_id.in_(contact_ids))
        .order_by(channel_consents.c.channel)
    )
    for row in await tx.execute(query):
        found.setdefault(row.contact_id, []).append(ConsentRow(*row))
    return found


async def put(tx: Transaction, contact_id: str, channel: str, status: str, source: str, at: datetime) -> bool:
    """Records what a contact said at an instant; False, and nothing changed, where it has said something since."""
    given = {"status": status, "source": source, "at": at}
    written = await tx.execute(
        upsert(channel_consents)
        .values(tenant_id=tx.tenant_id, contact_id=contact_id, channel=channel, **given)
        .on_conflict_do_update(index_elements=_KEY, set_=given, where=channel_consents.c.at <= at)
        .returning(channel_consents.c.channel)
    )
    return written.one_or_none() is not None
