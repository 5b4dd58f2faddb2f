"""Whose identity it is, and a contact for one that is nobody's."""

from datetime import datetime
from typing import Any

from server import ids
from server.domain.contact import State
from server.domain.identity import Identity, Kind
from server.domain.phone import Number
from server.usecases import records
from store import call_settings, contacts, identities, merges
from store.database import Transaction
from store.tables.crm import IdentityRow


async def owner_of(tx: Transaction, kind: Kind, value: str, system: str = "") -> str | None:
    """The contact that has the identity, in its one form (see `server.domain.identity`); None where nobody has."""
    found = await identities.find(tx, kind, value, system)
    return None if found is None else found.contact_id


async def owner_of_number(tx: Transaction, value: str) -> str | None:
    """The contact whose phone number it is, or else whose WhatsApp number."""
    return await owner_of(tx, "phone", value) or await owner_of(tx, "whatsapp", value)


async def region(tx: Transaction) -> str | None:
    """The country of the tenant's numbers that are written without a country code; None where it was not said."""
    return (await call_settings.get(tx)).default_region


async def give(tx: Transaction, contact_id: str, identity: Identity, now: datetime) -> IdentityRow | None:
    """Gives the contact an identity; None where another contact has it, whose it stays."""
    row = IdentityRow(
        tenant_id=tx.tenant_id,
        identity_id=ids.new("idn", now),
        contact_id=contact_id,
        kind=identity.kind,
        system=identity.system,
        value=identity.value,
        raw=identity.raw,
        unreadable=identity.unreadable,
        created_at=now,
    )
    if await identities.add(tx, row):
        return row
    known = await identities.find(tx, identity.kind, identity.value, identity.system)
    return known if known is not None and known.contact_id == contact_id else None


async def contact_of(tx: Transaction, identity: Identity, now: datetime, **columns: Any) -> tuple[str, bool]:
    """The contact that has the identity, else a new one that is known by it alone; and whether it is new.

    `columns` are those of a new contact's row. Two who ask at once get the same contact.
    """
    owner = await owner_of(tx, identity.kind, identity.value, identity.system)
    if owner is None:
        # The contact may have lost the identity and yet be the one that is known by it on its channel.
        owner = await merges.stayed_of(tx, identity.channel, identity.value)
    if owner is not None:
        return owner, False
    contact_id = ids.new("ct", now)
    added = await contacts.add(
        tx,
        {
            "contact_id": contact_id,
            "external_id": identity.value,
            "channel": identity.channel,
            "language": "en",
            "created_at": now,
            "version": 1,
            **records.state_columns(State()),
            **columns,
        },
    )
    if added is None:
        # Known by its channel before there were identities, or made by another at this moment.
        known = await contacts.by_external_id(tx, identity.channel, identity.value)
        if known is None:
            raise AssertionError("a contact that is there cannot be found")
        await give(tx, known.contact_id, identity, now)
        return known.contact_id, False
    if await give(tx, contact_id, identity, now) is not None:
        return contact_id, True
    # Another has it since we looked: ours was not needed.
    await contacts.discard(tx, contact_id)
    owner = await owner_of(tx, identity.kind, identity.value, identity.system)
    if owner is None:
        raise AssertionError("an identity that is somebody's has no owner")
    return owner, False


async def contact_of_number(
    tx: Transaction, number: Number, name: str | None, now: datetime, raw: str
) -> tuple[str, bool]:
    """The contact whose number it is, else a new one called `name`; and whether it is new."""
    owner = await owner_of_number(tx, number.value)
    if owner is not None:
        return owner, False
    return await contact_of(tx, Identity("phone", "", number.value, raw, number.unreadable), now, display_name=name)
