"""Recordings and transcripts go when the tenant says, also out of what was told, and do not come back."""

from datetime import timedelta

from server.composition import Composition
from server.usecases import calls
from server.usecases.call_settings import SettingsChange, remove_lapsed, update_settings
from server.usecases.maintenance import run_maintenance
from tests.usecases.call_steps import AT, at, history, rows, tell_all, told

_TEXTS = "SELECT count(recording_url) AS recordings, count(transcript) AS transcripts FROM calls"
_TOLD = "SELECT count(*) AS events FROM call_events WHERE told::text LIKE '%Hello%'"


async def test_transcripts_go_after_their_days_and_a_late_event_does_not_bring_one_back(
    parts: Composition, tenant: str
) -> None:
    await tell_all(at(parts.services, AT + timedelta(hours=1)), tenant, history("CA1"))
    await update_settings(parts.services, tenant, SettingsChange(transcript_retention_days=30))
    assert await remove_lapsed(parts.database, tenant, AT + timedelta(days=29)) == 0
    assert await remove_lapsed(parts.database, tenant, AT + timedelta(days=31)) == 1
    assert await rows(parts, tenant, _TEXTS) == [{"recordings": 1, "transcripts": 0}]
    assert await rows(parts, tenant, _TOLD) == [{"events": 0}]
    later = at(parts.services, AT + timedelta(days=40))
    again = await calls.tell(later, tenant, told("CA1", 500, transcript="Hello? Once more.", cost=0.3))
    assert (again.call.transcript, again.call.cost) == (None, 0.3)
    await tell_all(later, tenant, history("CA1"))
    assert await rows(parts, tenant, _TEXTS) == [{"recordings": 1, "transcripts": 0}]
    assert await rows(parts, tenant, _TOLD) == [{"events": 0}]


async def test_a_call_that_is_told_of_after_its_days_keeps_neither(parts: Composition, tenant: str) -> None:
    await update_settings(
        parts.services, tenant, SettingsChange(transcript_retention_days=30, recording_retention_days=7)
    )
    await tell_all(at(parts.services, AT + timedelta(days=10)), tenant, history("CA1"))
    assert await rows(parts, tenant, _TEXTS) == [{"recordings": 0, "transcripts": 1}]
    await tell_all(at(parts.services, AT + timedelta(days=31)), tenant, history("CA2"))
    assert await rows(parts, tenant, f"{_TEXTS} WHERE call_sid = 'CA2'") == [{"recordings": 0, "transcripts": 0}]


async def test_maintenance_removes_them(parts: Composition, tenant: str) -> None:
    await tell_all(parts.services, tenant, history("CA1"))
    await update_settings(
        parts.services, tenant, SettingsChange(transcript_retention_days=1, recording_retention_days=1)
    )
    await run_maintenance(at(parts.services, AT + timedelta(days=400)), tenant)
    assert await rows(parts, tenant, _TEXTS) == [{"recordings": 0, "transcripts": 0}]


async def test_an_event_between_the_last_day_and_the_removal_leaves_no_transcript_behind(
    parts: Composition, tenant: str
) -> None:
    await tell_all(at(parts.services, AT + timedelta(hours=1)), tenant, history("CA1"))
    await update_settings(parts.services, tenant, SettingsChange(transcript_retention_days=30))
    late = AT + timedelta(days=31)
    await calls.tell(at(parts.services, late), tenant, told("CA1", 500, cost=0.3))
    await remove_lapsed(parts.database, tenant, late)
    assert await rows(parts, tenant, _TEXTS) == [{"recordings": 1, "transcripts": 0}]
    assert await rows(parts, tenant, _TOLD) == [{"events": 0}]
    await update_settings(parts.services, tenant, SettingsChange(transcript_retention_days=0))
    again = await calls.tell(at(parts.services, late), tenant, told("CA1", 600, cost=0.4))
    assert again.call.transcript is None
