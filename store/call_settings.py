"""How a tenant's calls are kept, and what goes once that says so."""

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, Final, Literal, get_args

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from store.database import Transaction
from store.tables.base import values
from store.tables.call import CallSettingsRow, call_settings

Lapsing = Literal["recording_url", "transcript"]

_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
_COLUMNS: Final = [call_settings.c[field.name] for field in fields(CallSettingsRow)]
_NEW: Final = upsert(call_settings)
_PUT: Final = _NEW.on_conflict_do_update(
    index_elements=["tenant_id"],
    set_={f.name: _NEW.excluded[f.name] for f in fields(CallSettingsRow) if f.name != "tenant_id"},
)


async def get(tx: Transaction) -> CallSettingsRow:
    """The tenant's settings, or the defaults."""
    row = (await tx.execute(_of_tenant(tx))).one_or_none()
    return _defaults(tx.tenant_id) if row is None else CallSettingsRow(*row)


async def held(tx: Transaction) -> CallSettingsRow:
    """The same, stored, and nobody else changes them until this transaction ends."""
    await tx.execute(_NEW.on_conflict_do_nothing(), values(_defaults(tx.tenant_id)))
    return CallSettingsRow(*(await tx.execute(_of_tenant(tx).with_for_update())).one())


def _of_tenant(tx: Transaction) -> Any:
    return select(*_COLUMNS).where(call_settings.c.tenant_id == tx.tenant_id)


def _defaults(tenant_id: str) -> CallSettingsRow:
    return CallSettingsRow(tenant_id, None, None, None, remember_summaries=True, updated_at=_NEVER)


async def put(tx: Transaction, row: CallSettingsRow) -> None:
    """Stores settings."""
    await tx.execute(_PUT, values(row))


_CLEAR_COLUMN: Final = """
WITH old AS MATERIALIZED (
  SELECT call_id FROM calls WHERE tenant_id = :tenant AND {column} IS NOT NULL AND started_at < :before
  ORDER BY started_at LIMIT :limit FOR UPDATE SKIP LOCKED
), told AS (
  UPDATE call_events e SET told = told - '{column}' FROM old
  WHERE e.tenant_id = :tenant AND e.call_id = old.call_id AND e.told ? '{column}'
)
UPDATE calls c SET {column} = NULL FROM old WHERE c.tenant_id = :tenant AND c.call_id = old.call_id
"""
_CLEAR: Final = {name: text(_CLEAR_COLUMN.format(column=name)) for name in get_args(Lapsing)}


async def clear(tx: Transaction, name: Lapsing, before: datetime, limit: int) -> int:
    """Removes this of calls that began before, and from all that was told of them. Returns of how many calls."""
    parameters = {"tenant": tx.tenant_id, "before": before, "limit": limit}
    return (await tx.execute(_CLEAR[name], parameters)).rowcount
