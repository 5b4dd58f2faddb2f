"""Memories written down and looked for on two processes at once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import cycle

import pytest
from pydantic import SecretStr

from server.composition import Composition
from server.config import Settings
from server.domain.errors import NotFound
from server.domain.writing import Note, Written
from server.embedded.stores import EmbeddedStores
from server.usecases.contacts import NewContact, create_contact, delete_contact
from server.usecases.context import ContextQuestion, get_contact_context
from server.usecases.memories import EntityQuery, MemoryQuery, list_entities, list_memories
from server.usecases.memory_search import MemorySearch, search_memories
from server.usecases.memory_writing import create_memory
from server.usecases.tenants import NewTenant, create_tenant

TENANT = "note_takers"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


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


async def note(worker: Composition, contact_id: str, content: str, day: int = 0, source: str = "crm:1") -> Written:
    told = Note(content, START + timedelta(days=day), sources=(source,))
    return await create_memory(worker.services, TENANT, contact_id, told)


async def test_the_same_note_from_many_at_once_is_stored_once_with_all_its_sources(workers: list[Composition]) -> None:
    contact_id = await contact(workers[0], "same")
    sent = [(worker, n) for n, worker in zip(range(12), cycle(workers), strict=False)]
    written = await asyncio.gather(
        *(note(worker, contact_id, "Has a cat named Miso", source=f"s{n}") for worker, n in sent)
    )
    assert sum(w.created for w in written) == 1
    assert len({w.memory.id for w in written}) == 1
    for worker in workers:
        snapshot = await worker.services.snapshots.get(TENANT, contact_id)
        (memory,) = snapshot.memories
        assert set(memory.sources) == {f"s{n}" for _, n in sent}
        assert [e.id for e in snapshot.entities] == ["pet:miso"]


async def test_homes_noted_at_once_in_any_order_leave_one_current(workers: list[Composition]) -> None:
    contact_id = await contact(workers[0], "homes")
    homes = [("Berlin", 5), ("Porto", 30), ("Turin", 1), ("Oslo", 12)]
    await asyncio.gather(
        *(
            note(worker, contact_id, f"Lives in {city}", day)
            for worker, (city, day) in zip(cycle(workers), homes, strict=False)
        )
    )
    memories = (await workers[1].services.snapshots.get(TENANT, contact_id)).memories
    assert [m.value for m in memories if m.status == "current"] == ["Porto"]
    assert len({m.sequence for m in memories}) == len(homes)
    in_order = sorted(memories, key=lambda m: m.valid_from)
    assert [m.valid_to for m in in_order] == [m.valid_from for m in in_order[1:]] + [None]


async def test_a_search_counts_no_access_where_a_context_does(workers: list[Composition]) -> None:
    contact_id = await contact(workers[0], "looked_at")
    memory_id = (await note(workers[0], contact_id, "Wants to sell a kayak")).memory.id
    services = workers[0].services

    async def accesses() -> int:
        await services.accesses.flush()
        snapshot = await services.snapshots.read(TENANT, contact_id)
        return next(m.access_count for m in snapshot.memories if m.id == memory_id)

    (found,) = await search_memories(services, TENANT, MemorySearch(contact_id, "kayak"))
    assert (found.memory.id, await accesses()) == (memory_id, 0)
    await get_contact_context(services, TENANT, ContextQuestion(contact_id, "kayak"))
    assert await accesses() == 1


async def test_what_is_over_by_itself_is_neither_listed_nor_counted_but_known_of_then(
    workers: list[Composition],
) -> None:
    contact_id = await contact(workers[0], "over")
    await note(workers[0], contact_id, "Has a cat named Miso")
    wish = await create_memory(
        workers[0].services, TENANT, contact_id,
        Note("Wants a second bed for Miso", START + timedelta(days=1), attribute="wants", value="second bed"),
    )  # fmt: skip
    assert wish.memory.valid_to is not None
    services = workers[0].services
    before, after = (wish.memory.valid_to + timedelta(seconds=s) for s in (-1, 1))

    async def known(now: datetime, as_of: datetime | None = None) -> tuple[int, int, list[str | None]]:
        then = replace(services, clock=lambda: now)
        page = await list_memories(then, TENANT, MemoryQuery(contact_id, as_of=as_of))
        counts = [e.memory_count for e in (await list_entities(then, TENANT, EntityQuery(contact_id))).entities]
        return page.total, sum(counts), sorted(m.attribute for m in page.memories)

    assert await known(before) == (2, 2, ["pet", "wants"])
    assert await known(after) == (1, 1, ["pet"])
    assert await known(after, before) == (2, 1, ["pet", "wants"])


async def test_a_note_that_comes_after_the_erasure_brings_nothing_back(workers: list[Composition]) -> None:
    contact_id = await contact(workers[0], "erased")
    await note(workers[0], contact_id, "Has a cat named Miso")
    await delete_contact(workers[1].services, TENANT, contact_id)
    with pytest.raises(NotFound):
        await note(workers[0], contact_id, "Wants to sell a kayak")
    with pytest.raises(NotFound):
        await search_memories(workers[0].services, TENANT, MemorySearch(contact_id, "cat"))
