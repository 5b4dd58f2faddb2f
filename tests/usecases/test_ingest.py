"""Taking turns in on two processes at once, as workers that share a port do."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from itertools import cycle

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from server.composition import Composition
from server.config import Settings
from server.domain.contact import State
from server.domain.errors import NotFound
from server.domain.snapshot import ContactSnapshot
from server.domain.turn import Turn
from server.embedded.stores import EmbeddedStores
from server.usecases.contacts import NewContact, create_contact, delete_contact
from server.usecases.ingest import ingest_interaction
from server.usecases.memories import delete_all_memories
from server.usecases.tenants import NewTenant, create_tenant
from server.usecases.warmth import NO_WARMTH
from store import turns

_SOURCES = text("SELECT interaction_ids FROM memories WHERE contact_id = :contact AND type <> 'episode'")
TENANT = "two_workers"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SAID = [
    "I live in Berlin with my sister",
    "My dog is called Bruno, he is a beagle",
    "I work as a nurse at Saint Mary's",
    "I moved to Oslo last week",
    "I really love climbing",
    "Remember that my flight leaves on Friday at noon",
    "Please forget that I work as a nurse",
    "I live in Oslo, it is cold here",
]


@pytest.fixture(scope="module")
async def workers(stores: EmbeddedStores, database_name: str) -> AsyncIterator[list[Composition]]:
    settings = Settings(
        database_url=SecretStr(stores.app_url(database_name)),
        redis_url=SecretStr(stores.redis_url),
        master_key=SecretStr(stores.master_key),
    )
    async with Composition(settings) as one, Composition(settings) as other:
        await create_tenant(one.administration, NewTenant(TENANT))
        yield [one, other]


async def contact(worker: Composition, external_id: str) -> str:
    created = await create_contact(worker.services, TENANT, NewContact(external_id, "whatsapp"))
    return created.profile.id


async def tell(worker: Composition, contact_id: str, said: str, n: int, turn_id: str | None = None) -> str:
    at = START + timedelta(minutes=n)
    turn = Turn(at, said, "I see.", session_id="s", turn_id=turn_id)
    return (await ingest_interaction(worker.services, TENANT, contact_id, turn)).interaction_id


def remembered(snapshot: ContactSnapshot) -> set[tuple[str, str, str, str | None, str | None]]:
    return {(m.type, m.content, m.status, m.attribute, m.session_id) for m in snapshot.memories}


async def test_a_worker_that_never_saw_a_contact_learns_the_same_as_one_that_did(workers: list[Composition]) -> None:
    at_home, shared = await contact(workers[0], "at_home"), await contact(workers[0], "shared")
    await workers[0].services.snapshots.get(TENANT, at_home)
    turn_by_turn = cycle(workers)
    for n, said in enumerate(SAID):
        await tell(workers[0], at_home, said, n)
        await tell(next(turn_by_turn), shared, said, n)
    one = await workers[0].services.snapshots.get(TENANT, at_home)
    other = await workers[1].services.snapshots.get(TENANT, shared)
    assert remembered(one) == remembered(other)
    assert one.state == other.state
    assert {e.id for e in one.entities} == {e.id for e in other.entities}
    assert any(m.content.startswith("Lives in Oslo") and m.status == "current" for m in one.memories)
    assert not any("nurse" in m.content for m in one.memories)


async def test_turns_that_arrive_together_are_all_kept(workers: list[Composition]) -> None:
    contact_id = await contact(workers[0], "busy")
    sent = [(worker, n) for n, worker in zip(range(24), cycle(workers), strict=False)]
    await asyncio.gather(*(tell(worker, contact_id, f"Bought {n} lamps in town today", n) for worker, n in sent))
    for worker in workers:
        snapshot = await worker.services.snapshots.get(TENANT, contact_id)
        assert snapshot.state.total_messages == len(sent)
        assert sum("lamps" in m.content for m in snapshot.memories if m.type == "episode") == len(sent)


async def test_one_turn_sent_to_two_workers_at_once_is_taken_in_once(workers: list[Composition]) -> None:
    contact_id = await contact(workers[0], "twice")
    answers = await asyncio.gather(
        *(tell(worker, contact_id, "My cat is called Miso", 1, turn_id="t-1") for worker in workers * 4)
    )
    assert len(set(answers)) == 1
    assert (await workers[1].services.snapshots.get(TENANT, contact_id)).state.total_messages == 1


async def test_history_that_is_told_late_makes_as_many_sessions_as_it_had(workers: list[Composition]) -> None:
    contact_id = await contact(workers[0], "backlog")
    # Two conversations of yesterday, told today out of order; the second pause is of exactly half an hour.
    minutes = [24 * 60, 20, 0, 10, 70, 60, 40]
    for n, minute in enumerate(minutes):
        at = START + timedelta(minutes=minute)
        turn = Turn(at, f"Number {n} of the backlog")
        await ingest_interaction(workers[n % 2].services, TENANT, contact_id, turn)
    state = (await workers[0].services.snapshots.get(TENANT, contact_id)).state
    assert state.total_sessions == 3
    assert state.last_active_at == START + timedelta(days=1)


async def test_a_memory_said_again_names_both_turns_as_its_source(workers: list[Composition]) -> None:
    contact_id = await contact(workers[0], "again")
    ids = [await tell(worker, contact_id, "I have a cat named Miso", n) for n, worker in enumerate(workers)]
    async with workers[0].services.database.transaction(TENANT) as tx:
        rows = await tx.execute(_SOURCES, {"contact": contact_id})
        assert list(ids) in [list(sources) for (sources,) in rows]


async def test_what_was_erased_stays_in_no_process_memory(workers: list[Composition]) -> None:
    gone, forgotten = await contact(workers[0], "erased"), await contact(workers[0], "forgotten")
    for contact_id in (gone, forgotten):
        await tell(workers[0], contact_id, "My parrot is called Pistachio", 1)
        for worker in workers:
            assert (await worker.services.snapshots.get(TENANT, contact_id)).memories
    await delete_contact(workers[0].services, TENANT, gone)
    await delete_all_memories(workers[0].services, TENANT, forgotten)
    async with asyncio.timeout(10):
        while any(worker.services.snapshots.holds(TENANT, c) for worker in workers for c in (gone, forgotten)):
            await asyncio.sleep(0.01)
    with pytest.raises(NotFound):
        await workers[1].services.snapshots.get(TENANT, gone)
    assert not (await workers[1].services.snapshots.get(TENANT, forgotten)).memories


async def test_a_memory_that_is_returned_regains_its_strength_where_it_is_held(workers: list[Composition]) -> None:
    contact_id = await contact(workers[0], "remembered")
    await tell(workers[0], contact_id, "I have a cat named Miso", 1)
    held = await workers[0].services.snapshots.get(TENANT, contact_id)
    workers[0].services.accesses.note(TENANT, contact_id, [held.memories[0].id])
    await workers[0].services.accesses.flush()
    renewed = await workers[0].services.snapshots.get(TENANT, contact_id)
    assert renewed.version == held.version
    assert renewed.memories[0].strength_at > held.memories[0].strength_at


def test_the_store_writes_every_column_of_the_state() -> None:
    assert set(turns.STATE) == {field.name for field in fields(State)} | set(NO_WARMTH)
