"""How a tenant's calls are kept, and what goes once that says so."""

from dataclasses import fields
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from store.database import Transaction
from store.tables.base import values
from store.tables.call import CallSettingsRow, call_settings

_COLUMNS: Final = [call_settings.c[field.name] for field in fields(CallSettingsRow)]
_NEW: Final = upsert(call_settings)
_PUT: Final = _NEW.on_conflict_do_update(
    index_elements=["tenant_id"],
    set_={f.name: _NEW.excluded[f.name] for f in fields(CallSettingsRow) if f.name != "tenant_id"},
)


async def get(tx: Transaction, *, lock: bool = False) -> CallSettingsRow:
    """The tenant's settings, or the defaults; with `lock`, stored ones stay until this transaction ends."""
    query = select(*_COLUMNS).where(call_settings.c.tenant_id == tx.tenant_id)
    row = (await tx.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is not None:
        return CallSettingsRow(*row)
    return CallSettingsRow(tx.tenant_id, None, None, None, remember_summaries=True, updated_at=_NEVER)


async def put(tx: Transaction, row: CallSettingsRow) -> None:
    """Stores settings."""
    await tx.execute(_PUT, values(row))


_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _clear(column: str) -> str:
    return (
        "WITH old AS MATERIALIZED ("
        f" SELECT call_id FROM calls WHERE tenant_id = :tenant AND {column} IS NOT NULL AND started_at < :before"
        " ORDER BY started_at LIMIT :limit FOR UPDATE SKIP LOCKED),"
        f" told AS (UPDATE call_events e SET told = told - '{column}' FROM old"
        "  WHERE e.tenant_id = :tenant AND e.call_id = old.call_id)"
        f" UPDATE calls c SET {column} = NULL FROM old WHERE c.tenant_id = :tenant AND c.call_id = old.call_id"
    )


_CLEAR_RECORDINGS: Final = text(_clear("recording_url"))
_CLEAR_TRANSCRIPTS: Final = text(_clear("transcript"))


async def clear_recordings(tx: Transaction, before: datetime, limit: int) -> int:
    """Removes addresses of recordings of calls that began before, from all that was told of them. Returns how many."""
    return (await tx.execute(_CLEAR_RECORDINGS, {"tenant": tx.tenant_id, "before": before, "limit": limit})).rowcount


async def clear_transcripts(tx: Transaction, before: datetime, limit: int) -> int:
    """Removes transcripts of calls that began before, from all that was told of them. Returns how many."""
    return (await tx.execute(_CLEAR_TRANSCRIPTS, {"tenant": tx.tenant_id, "before": before, "limit": limit})).rowcount
