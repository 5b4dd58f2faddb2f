"""Touchpoints on the real stores, on two processes."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from buf.validate import validate_pb2
from kith.interaction.v1 import interaction_pb2 as pb

from server.composition import Composition
from server.domain.errors import Conflict, InvalidInput, NotFound
from server.domain.interaction import InteractionChange, NewInteraction
from server.embedded.stores import EmbeddedStores
from server.usecases.contacts import delete_contact
from server.usecases.interaction_bulk import create_interactions
from server.usecases.interactions import (
    create_interaction,
    delete_interaction,
    get_interaction,
    update_interaction,
)
from server.usecases.memories import delete_all_memories
from store import contacts, interactions
from store.tables.interaction import KINDS
from tests.usecases.conftest import settings_for
from tests.usecases.interaction_steps import contact, record, row, walk


@pytest.fixture(scope="module")
async def other(stores: EmbeddedStores, database_name: str, parts: Composition) -> AsyncIterator[Composition]:
    """A second process on the same stores."""
    async with Composition(settings_for(stores, database_name)) as running:
        yield running


async def version(worker: Composition, tenant: str, contact_id: str) -> int:
    return (await worker.services.snapshots.get(tenant, contact_id)).version


async def test_a_touchpoint_is_stored_as_it_was_told(parts: Composition, tenant: str) -> None:
    contact_id = await contact(parts, tenant)
    before = datetime.now(UTC)
    made = await record(parts, tenant, contact_id, "call", content="About the lease", metadata={"duration_minutes": 5})
    stored = await get_interaction(parts.services, tenant, made.interaction_id)
    assert (stored.row, stored.contact_name) == (made, "Imre")
    assert (made.kind, made.content, made.metadata, made.origin) == (
        "call", "About the lease", {"duration_minutes": 5}, "api",
    )  # fmt: skip
    assert before <= made.occurred_at == made.created_at == made.updated_at <= datetime.now(UTC)


async def test_every_change_is_in_the_next_snapshot_of_every_process(
    parts: Composition, other: Composition, tenant: str
) -> None:
    contact_id = await contact(parts, tenant)
    versions = [await version(other, tenant, contact_id)]
    made = await record(parts, tenant, contact_id)
    versions.append(await version(other, tenant, contact_id))
    await update_interaction(other.services, tenant, made.interaction_id, InteractionChange(kind="meeting"))
    versions.append(await version(parts, tenant, contact_id))
    await delete_interaction(parts.services, tenant, made.interaction_id)
    versions.append(await version(other, tenant, contact_id))
    assert versions == sorted(set(versions))


async def warmth(worker: Composition, tenant: str, contact_id: str) -> float:
    async with worker.services.database.transaction(tenant) as tx:
        row = await contacts.get(tx, contact_id)
    assert row is not None
    return row.warmth


async def test_every_change_moves_the_warmth_with_it(parts: Composition, tenant: str) -> None:
    contact_id = await contact(parts, tenant)
    call, note = await record(parts, tenant, contact_id, "call"), await record(parts, tenant, contact_id, "note")
    assert await warmth(parts, tenant, contact_id) == 12
    await update_interaction(parts.services, tenant, note.interaction_id, InteractionChange(kind="meeting"))
    assert await warmth(parts, tenant, contact_id) == 16
    longer = InteractionChange(metadata={"duration_minutes": 60, "sentiment": "very_positive"})
    await update_interaction(parts.services, tenant, call.interaction_id, longer)
    assert await warmth(parts, tenant, contact_id) > 16
    for made in (call, note):
        await delete_interaction(parts.services, tenant, made.interaction_id)
    assert await warmth(parts, tenant, contact_id) == 0
    await create_interactions(
        parts.services, tenant, [NewInteraction(contact_id, "note"), NewInteraction(contact_id, "email")]
    )
    assert await warmth(parts, tenant, contact_id) == 10.5


async def test_an_unknown_contact_is_told_of_and_nothing_is_stored(parts: Composition, tenant: str) -> None:
    with pytest.raises(NotFound) as error:
        await create_interaction(parts.services, tenant, NewInteraction("ct_nobody", "note"))
    assert error.value.reason == "CONTACT_NOT_FOUND"
    assert await walk(parts, tenant, {}) == []


@pytest.mark.parametrize("given", [timedelta(minutes=5, seconds=30), -timedelta(days=365 * 80)])
async def test_what_is_yet_to_come_or_long_before_all_chats_is_refused(
    parts: Composition, tenant: str, given: timedelta
) -> None:
    contact_id = await contact(parts, tenant)
    at = datetime.now(UTC) + given
    with pytest.raises(InvalidInput, match="occurred_at"):
        await create_interaction(parts.services, tenant, NewInteraction(contact_id, "note", occurred_at=at))
    made = await record(parts, tenant, contact_id, occurred_at=datetime.now(UTC) + timedelta(minutes=4, seconds=30))
    with pytest.raises(InvalidInput, match="occurred_at"):
        await update_interaction(parts.services, tenant, made.interaction_id, InteractionChange(occurred_at=at))


async def test_an_external_id_is_recorded_once_however_many_come_at_once(
    parts: Composition, other: Composition, tenant: str
) -> None:
    one, two = await contact(parts, tenant), await contact(parts, tenant)
    told = [
        (worker, NewInteraction(contact_id, "note", f"{n}", external_id="crm-17"))
        for n, (worker, contact_id) in enumerate([(parts, one), (other, one), (parts, two), (other, two)] * 4)
    ]
    made = await asyncio.gather(*(create_interaction(worker.services, tenant, new) for worker, new in told))
    assert sum(one.created for one in made) == 1
    assert len({one.named.row.interaction_id for one in made}) == 1
    assert len(await walk(parts, tenant, {})) == 1


async def test_the_same_external_id_again_changes_nothing(parts: Composition, tenant: str) -> None:
    contact_id = await contact(parts, tenant)
    made = await record(parts, tenant, contact_id, content="first", external_id="crm-1")
    at = await version(parts, tenant, contact_id)
    again = await create_interaction(
        parts.services, tenant, NewInteraction(contact_id, "call", "second", external_id="crm-1")
    )
    assert (again.created, again.named.row) == (False, made)
    assert await version(parts, tenant, contact_id) == at


async def test_external_ids_of_two_tenants_have_nothing_to_do_with_each_other(
    parts: Composition, tenant: str, another_tenant: str
) -> None:
    made = await record(parts, tenant, await contact(parts, tenant), external_id="crm-1")
    theirs = await record(parts, another_tenant, await contact(parts, another_tenant), external_id="crm-1")
    assert made.interaction_id != theirs.interaction_id
    with pytest.raises(NotFound):
        await get_interaction(parts.services, tenant, theirs.interaction_id)
    with pytest.raises(NotFound):
        await delete_interaction(parts.services, tenant, theirs.interaction_id)


async def test_a_change_merges_the_metadata_and_leaves_what_it_does_not_name(parts: Composition, tenant: str) -> None:
    made = await record(
        parts, tenant, await contact(parts, tenant), "call", content="About the lease",
        metadata={"outcome": "open", "duration_minutes": 5, "tags": ["a"]},
    )  # fmt: skip
    change = InteractionChange(metadata={"outcome": "signed", "tags": None, "value": 7})
    changed = (await update_interaction(parts.services, tenant, made.interaction_id, change)).row
    assert changed == replace(
        made,
        metadata={"outcome": "signed", "duration_minutes": 5, "value": 7},
        updated_at=changed.updated_at,
        quality=changed.quality,
    )
    assert changed.updated_at > made.updated_at
    assert (await get_interaction(parts.services, tenant, made.interaction_id)).row == changed
    emptied = await update_interaction(parts.services, tenant, made.interaction_id, InteractionChange(content=""))
    assert emptied.row.content is None


async def test_what_a_change_makes_too_large_is_refused_whole(parts: Composition, tenant: str) -> None:
    made = await record(parts, tenant, await contact(parts, tenant), metadata={"a": "x" * 10_000})
    with pytest.raises(InvalidInput, match="metadata"):
        change = InteractionChange(content="new", metadata={"b": "x" * 10_000})
        await update_interaction(parts.services, tenant, made.interaction_id, change)
    assert (await get_interaction(parts.services, tenant, made.interaction_id)).row == made
    swapped = InteractionChange(metadata={"a": None, "b": "x" * 10_000})
    assert set((await update_interaction(parts.services, tenant, made.interaction_id, swapped)).row.metadata) == {"b"}


async def test_a_change_to_what_it_is_already_changes_nothing(parts: Composition, tenant: str) -> None:
    contact_id = await contact(parts, tenant)
    made = await record(parts, tenant, contact_id, "call", content="x", metadata={"a": 1})
    at = await version(parts, tenant, contact_id)
    same = InteractionChange(kind="call", content="x", metadata={"a": 1, "b": None}, occurred_at=made.occurred_at)
    for change in (same, InteractionChange()):
        assert (await update_interaction(parts.services, tenant, made.interaction_id, change)).row == made
    assert await version(parts, tenant, contact_id) == at


async def test_many_changes_at_once_are_all_there_in_the_end(
    parts: Composition, other: Composition, tenant: str
) -> None:
    made = await record(parts, tenant, await contact(parts, tenant))
    workers = (parts, other)
    await asyncio.gather(
        *(
            update_interaction(
                workers[n % 2].services, tenant, made.interaction_id, InteractionChange(metadata={f"k{n}": n})
            )
            for n in range(12)
        )
    )
    stored = await get_interaction(other.services, tenant, made.interaction_id)
    assert stored.row.metadata == {f"k{n}": n for n in range(12)}


async def test_what_is_removed_is_gone(parts: Composition, tenant: str) -> None:
    contact_id = await contact(parts, tenant)
    made, kept = await record(parts, tenant, contact_id), await record(parts, tenant, contact_id)
    await delete_interaction(parts.services, tenant, made.interaction_id)
    assert await walk(parts, tenant, {}) == [kept.interaction_id]
    for again in (delete_interaction, get_interaction):
        with pytest.raises(NotFound) as error:
            await again(parts.services, tenant, made.interaction_id)
        assert error.value.reason == "INTERACTION_NOT_FOUND"


async def test_what_another_surface_recorded_is_changed_there(parts: Composition, tenant: str) -> None:
    contact_id = await contact(parts, tenant)
    call = row(tenant, contact_id, "int_call", kind="call", origin="call", origin_id="call_1")
    async with parts.services.database.transaction(tenant) as tx:
        await interactions.put(tx, call)
        assert await interactions.by_origin(tx, "call", "call_1") == call
    for refused in (
        update_interaction(parts.services, tenant, "int_call", InteractionChange(kind="note")),
        delete_interaction(parts.services, tenant, "int_call"),
    ):
        with pytest.raises(Conflict) as error:
            await refused
        assert error.value.details == {"origin": "call", "origin_id": "call_1"}


async def test_what_is_put_again_is_what_it_is_by_now(parts: Composition, tenant: str) -> None:
    contact_id = await contact(parts, tenant)
    first = row(tenant, contact_id, "int_put", kind="call", origin="call", origin_id="call_2")
    second = replace(first, content="Signed", metadata={"a": 1}, created_at=datetime.now(UTC), quality=0.5)
    async with parts.services.database.transaction(tenant) as tx:
        await interactions.put(tx, first)
        await interactions.put(tx, second)
        assert await interactions.by_origin(tx, "call", "call_2") == replace(second, created_at=first.created_at)


async def test_they_go_with_their_contact_and_with_what_is_forgotten_of_it(parts: Composition, tenant: str) -> None:
    erased, forgotten, kept = [await contact(parts, tenant) for _ in range(3)]
    for contact_id in (erased, forgotten, kept):
        await record(parts, tenant, contact_id)
    gone = await delete_contact(parts.services, tenant, erased)
    assert gone.counts["interactions"] == 1
    await delete_all_memories(parts.services, tenant, forgotten)
    assert await walk(parts, tenant, {"contact_id": forgotten}) == []
    assert len(await walk(parts, tenant, {})) == 1
    with pytest.raises(NotFound):
        await create_interaction(parts.services, tenant, NewInteraction(erased, "note"))


async def test_a_touchpoint_told_while_its_contact_is_erased_leaves_nothing(
    parts: Composition, other: Composition, tenant: str
) -> None:
    for _ in range(5):
        contact_id = await contact(parts, tenant)
        told = [create_interaction(other.services, tenant, NewInteraction(contact_id, "note")) for _ in range(4)]
        results: list[Any] = await asyncio.gather(
            *told[:2], delete_contact(parts.services, tenant, contact_id), *told[2:], return_exceptions=True
        )
        assert all(isinstance(one, NotFound) for one in results if isinstance(one, BaseException))
        assert await walk(parts, tenant, {}) == []


def test_the_kinds_of_the_indexes_are_those_of_the_contract() -> None:
    rules = pb.Interaction.DESCRIPTOR.fields_by_name["kind"].GetOptions().Extensions[validate_pb2.field]
    assert list(getattr(rules.string, "in")) == list(KINDS)
