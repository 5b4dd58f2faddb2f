"""The audit log: it only grows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from store.database import Transaction
from store.tables.operations import audit_log


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to which thing, when, in which request; ids only."""

    audit_id: str
    at: datetime
    actor: str
    action: str
    target: str | None
    request_id: str | None


async def add(tx: Transaction, entries: Sequence[AuditEntry]) -> None:
    """Writes entries for the transaction's tenant."""
    await tx.execute(
        insert(audit_log),
        [
            {
                "tenant_id": tx.tenant_id, "audit_id": entry.audit_id, "at": entry.at, "actor": entry.actor,
                "action": entry.action, "target": entry.target, "request_id": entry.request_id,
            }
            for entry in entries
        ],
    )  # fmt: skip


async def newest(tx: Transaction, limit: int = 100) -> list[AuditEntry]:
    """The newest entries of the transaction's tenant, newest first."""
    columns = audit_log.c
    query = (
        select(columns.audit_id, columns.at, columns.actor, columns.action, columns.target, columns.request_id)
        .where(columns.tenant_id == tx.tenant_id)
        .order_by(columns.at.desc(), columns.audit_id.desc())
        .limit(limit)
    )
    return [AuditEntry(*row) for row in await tx.execute(query)]
