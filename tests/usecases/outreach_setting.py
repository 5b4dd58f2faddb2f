"""What the tests of outreach share: a tenant at a time of its own, contacts, and an adapter that counts."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from server.composition import Composition
from server.domain.outreach.config import ConfigChange
from server.domain.outreach.retry import Accepted
from server.domain.turn import Turn
from server.providers.channels.ports import Answer, Kind, Outgoing
from server.providers.channels.registry import Setup
from server.secrets import Envelope
from server.usecases.contacts import NewContact, create_contact
from server.usecases.ingest import ingest_interaction
from server.usecases.outreach.channels import set_channel
from server.usecases.outreach.config import update_config
from server.usecases.outreach.fire import Fired, fire_tenant
from server.usecases.outreach.manage import TriggerQuery, get_trigger, list_triggers
from server.usecases.outreach.parts import OutreachParts
from server.usecases.outreach.schedule import NewTrigger, Scheduled, schedule_outreach
from server.usecases.services import Services
from server.usecases.tenants import NewTenant, create_tenant
from store.tables.outreach import TriggerRow

NOON: Final = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
"""A Monday."""

SECRET: Final = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"


class CountingAdapter:
    """Takes every message and counts it by trigger; what it answers can be changed."""

    kind: Final[Kind] = "webhook"
    keeps_locally: Final = False

    def __init__(self) -> None:
        self.looks_up = True
        self.taken: Counter[str] = Counter()
        self.texts: dict[str, str] = {}
        self.looked_up: Counter[str] = Counter()
        self.answer: Callable[[Outgoing], Answer] = lambda message: Answer(Accepted(f"ref-{message.trigger_id}"))
        self.found: Callable[[Outgoing], Answer] = lambda message: Answer(Accepted(f"ref-{message.trigger_id}"))
        self.hangs_after_taking = False
        self.seconds = 0.0
        self.took_one = asyncio.Event()

    async def deliver(self, message: Outgoing, now: datetime) -> Answer:
        answer = self.answer(message)
        if isinstance(answer.outcome, Accepted) or self.hangs_after_taking:
            self.taken[message.trigger_id] += 1
            self.texts[message.trigger_id] = message.message
        self.took_one.set()
        if self.hangs_after_taking:
            await asyncio.Event().wait()
        await asyncio.sleep(self.seconds)
        return answer

    async def look_up(self, message: Outgoing, now: datetime) -> Answer:
        self.looked_up[message.trigger_id] += 1
        return self.found(message)


@dataclass
class Clock:
    """A time that stands until it is moved."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass(frozen=True)
class _One:
    adapter: CountingAdapter

    def adapter_for(self, setup: Setup) -> CountingAdapter:
        return self.adapter


@dataclass
class Place:
    """One tenant, its services, its clock."""

    services: Services
    tenant_id: str
    clock: Clock
    adapter: CountingAdapter = field(default_factory=CountingAdapter)

    async def contact(self, name: str = "Noor", zone: str | None = None, channel: str = "webchat") -> str:
        new = NewContact(name, channel, display_name=name, time_zone=zone)
        return (await create_contact(self.services, self.tenant_id, new)).profile.id

    async def writes(self, contact_id: str, text: str = "Good to talk to you.", **turn: Any) -> None:
        at = turn.pop("at", self.clock.now)
        await ingest_interaction(self.services, self.tenant_id, contact_id, Turn(at, text, **turn))

    async def schedule(self, contact_id: str, *, in_: timedelta = timedelta(), **new: Any) -> Scheduled:
        if not {"message", "template", "generate"} & new.keys():
            new["message"] = "How did it go?"
        at = new.pop("scheduled_at", self.clock.now + in_)
        return await schedule_outreach(self.services, self.tenant_id, NewTrigger(contact_id, at, **new))

    async def fire(self) -> Fired:
        return await fire_tenant(self.services, self.tenant_id)

    async def trigger(self, trigger_id: str) -> TriggerRow:
        return await get_trigger(self.services, self.tenant_id, trigger_id)

    async def triggers(self, **query: Any) -> list[TriggerRow]:
        page = await list_triggers(self.services, self.tenant_id, TriggerQuery(limit=100, **query))
        return page.triggers

    async def configure(self, **change: Any) -> None:
        await update_config(self.services, self.tenant_id, ConfigChange(**change))

    async def through_adapter(self, channel: str = "webchat") -> CountingAdapter:
        """Messages of the channel go to the counting adapter from now on."""
        setup = Setup("webhook", "https://example.org/hook", None, SECRET)
        await set_channel(self.services, self.tenant_id, channel, setup)
        parts = replace(self.services.outreach, adapters=_One(self.adapter))
        self.services = replace(self.services, outreach=parts)
        return self.adapter

    def beside(self, process: Composition) -> "Place":
        """The same tenant in another process, with the same clock and adapter."""
        return Place(at_place(process, self.clock, self.services.outreach), self.tenant_id, self.clock, self.adapter)


def at_place(process: Composition, clock: Clock, outreach: OutreachParts) -> Services:
    return replace(process.services, clock=clock, outreach=outreach)


async def place(process: Composition, name: str, zone: str = "UTC") -> Place:
    """A new tenant at noon."""
    await create_tenant(process.administration, NewTenant(name, time_zone=zone))
    clock = Clock()
    outreach = replace(process.services.outreach, envelope=Envelope([b"m" * 32]))
    return Place(at_place(process, clock, outreach), name, clock)
