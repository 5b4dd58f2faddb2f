"""Forgetting a contact whole while it stays a contact: asked for by API, or by the contact in a turn."""

from dataclasses import dataclass
from datetime import datetime

from server import ids
from server.domain.contact import State
from server.usecases import audit, records, warmth
from server.usecases.snapshots import Change
from store import contact_data, contacts, receipts
from store.database import Transaction


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much was forgotten, and the receipt that stays."""

    memories: int
    entities: int
    receipt_id: str


async def forget_everything(
    tx: Transaction, contact_id: str, now: datetime, *, action: str | None = None
) -> tuple[Forgotten, Change]:
    """Erases what is known of the contact, resets the state, leaves a receipt. The caller holds the contact.

    What stays is who the contact is and what it agreed to. `action` is what the audit log calls it where the call's own
    name does not say it.
    """
    counts = await contact_data.forget(tx, contact_id)
    version = await contacts.change(tx, contact_id, {**records.state_columns(State()), **warmth.NO_WARMTH})
    forgotten = Forgotten(counts["memories"], counts["entities"], ids.new("era", now))
    await audit.record(tx, target=contact_id, action=action)
    await receipts.leave(tx, forgotten.receipt_id, "memories", contact_id, counts, now)
    return forgotten, Change(version or 0, erases=True)
