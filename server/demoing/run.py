"""A demo is run: people come and write, then the tenant reaches out to them and tidies up."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from kith.contact.v1 import contact_pb2
from kith.context.v1 import context_pb2
from kith.maintenance.v1 import maintenance_pb2
from kith.outreach.v1 import outreach_pb2

from server.demoing import dealing
from server.demoing.api import Api, Connection, call
from server.demoing.dealings import Dealings, dealings
from server.demoing.lives import Calendar, Turn, turns
from server.demoing.people import Person, person
from server.measuring.connection import timestamp

Step = Callable[[], None]
"""Called after each turn."""

_AT_ONCE: Final = 16
"""Contacts whose turns are under way at once."""

_SCHEDULED: Final = 6
_PAUSE_S: Final = 0.5
_MOST_ROUNDS: Final = 20


@dataclass(frozen=True, slots=True)
class Life:
    """A person with all that they say, in order, and what else there is of them."""

    person: Person
    turns: Sequence[Turn]
    dealings: Dealings


@dataclass(frozen=True, slots=True)
class Fired:
    """What sending what is due did, over all its rounds."""

    created: int
    sent: int
    postponed: int
    withheld: int
    expired: int


def lives(seed: int, contacts: int, calendar: Calendar) -> list[Life]:
    """Everybody of a demo, by number."""
    everybody = (person(seed, calendar.days, number) for number in range(contacts))
    said = ((one, turns(one, seed, calendar)) for one in everybody)
    return [Life(one, some, dealings(one, some, seed, calendar)) for one, some in said]


async def populate(api: Api, everybody: Sequence[Life], step: Step) -> dict[int, str]:
    """Sends every life in, several at once, the turns of each in order. The contacts' ids by the person's number."""
    ids: dict[int, str] = {}
    # The longest first, so that none of them is left alone at the end.
    queue = iter(sorted(everybody, key=lambda life: -len(life.turns)))

    async def work(connection: Connection) -> None:
        for life in queue:
            ids[life.person.number] = await _live(api, connection, life, step)

    try:
        async with asyncio.TaskGroup() as group:
            for number in range(_AT_ONCE):
                group.create_task(work(api.connection(number)))
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return ids


async def note_touchpoints(api: Api, everybody: Sequence[Life], ids: dict[int, str]) -> int:
    """Notes everybody's touchpoints. How many are new."""
    return await dealing.note(api, [(ids[life.person.number], life.dealings) for life in everybody])


async def reach_out(api: Api, everybody: Sequence[Life], ids: dict[int, str], now: datetime) -> int:
    """Turns on messages into silences and at milestones, and schedules a few by hand. How many are new."""
    config = outreach_pb2.UpdateOutreachConfigRequest(inactivity_enabled=True, milestone_enabled=True)
    await call(api.any.outreach.UpdateOutreachConfig, config, api.token)
    made = 0
    for number, contact_id in enumerate(_willing(everybody, ids)):
        key = f"demo-{number}"
        asked = outreach_pb2.ListOutreachRequest(contact_id=contact_id, trigger_type="scheduled", limit=100)
        known = await call(api.any.outreach.ListOutreach, asked, api.token)
        # A dedupe key holds while its message is open; here once is enough also when it was sent.
        if any(trigger.dedupe_key == key for trigger in known.triggers):
            continue
        await call(api.any.outreach.ScheduleOutreach, _message(number, contact_id, key, now), api.token)
        made += 1
    return made


async def maintain(api: Api) -> maintenance_pb2.MaintenanceRun:
    """Runs maintenance to its end."""
    while True:
        answer = await call(
            api.any.maintenance.RunMaintenance, maintenance_pb2.RunMaintenanceRequest(wait=True), api.key
        )
        if answer.runs[0].status == "completed":
            return answer.runs[0]
        await asyncio.sleep(_PAUSE_S)


async def fire(api: Api) -> Fired:
    """Makes and sends what is due, until nothing is."""
    rounds: list[outreach_pb2.FireOutreachResponse] = []
    while len(rounds) < _MOST_ROUNDS:
        done = await call(api.any.outreach.FireOutreach, outreach_pb2.FireOutreachRequest(), api.key)
        rounds.append(done)
        if not done.created and not done.sent:
            break
    return Fired(
        created=sum(one.created for one in rounds),
        sent=sum(one.sent for one in rounds),
        postponed=sum(one.postponed for one in rounds),
        withheld=sum(one.withheld for one in rounds),
        expired=sum(one.expired for one in rounds),
    )


async def _live(api: Api, connection: Connection, life: Life, step: Step) -> str:
    who = life.person
    known = await call(
        connection.contacts.CreateContact,
        contact_pb2.CreateContactRequest(
            external_id=who.external_id, channel=who.channel, display_name=who.name, time_zone=who.zone, language="en"
        ),
        api.key,
    )
    if who.consent is not None:
        consent = contact_pb2.UpdateContactRequest(contact_id=known.id, outreach_consent=who.consent)
        await call(connection.contacts.UpdateContact, consent, api.token)
    for turn in life.turns:
        await call(connection.context.IngestInteraction, _ingest(known.id, turn), api.key)
        step()
    await dealing.deal(api, connection, known.id, life.dealings)
    return known.id


def _ingest(contact_id: str, turn: Turn) -> context_pb2.IngestInteractionRequest:
    return context_pb2.IngestInteractionRequest(
        contact_id=contact_id,
        user_message=turn.message,
        ai_response=turn.answer,
        user_message_ref=f"{turn.turn_id}:said" if turn.message is not None else None,
        ai_response_ref=f"{turn.turn_id}:heard",
        turn_id=turn.turn_id,
        occurred_at=timestamp(turn.occurred_at),
    )


def _willing(everybody: Sequence[Life], ids: dict[int, str]) -> Iterator[str]:
    """A few contacts that may be written to."""
    found = (life.person for life in everybody if life.turns and life.person.consent and not life.person.stops)
    for who, _ in zip(found, range(_SCHEDULED), strict=False):
        yield ids[who.number]


def _message(number: int, contact_id: str, key: str, now: datetime) -> outreach_pb2.ScheduleOutreachRequest:
    """The first is due at once, the others in the days to come; given, of a template, and written when due in turn."""
    at = now + timedelta(hours=20 * number)
    request = outreach_pb2.ScheduleOutreachRequest(
        contact_id=contact_id, scheduled_at=timestamp(at), defer=True, dedupe_key=key
    )
    match number % 3:
        case 0:
            request.message = "We thought of you. How are things?"
        case 1:
            request.template = "Hello {{ name }}, it has been {{ days_silent }} days. How are you?"
        case _:
            request.generate_with_llm = True
            request.llm_context = "Ask how the week went."
    return request
