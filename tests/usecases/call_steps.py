"""Calls as phone systems tell of them, delivered to the use case; and all that they leave behind."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from server.composition import Composition
from server.domain.calls import Told
from server.usecases import calls
from server.usecases.services import Services

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NUMBER = "+442079460018"


def told(sid: str, seconds: float | None = None, **said: Any) -> Told:
    """What a phone system tells of one call, so many seconds after its start by its own clock."""
    return Told("twilio", sid, at=None if seconds is None else AT + timedelta(seconds=seconds), **said)


def history(sid: str, number: str = NUMBER) -> list[Told]:
    """Everything that a phone system tells of one call, in order: with corrections, and some without a time."""
    return [
        told(sid, 0, sequence=0, status="queued", direction="inbound", caller_number=number),
        told(sid, 1, sequence=1, status="ringing", direction="inbound", caller_number=number),
        told(sid, 3, sequence=2, status="in-progress", caller_number=number, agent_id="agent-7"),
        told(sid, 100, sequence=3, status="completed", duration=97.0, caller_number=number),
        told(sid, 100, sequence=3, status="completed", duration=96.0, ended_at=AT + timedelta(seconds=100)),
        told(sid, recording_url="https://media.example/first.mp3"),
        told(sid, 130, recording_url="https://media.example/second.mp3", cost=0.11),
        told(sid, 140, transcript="Hello?", topics=("garden",), collected_data={"plan": "basic"}),
        told(sid, 160, transcript="Hello? Is this the garden shop?", topics=("garden", "delivery")),
        told(sid, summary="Asked when the roses arrive.", sentiment="neutral", collected_data={"plan": "new", "a": 1}),
        told(sid, 200, summary="Asked when the roses are delivered.", sentiment="positive", caller_name="Rosalind"),
    ]


async def tell_all(services: Services, tenant_id: str, deliveries: list[Told]) -> None:
    """Delivers all in this order."""
    for one in deliveries:
        await calls.tell(services, tenant_id, one)


def at(services: Services, moment: datetime) -> Services:
    """The same services at another time."""
    return replace(services, clock=lambda: moment)


async def rows(parts: Composition, tenant_id: str, statement: str, **parameters: Any) -> list[dict[str, Any]]:
    """What a statement finds in the tenant."""
    async with parts.database.transaction(tenant_id) as tx:
        found = await tx.execute(text(statement), parameters)
        return [dict(row) for row in found.mappings()]


_LEFT = {
    "calls": "SELECT provider, call_sid, agent_id, direction, caller_number, number_unreadable, caller_name, status,"
    " duration, recording_url, transcript, sentiment, topics, summary, collected_data, cost, started_at, ended_at,"
    " contact_id IS NOT NULL AS attached FROM calls ORDER BY call_sid",
    "events": "SELECT event_key, told FROM call_events ORDER BY event_key",
    "contacts": "SELECT display_name, channel, external_id FROM contacts ORDER BY external_id",
    "touchpoints": "SELECT kind, content, metadata, origin, quality, occurred_at FROM interactions"
    " ORDER BY occurred_at, content",
    "memories": "SELECT type, content, occurred_at, valid_from, status, importance, entity_ids FROM memories"
    " ORDER BY occurred_at, content",
}


async def left(parts: Composition, tenant_id: str) -> dict[str, list[dict[str, Any]]]:
    """All that the tenant's calls left behind, but ids and times of arrival."""
    return {name: await rows(parts, tenant_id, statement) for name, statement in _LEFT.items()}
