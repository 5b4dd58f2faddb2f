"""How a tenant's calls are kept: the country of its numbers, and what is removed when."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from server.domain import phone
from server.domain.errors import InvalidInput
from server.usecases import audit
from server.usecases.services import Services
from store import call_settings
from store.database import Database, Transaction
from store.tables.call import CallSettingsRow

_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """What is to change; None stays as it is. An empty region is none, 0 days are for ever."""

    default_region: str | None = None
    recording_retention_days: int | None = None
    transcript_retention_days: int | None = None
    remember_summaries: bool | None = None


async def get_settings(services: Services, tenant_id: str) -> CallSettingsRow:
    """The settings, or the defaults."""
    async with services.database.transaction(tenant_id) as tx:
        return await call_settings.get(tx)


async def update_settings(services: Services, tenant_id: str, change: SettingsChange) -> CallSettingsRow:
    """Changes settings. Raises InvalidInput for a country that has no numbers."""
    region = change.default_region
    if region and not phone.is_region(region):
        raise InvalidInput.of("default_region", "must be the ISO 3166 code of a country with phone numbers")
    given = {
        "default_region": None if region is None else (region or None,),
        "recording_retention_days": _days(change.recording_retention_days),
        "transcript_retention_days": _days(change.transcript_retention_days),
        "remember_summaries": None if change.remember_summaries is None else (change.remember_summaries,),
    }
    changes: dict[str, Any] = {name: value[0] for name, value in given.items() if value is not None}

    async def work(tx: Transaction) -> CallSettingsRow:
        row = replace(await call_settings.held(tx), **changes, updated_at=services.clock())
        await call_settings.put(tx, row)
        await audit.record(tx, target=tenant_id)
        return row

    return await services.database.run(tenant_id, work)


def _days(given: int | None) -> tuple[int | None] | None:
    return None if given is None else (given or None,)


async def remove_lapsed(database: Database, tenant_id: str, now: datetime) -> int:
    """Removes what the tenant keeps no longer, in batches. Returns how many recordings and transcripts."""
    async with database.transaction(tenant_id) as tx:
        settings = await call_settings.get(tx)
    kept: dict[call_settings.Lapsing, int | None] = {
        "recording_url": settings.recording_retention_days,
        "transcript": settings.transcript_retention_days,
    }
    removed = 0
    for name, days in kept.items():
        if days is not None:
            removed += await _clear(database, tenant_id, name, now - timedelta(days=days))
    return removed


async def _clear(database: Database, tenant_id: str, name: call_settings.Lapsing, before: datetime) -> int:
    removed = 0
    while some := await database.run(tenant_id, lambda tx: call_settings.clear(tx, name, before, _BATCH)):
        removed += some
    return removed
