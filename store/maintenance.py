"""Runs of maintenance, and which contacts they have to look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, case, func, insert, or_, select, text, update

from store.database import Transaction
from store.tables.base import values
from store.tables.maintenance import MaintenanceRunRow, maintenance_runs
from store.tables.memory import memories

_COLUMNS: Final = [maintenance_runs.c[field.name] for field in fields(MaintenanceRunRow)]
_UPDATE_RISKS: Final = text(
    "UPDATE contacts c SET churn_risk = new.risk"
    " FROM unnest(CAST(:ids AS text[]), CAST(:risks AS float8[])) AS new (contact_id, risk)"
    " WHERE c.tenant_id = :tenant AND c.contact_id = new.contact_id"
)


async def latest(tx: Transaction, *, lock: bool = False) -> MaintenanceRunRow | None:
    """The run that began last; with `lock`, nobody else begins or takes over one until this transaction ends."""
    if lock:
        await tx.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": _key(tx)})
    query = select(*_COLUMNS).where(maintenance_runs.c.tenant_id == tx.tenant_id)
    query = query.order_by(maintenance_runs.c.started_at.desc(), maintenance_runs.c.run_id.desc()).limit(1)
    row = (await tx.execute(query)).one_or_none()
    return None if row is None else MaintenanceRunRow(*row)


async def last_finished(tx: Transaction) -> datetime | None:
    """When the last run that completed began; what changed since then is news."""
    query = select(func.max(maintenance_runs.c.started_at)).where(
        maintenance_runs.c.tenant_id == tx.tenant_id, maintenance_runs.c.status == "completed"
    )
    found: datetime | None = (await tx.execute(query)).scalar_one()
    return found


async def begin(tx: Transaction, row: MaintenanceRunRow) -> None:
    """Stores a new run."""
    await tx.execute(insert(maintenance_runs).values(values(row)))


async def advance(tx: Transaction, run_id: str, changes: Mapping[str, Any], **counts: int) -> MaintenanceRunRow:
    """Moves a run on: sets `changes`, and adds to its counts."""
    added = {name: maintenance_runs.c[name] + count for name, count in counts.items()}
    row = await tx.execute(
        update(maintenance_runs)
        .where(maintenance_runs.c.tenant_id == tx.tenant_id, maintenance_runs.c.run_id == run_id)
        .values(**changes, **added)
        .returning(*_COLUMNS)
    )
    return MaintenanceRunRow(*row.one())


async def set_risks(tx: Transaction, contact_ids: Sequence[str], risks: Sequence[float]) -> None:
    """Stores churn risks. No version moves on: a context does not show them, and a profile works its own out."""
    await tx.execute(
        _UPDATE_RISKS, {"tenant": tx.tenant_id, "ids": list(contact_ids), "risks": [float(risk) for risk in risks]}
    )


@dataclass(frozen=True, slots=True)
class Untidy:
    """The memories of a contact that may have to go or to end."""

    contact_id: str
    memory_ids: list[str]


async def untidy(
    tx: Transaction, contact_ids: Sequence[str], now: datetime, *, minor: float, faint: float,
    half_lives: Mapping[Any, float],
) -> list[Untidy]:  # fmt: skip
    """Contacts among these with memories that are over, or both faint and minor, as `server.domain.keeping` has it."""
    days = func.greatest(0, func.extract("epoch", now - func.coalesce(memories.c.strength_at, memories.c.occurred_at)))
    half_life = case(*((memories.c.type == kind, life) for kind, life in half_lives.items()))
    strength = memories.c.strength * func.power(2.0, -days / 86_400 / half_life)
    rows = await tx.execute(
        select(memories.c.contact_id, func.array_agg(memories.c.memory_id))
        .where(
            memories.c.tenant_id == tx.tenant_id,
            memories.c.contact_id.in_(contact_ids),
            memories.c.status == "current",
            or_(memories.c.valid_to <= now, and_(memories.c.importance < minor, strength < faint)),
        )
        .group_by(memories.c.contact_id)
    )
    return [Untidy(contact_id, ids) for contact_id, ids in rows]


def _key(tx: Transaction) -> str:
    return f"maintenance/{tx.tenant_id}"
