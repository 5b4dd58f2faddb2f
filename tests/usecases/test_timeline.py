"""Everything that happened with a contact, on every surface, each once and newest first."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from server.composition import Composition
from server.domain.errors import InvalidInput, NotFound
from server.domain.turn import Turn
from server.usecases.ingest import ingest_interaction
from server.usecases.tenants import NewTenant, create_tenant
from server.usecases.timeline import TimelineQuery, get_timeline
from store import interaction_logs, interactions, triggers
from store.database import Transaction
from store.tables.base import values
from store.tables.call import CallRow, calls
from store.tables.interaction_log import InteractionLogRow
from store.tables.outreach import TriggerRow
from store.timeline import SOURCES, Happening
from tests.usecases.interaction_steps import START, contact, later, number, row

ORDER = [source.type for source in SOURCES]


def turn(tenant: str, contact_id: str, at: datetime, **given: Any) -> InteractionLogRow:
    texts: dict[str, Any] = {"user_message": "hello", "ai_response": "hi"} | given
    return InteractionLogRow(
        tenant, contact_id, f"log_{next(number)}", at, "s1", None, texts["user_message"], texts["ai_response"], None,
        None, "happy", 0.9, "caller", "low", {}, at,
    )  # fmt: skip


def call(tenant: str, contact_id: str, at: datetime, **given: Any) -> CallRow:
    columns: dict[str, Any] = {
        "provider": "twilio", "call_sid": f"CA{next(number)}", "agent_id": None, "user_id": None, "org_id": None,
        "direction": "inbound", "caller_number": None, "number_unreadable": False, "caller_name": None,
        "status": "completed", "duration": 61.5, "recording_url": None, "transcript": None, "sentiment": "positive",
        "topics": ["lease"], "summary": "About the lease", "collected_data": {}, "cost": None, "started_at": at,
        "ended_at": None, "created_at": at, "updated_at": at,
    }  # fmt: skip
    return CallRow(tenant, f"call_{next(number)}", contact_id, **(columns | given))


def trigger(tenant: str, contact_id: str, at: datetime, **given: Any) -> TriggerRow:
    columns: dict[str, Any] = {
        "trigger_type": "milestone", "channel": "sms", "status": "sent", "text_source": "given", "message": "Hey",
        "template": None, "template_variables": None, "llm_context": None, "scheduled_at": START, "expires_at": START,
        "expire_on_reply": False, "reason": "streak:7", "occasion": None, "dedupe_key": None, "due_at": START,
        "claimed_until": None, "attempts": 1, "outcome_unknown": False, "provider_message_id": None, "failure": None,
        "sent_at": at, "created_at": START,
    }  # fmt: skip
    return TriggerRow(tenant, f"trg_{next(number)}", contact_id, **(columns | given))


async def put(tx: Transaction, kind: str, contact_id: str, at: datetime) -> str:
    """Lets something happen; its id."""
    tenant = tx.tenant_id
    if kind == "message":
        log = turn(tenant, contact_id, at)
        await interaction_logs.add(tx, log)
        return log.interaction_id
    if kind == "call":
        made = call(tenant, contact_id, at)
        await tx.execute(insert(calls).values(values(made)))
        # As the calls surface does: it is a touchpoint too, and shown once.
        touch = row(
            tenant, contact_id, f"int_{next(number)}", kind="call", at=at, origin="call", origin_id=made.call_id
        )
        await interactions.add(tx, [touch])
        return made.call_id
    if kind == "outreach":
        sent = trigger(tenant, contact_id, at)
        await triggers.add(tx, [sent])
        return sent.trigger_id
    touch = row(tenant, contact_id, f"int_{next(number)}", at=at, origin="import" if next(number) % 2 else "api")
    await interactions.add(tx, [touch])
    return touch.interaction_id


async def walk(parts: Composition, tenant: str, **query: Any) -> list[Happening]:
    found: list[Happening] = []
    cursor = None
    while True:
        page = await get_timeline(parts.services, tenant, TimelineQuery(**query, cursor=cursor))
        assert len(page.items) <= page.limit
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found


HAPPENED = st.tuples(st.sampled_from(ORDER), st.integers(0, 8))
CASES: Any = {"max_examples": 40, "deadline": None, "suppress_health_check": list(HealthCheck)}


async def setting(parts: Composition) -> tuple[str, str]:
    tenant = f"tnt_line_{next(number)}"
    await create_tenant(parts.administration, NewTenant(tenant))
    return tenant, await contact(parts, tenant)


@settings(**CASES)
@given(
    happened=st.lists(HAPPENED, max_size=20),
    types=st.frozensets(st.sampled_from([*ORDER, "email"])),
    before=st.none() | st.integers(0, 9),
    limit=st.integers(1, 6),
)
async def test_the_pages_hold_everything_once_and_newest_first(
    parts: Composition, happened: Any, types: frozenset[str], before: int | None, limit: int
) -> None:
    tenant, contact_id = await setting(parts)
    bystander = await contact(parts, tenant)
    expected = []
    async with parts.services.database.transaction(tenant) as tx:
        for kind, minute in happened:
            id_ = await put(tx, kind, contact_id, later(minute))
            await put(tx, kind, bystander, later(minute))
            if (not types or kind in types) and (before is None or minute < before):
                expected.append((minute, ORDER.index(kind), id_))
    found = await walk(
        parts, tenant, contact_id=contact_id, types=types, limit=limit, before=None if before is None else later(before)
    )
    assert [(one.type, one.id) for one in found] == [
        (ORDER[rank], id_) for _, rank, id_ in sorted(expected, reverse=True)
    ]


@settings(**CASES)
@given(
    happened=st.lists(HAPPENED, min_size=3, max_size=15),
    meanwhile=st.lists(st.lists(HAPPENED, max_size=3), max_size=5),
    limit=st.integers(1, 4),
)
async def test_what_comes_between_two_pages_neither_hides_nor_repeats_what_was_there(
    parts: Composition, happened: Any, meanwhile: Any, limit: int
) -> None:
    tenant, contact_id = await setting(parts)

    async def let(what: Any) -> list[str]:
        async with parts.services.database.transaction(tenant) as tx:
            return [await put(tx, kind, contact_id, later(minute)) for kind, minute in what]

    there = set(await let(happened))
    order = [one.id for one in await walk(parts, tenant, contact_id=contact_id, limit=100)]
    found: list[str] = []
    cursor, arriving = None, iter(meanwhile)
    while True:
        query = TimelineQuery(contact_id, limit=limit, cursor=cursor)
        page = await get_timeline(parts.services, tenant, query)
        found += [one.id for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
        await let(next(arriving, []))
    assert len(found) == len(set(found))
    assert [i for i in found if i in there] == order


async def test_each_surface_tells_its_own(parts: Composition, tenant: str) -> None:
    contact_id = await contact(parts, tenant)
    async with parts.services.database.transaction(tenant) as tx:
        await interaction_logs.add(tx, turn(tenant, contact_id, later(1)))
        await interaction_logs.add(tx, turn(tenant, contact_id, later(2), ai_response=None))
        await interaction_logs.add(tx, turn(tenant, contact_id, later(3), user_message=None))
        note = row(
            tenant, contact_id, "int_note", kind="meeting", at=later(4), content="Met",
            metadata={"direction": "outbound", "attendees": 5},
        )  # fmt: skip
        odd = row(tenant, contact_id, "int_odd", at=later(5), metadata={"direction": ["sideways"]})
        await interactions.add(tx, [note, odd])
        await tx.execute(insert(calls).values(values(call(tenant, contact_id, later(6)))))
        missed = call(tenant, contact_id, later(7), status="missed", duration=None, summary=None, topics=[])
        await tx.execute(insert(calls).values(values(missed)))
        await triggers.add(tx, [trigger(tenant, contact_id, later(8))])
        await triggers.add(tx, [trigger(tenant, contact_id, later(9), status="failed")])
    found = await walk(parts, tenant, contact_id=contact_id)
    assert [(one.type, one.kind, one.direction, one.body, one.reply) for one in found] == [
        ("outreach", "milestone", "outbound", "Hey", None),
        ("call", "missed", "inbound", None, None),
        ("call", "completed", "inbound", "About the lease", None),
        ("interaction", "note", None, None, None),
        ("interaction", "meeting", "outbound", "Met", None),
        ("message", "turn", "outbound", None, "hi"),
        ("message", "turn", "inbound", "hello", None),
        ("message", "turn", None, "hello", "hi"),
    ]
    assert [one.details for one in found] == [
        {"channel": "sms", "reason": "streak:7"},
        {"sentiment": "positive", "topics": []},
        {"duration": 61.5, "sentiment": "positive", "topics": ["lease"]},
        {"direction": ["sideways"]},
        {"direction": "outbound", "attendees": 5},
        *[{"session_id": "s1", "mood": "happy", "energy": "low"}] * 3,
    ]
    assert {one.at.tzinfo for one in found} == {UTC} or all(one.at.utcoffset() is not None for one in found)


async def test_an_ingested_turn_is_there_at_once(parts: Composition, tenant: str) -> None:
    contact_id = await contact(parts, tenant)
    await ingest_interaction(parts.services, tenant, contact_id, Turn(START, "I live in Porto", "Lovely."))
    (found,) = await walk(parts, tenant, contact_id=contact_id)
    assert (found.type, found.body, found.reply, found.at) == ("message", "I live in Porto", "Lovely.", START)


async def test_an_unknown_contact_and_a_foreign_cursor_are_refused(parts: Composition, tenant: str) -> None:
    contact_id, other = await contact(parts, tenant), await contact(parts, tenant)
    with pytest.raises(NotFound):
        await get_timeline(parts.services, tenant, TimelineQuery("ct_nobody"))
    async with parts.services.database.transaction(tenant) as tx:
        for minute in range(3):
            await put(tx, "message", contact_id, later(minute))
    first = await get_timeline(parts.services, tenant, TimelineQuery(contact_id, limit=1))
    others: list[dict[str, Any]] = [
        {"contact_id": other}, {"contact_id": contact_id, "types": frozenset(["call"])},
        {"contact_id": contact_id, "before": later(9)},
    ]  # fmt: skip
    for query in others:
        with pytest.raises(InvalidInput, match="cursor"):
            await get_timeline(parts.services, tenant, TimelineQuery(**query, cursor=first.next_cursor))
    all_of_them = TimelineQuery(contact_id, types=frozenset(ORDER), cursor=first.next_cursor)
    assert len((await get_timeline(parts.services, tenant, all_of_them)).items) == 2
