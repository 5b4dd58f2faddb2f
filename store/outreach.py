"""Queries on proactive messages."""

from collections.abc import Sequence

from sqlalchemy import and_, case, func, or_, select

from store.database import Transaction
from store.tables.contact import contacts
from store.tables.outreach import channel_consents, outreach_triggers

OPEN = ("pending", "held", "claimed")
"""The statuses of a trigger whose end is still to come."""


async def in_silence(tx: Transaction, contact_ids: Sequence[str]) -> dict[str, str]:
    """What was tried since each contact last wrote: `opted_out`, `sent`, `pending` or `none_sent`, by contact."""
    triggers, consents = outreach_triggers, channel_consents
    opted_out = or_(contacts.c.outreach_consent.is_(False), func.coalesce(consents.c.status, "unknown") == "opted_out")
    sent = func.count().filter(
        triggers.c.status == "sent",
        triggers.c.sent_at > func.coalesce(contacts.c.last_wrote_at, contacts.c.created_at),
    )
    pending = func.count().filter(triggers.c.status.in_(OPEN))
    rows = await tx.execute(
        select(
            contacts.c.contact_id,
            case((opted_out, "opted_out"), (sent > 0, "sent"), (pending > 0, "pending"), else_="none_sent"),
        )
        .select_from(contacts)
        .outerjoin(
            consents,
            and_(
                consents.c.tenant_id == contacts.c.tenant_id,
                consents.c.contact_id == contacts.c.contact_id,
                consents.c.channel == contacts.c.channel,
            ),
        )
        .outerjoin(
            triggers,
            and_(triggers.c.tenant_id == contacts.c.tenant_id, triggers.c.contact_id == contacts.c.contact_id),
        )
        .where(contacts.c.tenant_id == tx.tenant_id, contacts.c.contact_id.in_(contact_ids))
        .group_by(contacts.c.contact_id, contacts.c.outreach_consent, consents.c.status)
    )
    return {row[0]: row[1] for row in rows}
