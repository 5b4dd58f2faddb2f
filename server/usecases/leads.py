"""Where the id of a contact leads that went into another: asked only where a contact was not found."""

from collections.abc import Sequence

from store import contacts, merges
from store.database import Database, Transaction


async def stayed(database: Database, tenant_id: str, contact_id: str) -> str | None:
    """The contact into which this one was merged; None where it was not."""
    async with database.transaction(tenant_id) as tx:
        return await merges.leads_to(tx, contact_id)


async def present(tx: Transaction, contact_ids: Sequence[str]) -> dict[str, str]:
    """For each id of a contact, or of one that went into another, the contact that it leads to.

    Unknown ids are left out. For requests about several contacts, of which each stands or falls by itself.
    """
    found = {contact_id: contact_id for contact_id in await contacts.by_ids(tx, contact_ids)}
    for contact_id in dict.fromkeys(contact_ids):
        if contact_id not in found and (lead := await merges.leads_to(tx, contact_id)) is not None:
            found[contact_id] = lead
    return found
