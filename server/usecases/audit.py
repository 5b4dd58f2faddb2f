"""The audit log: who did what to which thing, written by the transaction that does it."""

from datetime import UTC, datetime

from server import callers, ids
from store import audit
from store.database import Transaction


async def record(tx: Transaction, *, target: str | None = None, action: str | None = None) -> None:
    """Writes that the caller of the call under way did it. `target` is an id, never personal text.

    The action is the `audit` option of the RPC; an RPC without one is not audited. What runs outside a call (a job, a
    script) is written as done by `system`, under `action`.
    """
    caller = callers.known()
    if caller is None:
        actor, action = "system", action or "direct"
    else:
        actor, action = caller.actor, action or callers.audited_action()
    if action is None:
        return
    now = datetime.now(UTC)
    entry = audit.AuditEntry(ids.new("aud", now), now, actor, action, target, callers.request_id())
    await audit.add(tx, entry)
