"""Queries on how a tenant reaches out: its configuration and its channels."""

from dataclasses import fields
from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from store.database import Transaction
from store.tables.base import values
from store.tables.outreach import ChannelRow, OutreachConfigRow, outreach_channels, outreach_configs

_CONFIG: Final = [outreach_configs.c[field.name] for field in fields(OutreachConfigRow)]
_CHANNEL: Final = [outreach_channels.c[field.name] for field in fields(ChannelRow)]


async def config(tx: Transaction) -> OutreachConfigRow | None:
    """What the tenant chose; None where it chose nothing yet."""
    row = (await tx.execute(select(*_CONFIG).where(outreach_configs.c.tenant_id == tx.tenant_id))).one_or_none()
    return None if row is None else OutreachConfigRow(*row)


async def put_config(tx: Transaction, row: OutreachConfigRow) -> None:
    """Stores the whole configuration."""
    given = values(row)
    changed = {name: value for name, value in given.items() if name != "tenant_id"}
    await tx.execute(
        upsert(outreach_configs).values(given).on_conflict_do_update(index_elements=["tenant_id"], set_=changed)
    )


async def recurred(tx: Transaction, until: datetime) -> None:
    """Notes up to when recurring messages were made; never goes back."""
    await tx.execute(
        update(outreach_configs)
        .where(outreach_configs.c.tenant_id == tx.tenant_id, outreach_configs.c.recurring_until < until)
        .values(recurring_until=until)
    )


async def channels(tx: Transaction) -> list[ChannelRow]:
    """The channels that are set up, by name."""
    query = select(*_CHANNEL).where(outreach_channels.c.tenant_id == tx.tenant_id).order_by(outreach_channels.c.channel)
    return [ChannelRow(*row) for row in await tx.execute(query)]


async def channel(tx: Transaction, name: str, *, lock: bool = False) -> ChannelRow | None:
    """One channel; with `lock`, nobody else changes it until this transaction ends."""
    query = select(*_CHANNEL).where(outreach_channels.c.tenant_id == tx.tenant_id, outreach_channels.c.channel == name)
    row = (await tx.execute(query.with_for_update() if lock else query)).one_or_none()
    return None if row is None else ChannelRow(*row)


async def put_channel(tx: Transaction, row: ChannelRow) -> None:
    """Stores a channel, in the place of what it was before."""
    given = values(row)
    changed = {name: value for name, value in given.items() if name not in ("tenant_id", "channel")}
    await tx.execute(
        upsert(outreach_channels)
        .values(given)
        .on_conflict_do_update(index_elements=["tenant_id", "channel"], set_=changed)
    )
