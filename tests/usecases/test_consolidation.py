"""The deferred pass on the real stores: in batches, after a crash, beside turns that come in, and twice at once."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextvars import ContextVar
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from server.composition import Composition
from server.config import Settings
from server.domain.errors import NotFound
from server.domain.memory import Memory
from server.domain.turn import Turn
from server.embedded.stores import EmbeddedStores
from server.usecases import consolidation, consolidation_plan, records
from server.usecases.consolidation import TaskResult, consolidate_memories, consolidation_status
from server.usecases.contacts import NewContact, create_contact, delete_contact
from server.usecases.ingest import ingest_interaction
from server.usecases.memories import delete_all_memories, delete_memory
from server.usecases.portability import export_contact
from server.usecases.snapshots import Change, Snapshots
from server.usecases.tenants import NewTenant, create_tenant
from store import contacts, memories
from store.database import Transaction

TENANT = "consolidating"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
async def worker(stores: EmbeddedStores, database_name: str) -> AsyncIterator[Composition]:
    settings = Settings(
        database_url=SecretStr(stores.app_url(database_name)),
        redis_url=SecretStr(stores.redis_url),
        master_key=SecretStr(stores.master_key),
    )
    async with Composition(settings) as composition:
        await create_tenant(composition.administration, NewTenant(TENANT))
        yield composition


async def contact(worker: Composition, external_id: str) -> str:
    created = await create_contact(worker.services, TENANT, NewContact(external_id, "whatsapp"))
    return created.profile.id


async def plant(worker: Composition, contact_id: str, planted: Sequence[Memory]) -> None:
    """Puts memories into the store as they are, each from a turn of its own."""

    async def work(tx: Transaction) -> Change:
        rows = [records.memory_row(m, TENANT, contact_id, [f"int_{m.id}"]) for m in planted]
        await memories.add(tx, rows)
        return Change(await contacts.change(tx, contact_id, {}) or 0)

    await worker.services.snapshots.change(TENANT, contact_id, work)


def a_fact(number: int, content: str, **given: Any) -> Memory:
    at = START + timedelta(minutes=number)
    memory = Memory(
        id=f"mem_{number:05}", type="fact", content=content, importance=0.5, confidence=0.8, occurred_at=at,
        valid_from=at, created_at=at, subject="self", attribute="owns", value=content, sequence=2 * number,
        sources=(f"msg_{number}",),
    )  # fmt: skip
    return replace(memory, **given)


def pairs(count: int) -> list[Memory]:
    """Each of `count` facts twice."""
    return [a_fact(2 * n + twice, f"Owns lamp number {n}") for n in range(count) for twice in (0, 1)]


async def rows(worker: Composition, contact_id: str) -> dict[str, tuple[str, list[str], list[str], str | None]]:
    """Status, sources, interaction ids and successor of each memory."""
    statement = text(
        "SELECT memory_id, status, sources, interaction_ids, superseded_by FROM memories WHERE contact_id = :contact"
    )
    async with worker.services.database.transaction(TENANT) as tx:
        found: Any = await tx.execute(statement, {"contact": contact_id})
        return {memory_id: tuple(rest) for memory_id, *rest in found}


async def run(worker: Composition, contact_id: str, *tasks: consolidation_plan.Task) -> dict[str, TaskResult]:
    return {r.task: r for r in await consolidate_memories(worker.services, TENANT, contact_id, tasks)}


async def version(worker: Composition, contact_id: str) -> int:
    async with worker.services.database.transaction(TENANT) as tx:
        row = await contacts.get(tx, contact_id)
    assert row is not None
    return row.version


async def test_merged_memories_keep_the_turns_of_all_and_no_successor_is_lost(worker: Composition) -> None:
    contact_id = await contact(worker, "merged")
    first, second = pairs(1)
    older = a_fact(9, "Owns a candle", status="superseded", superseded_by=second.id, valid_to=second.valid_from)
    await plant(worker, contact_id, [first, second, older])
    done = await run(worker, contact_id)
    assert (done["merge_duplicates"].counts["merged"], done["merge_duplicates"].changed) == (1, 3)
    found = await rows(worker, contact_id)
    assert found[first.id][1:3] == (["msg_0", "msg_1"], [f"int_{first.id}", f"int_{second.id}"])
    assert found[older.id][3] == first.id
    assert second.id not in found


async def test_a_run_over_what_was_consolidated_writes_no_memory(worker: Composition) -> None:
    contact_id = await contact(worker, "twice")
    await plant(worker, contact_id, pairs(5))
    await run(worker, contact_id)
    before = await version(worker, contact_id)
    again = await run(worker, contact_id)
    assert {result.changed for result in again.values()} == {0}
    assert await version(worker, contact_id) == before


async def test_a_huge_contact_is_done_in_batches_and_a_crash_in_between_is_taken_up_by_the_next_run(
    worker: Composition, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact_id = await contact(worker, "huge")
    await plant(worker, contact_id, pairs(100))
    monkeypatch.setattr(consolidation, "_BATCH", 20)
    apply, batches = consolidation_plan.apply, 0

    async def dies_at_the_fourth(tx: Transaction, contact: str, units: Sequence[consolidation_plan.Unit]) -> None:
        nonlocal batches
        batches += 1
        await apply(tx, contact, units)
        if batches == 4:
            raise RuntimeError("the process dies")

    monkeypatch.setattr(consolidation_plan, "apply", dies_at_the_fourth)
    with pytest.raises(RuntimeError):
        await run(worker, contact_id, "merge_duplicates")
    halfway = await rows(worker, contact_id)
    assert 100 < len(halfway) < 200
    assert {s for row in halfway.values() for s in row[1]} == {f"msg_{n}" for n in range(200)}
    assert (await consolidation_status(worker.services, TENANT, contact_id)).tasks[0].result is None
    monkeypatch.setattr(consolidation_plan, "apply", apply)
    await run(worker, contact_id, "merge_duplicates")
    after = await rows(worker, contact_id)
    assert len(after) == 100
    assert {s for row in after.values() for s in row[1]} == {f"msg_{n}" for n in range(200)}


async def test_turns_that_come_in_between_plan_and_deed_are_not_lost(
    worker: Composition, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact_id = await contact(worker, "overtaken")
    await plant(worker, contact_id, pairs(30))
    monkeypatch.setattr(consolidation, "_BATCH", 10)
    plan, loop, turns = consolidation_plan.plan, asyncio.get_running_loop(), 0
    held, change, threads = ContextVar("held", default=False), Snapshots.change, set[threading.Thread]()

    async def holding(*given: Any) -> Any:
        token = held.set(True)
        try:
            return await change(*given)
        finally:
            held.reset(token)

    async def tell() -> None:
        nonlocal turns
        turns += 1
        turn = Turn(START + timedelta(days=turns), f"Bought {turns} red kites in town", session_id="s")
        await ingest_interaction(worker.services, TENANT, contact_id, turn)

    def and_then_a_turn_comes_in(*given: Any) -> list[consolidation_plan.Step]:
        steps = plan(*given)
        if held.get():
            threads.add(threading.current_thread())
        elif turns < 6:
            asyncio.run_coroutine_threadsafe(tell(), loop).result(10)
        return steps

    monkeypatch.setattr(consolidation_plan, "plan", and_then_a_turn_comes_in)
    monkeypatch.setattr(Snapshots, "change", holding)
    done = await run(worker, contact_id, "merge_duplicates")
    assert done["merge_duplicates"].counts["merged"] == 30
    snapshot = await worker.services.snapshots.get(TENANT, contact_id)
    assert sum("lamp" in m.content for m in snapshot.memories) == 30
    assert snapshot.state.total_messages == 6
    assert sum("kites" in m.content for m in snapshot.memories if m.type == "episode") == 6
    # The last plan is made while the contact is held; others are answered even then.
    assert threads
    assert threading.main_thread() not in threads


async def test_two_runs_at_once_do_the_work_once(worker: Composition) -> None:
    contact_id = await contact(worker, "at_once")
    await plant(worker, contact_id, pairs(40))
    results = await asyncio.gather(*(run(worker, contact_id) for _ in range(4)))
    assert sum(done["merge_duplicates"].counts.get("merged", 0) for done in results) == 40
    assert len(await rows(worker, contact_id)) == 40


async def test_the_next_read_sees_what_the_deferred_pass_did(worker: Composition) -> None:
    contact_id = await contact(worker, "fresh")
    await plant(worker, contact_id, pairs(3))
    assert len((await worker.services.snapshots.get(TENANT, contact_id)).memories) == 6
    await run(worker, contact_id)
    assert len((await worker.services.snapshots.get(TENANT, contact_id)).memories) == 3


async def test_a_passed_birthday_is_moved_to_the_next_one_in_the_contacts_zone(worker: Composition) -> None:
    contact_id = await contact(worker, "birthday")
    day = datetime(2020, 5, 4, tzinfo=UTC)
    known = a_fact(1, "Has a birthday on 4 May", attribute="birthday")
    await plant(worker, contact_id, [replace(known, event_start=day, event_end=day + timedelta(days=1))])
    done = await run(worker, contact_id, "check_triggers")
    assert done["check_triggers"].counts == {"moved": 1, "upcoming": 1}
    (memory,) = (await worker.services.snapshots.get(TENANT, contact_id)).memories
    assert memory.event_start is not None
    assert memory.event_end is not None
    assert (memory.event_start.month, memory.event_start.day) == (5, 4)
    assert memory.event_end > worker.services.clock()
    assert (await run(worker, contact_id, "check_triggers"))["check_triggers"].counts == {"upcoming": 1}


async def test_a_habit_that_was_deleted_by_hand_is_not_derived_again(worker: Composition) -> None:
    contact_id = await contact(worker, "habit")
    for day in range(10):
        turn = Turn(START + timedelta(days=2 * day, minutes=7 * day), "Long day today", session_id=f"s{day}")
        await ingest_interaction(worker.services, TENANT, contact_id, turn)

    async def patterns() -> set[tuple[str | None, str]]:
        await run(worker, contact_id, "extract_entities")
        memories = (await worker.services.snapshots.get(TENANT, contact_id)).memories
        return {(m.attribute, m.id) for m in memories if m.type == "pattern" and m.status == "current"}

    before = await patterns()
    (hours,) = [memory_id for attribute, memory_id in before if attribute == "usual_hours"]
    await delete_memory(worker.services, TENANT, contact_id, hours)
    assert await patterns() == before - {("usual_hours", hours)}


async def test_deleting_a_successor_hands_its_place_on(worker: Composition) -> None:
    contact_id = await contact(worker, "chain")
    chain = [
        a_fact(n, f"Lives in house {n}", status="superseded", superseded_by=f"mem_{n + 1:05}", valid_to=START)
        for n in range(3)
    ]
    await plant(worker, contact_id, [*chain, a_fact(3, "Lives in house 3")])
    await delete_memory(worker.services, TENANT, contact_id, "mem_00001")
    assert {i: row[3] for i, row in (await rows(worker, contact_id)).items()} == {
        "mem_00000": "mem_00002", "mem_00002": "mem_00003", "mem_00003": None,
    }  # fmt: skip
    await delete_memory(worker.services, TENANT, contact_id, "mem_00003")
    assert {i: row[3] for i, row in (await rows(worker, contact_id)).items()} == {
        "mem_00000": "mem_00002", "mem_00002": None,
    }  # fmt: skip


async def test_what_ended_only_because_of_a_deleted_memory_is_true_again(worker: Composition) -> None:
    contact_id = await contact(worker, "revived")
    day = START + timedelta(days=400)
    plan = a_fact(
        1, "Is going to Turin", attribute="plan", value="Turin", event_start=day, event_end=day + timedelta(days=1),
        status="superseded", superseded_by="mem_00003", valid_to=START,
    )  # fmt: skip
    home = a_fact(0, "Lives in Berlin", status="superseded", superseded_by="mem_00003", valid_to=START)
    habit = a_fact(2, "Usually chats", type="pattern", status="superseded", superseded_by="mem_00003", valid_to=START)
    await plant(worker, contact_id, [home, plan, habit, a_fact(3, "Lives in Porto")])
    await delete_memory(worker.services, TENANT, contact_id, "mem_00003")
    memories = {m.id: m for m in (await worker.services.snapshots.get(TENANT, contact_id)).memories}
    assert {i: (m.status, m.superseded_by) for i, m in memories.items()} == {
        home.id: ("current", None), plan.id: ("current", None), habit.id: ("superseded", None),
    }  # fmt: skip
    assert (memories[home.id].valid_to, memories[plan.id].valid_to) == (None, plan.event_end)


async def test_what_ended_before_a_deleted_memory_that_is_over_stays_over(worker: Composition) -> None:
    contact_id = await contact(worker, "not_revived")
    home = a_fact(0, "Lives in Berlin", status="superseded", superseded_by="mem_00001", valid_to=START)
    await plant(worker, contact_id, [home, a_fact(1, "Lives in Porto", status="expired", valid_to=START)])
    await delete_memory(worker.services, TENANT, contact_id, "mem_00001")
    (left,) = (await worker.services.snapshots.get(TENANT, contact_id)).memories
    assert (left.status, left.superseded_by, left.valid_to) == ("superseded", None, START)


async def test_what_a_turn_asks_to_forget_goes_with_its_earlier_wordings_and_leaves_no_dangling_successor(
    worker: Composition,
) -> None:
    contact_id = await contact(worker, "forgetful")
    said = a_fact(5, "Works as a nurse", attribute="occupation", value="nurse")
    wording = replace(said, id="mem_00005:1", content="Works as a clerk", status="superseded", superseded_by=said.id)
    before = a_fact(1, "Studies law", status="superseded", superseded_by=said.id, valid_to=said.valid_from)
    await plant(worker, contact_id, [said, wording, before])
    turn = Turn(START + timedelta(days=1), "Please forget that I work as a nurse", session_id="s")
    await ingest_interaction(worker.services, TENANT, contact_id, turn)
    found = await rows(worker, contact_id)
    assert {said.id, wording.id} & set(found) == set()
    assert found[before.id][3] is None
    snapshot = await worker.services.snapshots.get(TENANT, contact_id)
    assert {m.id for m in snapshot.memories} == set(found)
    assert all(m.superseded_by is None for m in snapshot.memories)


async def test_how_it_went_is_exported_and_erased_with_the_contact(worker: Composition) -> None:
    contact_id = await contact(worker, "erased")
    await plant(worker, contact_id, pairs(1))
    await run(worker, contact_id, "merge_duplicates")
    noted = (await export_contact(worker.services, TENANT, contact_id)).archive.tables["consolidation"]
    assert [row["task"] for row in noted] == ["merge_duplicates"]
    await delete_all_memories(worker.services, TENANT, contact_id)
    assert (await export_contact(worker.services, TENANT, contact_id)).archive.tables["consolidation"] == []
    await run(worker, contact_id)
    await delete_contact(worker.services, TENANT, contact_id)
    async with worker.services.database.transaction(TENANT) as tx:
        left: Any = await tx.execute(
            text("SELECT count(*) FROM consolidation_tasks WHERE contact_id = :contact"), {"contact": contact_id}
        )
        assert left.scalar_one() == 0
    with pytest.raises(NotFound):
        await run(worker, contact_id)
    with pytest.raises(NotFound):
        await consolidation_status(worker.services, TENANT, contact_id)
