"""Forgetting a contact whole while it stays a contact: asked for by API, or by the contact in a turn."""

from dataclasses import dataclass
from datetime import datetime

from server import ids
from server.domain.contact import State
from server.usecases import audit, records
from server.usecases.snapshots import Change
from store import consolidation, contacts, erasure, idempotency, interaction_logs, memories, queue
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
    """Deletes memories, entities and ingested turns, resets the state, leaves a receipt. The caller holds the contact.

    `action` is what the audit log calls it where the call's own name does not say it.
    """
    remembered, entities = await memories.remove_all(tx, contact_id)
    logs = await interaction_logs.remove_all(tx, contact_id)
    await contacts.forget_activity(tx, contact_id)
    await consolidation.remove_all(tx, contact_id)
    await queue.cancel_contact(tx, contact_id)
    await idempotency.remove_of_contact(tx, contact_id)
    forgotten = Forgotten(remembered, entities, ids.new("era", now))
    counts = {"memories": remembered, "entities": entities, "interaction_logs": logs}
    await erasure.leave_receipt(tx, forgotten.receipt_id, "memories", contact_id, counts, now)
    await audit.record(tx, target=contact_id, action=action)
    version = await contacts.change(tx, contact_id, records.state_columns(State()))
    return forgotten, Change(version or 0, erases=True)
