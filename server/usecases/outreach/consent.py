"""What contacts agreed to: shown, recorded, and heeded at once."""

from dataclasses import dataclass, replace
from datetime import datetime

from server.domain.errors import NotFound
from server.domain.outreach.words import ChannelStatus
from server.usecases import audit
from server.usecases.services import Services
from store import consents, contacts, triggers
from store.database import Transaction
from store.tables.contact import ContactRow
from store.tables.outreach import ConsentRow

OPTED_OUT = "opted_out"
NO_CONSENT = "no_consent"


@dataclass(frozen=True, slots=True)
class Consents:
    """The general consent, None where nobody asked, and what was said of channels."""

    outreach_consent: bool | None
    channels: list[ConsentRow]


async def get_consent(services: Services, tenant_id: str, contact_id: str) -> Consents:
    """What a contact agreed to. Raises NotFound."""
    async with services.database.transaction(tenant_id) as tx:
        row = await contacts.get(tx, contact_id)
        if row is None:
            raise NotFound.contact(contact_id)
        return Consents(row.outreach_consent, await consents.of_contact(tx, contact_id))


async def set_consent(
    services: Services, tenant_id: str, contact_id: str, channel: str, status: ChannelStatus
) -> ConsentRow:
    """Records what a contact said of a channel; an opt-out cancels what is open there. Raises NotFound."""
    now = services.clock()

    async def work(tx: Transaction) -> ConsentRow:
        contact = await contacts.get(tx, contact_id, lock=True)
        if contact is None:
            raise NotFound.contact(contact_id)
        said = ConsentRow(tenant_id, contact_id, channel, status, "api", now)
        await consents.put(tx, contact_id, channel, status, said.source, now)
        if status == OPTED_OUT:
            await triggers.withdraw(tx, contact_id, OPTED_OUT, channel=channel)
        elif status == "unknown" and contact.outreach_consent is False:
            await triggers.withdraw(tx, contact_id, NO_CONSENT, channel=channel)
        await audit.record(tx, target=contact_id)
        return said

    return await services.database.run(tenant_id, work)


async def heed_stop_word(tx: Transaction, contact: ContactRow, at: datetime) -> ContactRow:
    """The contact wrote STOP at `at`: it wants no message, on whichever channel. The caller holds the contact.

    It is opted out of the channel that it wrote on and of those it opted in to, and refuses in general, so that one
    that is set up later is none to write to either. A STOP that comes in late changes nothing where something was said
    since: nothing at all where that was said of its own channel, else nothing of the channel that it was said of.
    Returns the contact as it is then.
    """
    contact_id = contact.contact_id
    if not await consents.put(tx, contact_id, contact.channel, OPTED_OUT, "stop_word", at):
        return contact
    still_wanted = []
    for said in await consents.of_contact(tx, contact_id):
        if said.status != "opted_in":
            continue
        if not await consents.put(tx, contact_id, said.channel, OPTED_OUT, "stop_word", at):
            still_wanted.append(said.channel)
    if contact.outreach_consent is not False:
        await contacts.change(tx, contact_id, {"outreach_consent": False})
    await triggers.withdraw(tx, contact_id, OPTED_OUT, but=still_wanted)
    await audit.record(tx, target=contact_id, action="outreach.consent")
    return replace(contact, outreach_consent=False)


async def heed_general_refusal(tx: Transaction, contact_id: str) -> None:
    """The contact's general consent is False now: only channels that it opted in to stay. The caller holds it."""
    wanted = [row.channel for row in await consents.of_contact(tx, contact_id) if row.status == "opted_in"]
    await triggers.withdraw(tx, contact_id, NO_CONSENT, but=wanted)
