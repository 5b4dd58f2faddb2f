"""The audit log: who did what to which thing, written by the transaction that does it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from server import callers, ids
from store import audit
from store.database import Transaction


async def record(tx: Transaction, *, target: str | None = None, action: str | None = None) -> None:
    """Writes that the caller of the call under way did it. `target` is an id, never personal text.

    The action is the `audit` option of the RPC; an RPC without one is not audited. What runs outside a call (a job, a
    script) is written as done by `system`, under `action`.
    """
    await record_all(tx, [target], action=action)


async def record_all(tx: Transaction, targets: Sequence[str | None], *, action: str | None = None) -> None:
    """The same of each of some targets."""
    caller = callers.known()
    if caller is None:
        actor, action = "system", action or "direct"
    else:
        actor, action = caller.actor, action or callers.audited_action()
    if action is None or not targets:
        return
    now, request_id = datetime.now(UTC), callers.request_id()
    await audit.add(
        tx, [audit.AuditEntry(ids.new("aud", now), now, actor, action, target, request_id) for target in targets]
    )
