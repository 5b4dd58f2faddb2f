"""Where the id of a contact leads that went into another: asked only where a contact was not found."""

from collections.abc import Iterable

from store import merges
from store.database import Database, Transaction


async def stayed(database: Database, tenant_id: str, contact_id: str) -> str | None:
    """The contact into which this one was merged; None where it was not."""
    async with database.transaction(tenant_id) as tx:
        return await merges.leads_to(tx, contact_id)


async def leads(tx: Transaction, missing: Iterable[str]) -> dict[str, str]:
    """Of ids that are no contact's, those that lead to one, and to which.

    For requests about several contacts, of which each stands or falls by itself; others are led by their interceptor.
    """
    found = {contact_id: await merges.leads_to(tx, contact_id) for contact_id in sorted(set(missing))}
    return {contact_id: stayed for contact_id, stayed in found.items() if stayed is not None}
