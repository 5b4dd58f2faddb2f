"""Calls and tracking that are told of while their contact is part of another."""

import asyncio
from itertools import count

from server.composition import Composition
from server.usecases import calls
from server.usecases.contacts import NewContact, create_contact, delete_contact
from server.usecases.merges import merge_contacts
from server.usecases.unmerging import undo_merge
from tests.usecases import tracking_steps
from tests.usecases.call_steps import rows, told

number = count()
OWNERS = (
    "SELECT contact_id FROM memories UNION SELECT contact_id FROM calls UNION SELECT contact_id FROM interactions"
    " UNION SELECT contact_id FROM call_events"
)


async def known(parts: Composition, tenant: str) -> str:
    made = await create_contact(parts.services, tenant, NewContact(f"web_{next(number)}", "webchat"))
    return made.profile.id


async def test_all_that_came_of_a_call_since_a_merge_goes_back_with_it(parts: Composition, tenant: str) -> None:
    kept, other = await known(parts, tenant), await known(parts, tenant)
    first = told("CA1", 1, contact_id=other, status="completed", duration=60.0, summary="Asked for roses.")
    await calls.tell(parts.services, tenant, first)
    await calls.tell(parts.services, tenant, told("CA2", 1, contact_id=other, status="ringing"))
    merged = await merge_contacts(parts.services, tenant, kept, other)
    await calls.tell(parts.services, tenant, told("CA1", 9, summary="Asked when the roses come."))
    await calls.tell(
        parts.services, tenant, told("CA2", 9, status="completed", duration=5.0, summary="Asked for lamps.")
    )
    await undo_merge(parts.services, tenant, merged.merge.merge_id)
    assert await rows(parts, tenant, OWNERS) == [{"contact_id": other}]
    assert len(await rows(parts, tenant, "SELECT FROM memories")) == 2
    assert await rows(parts, tenant, "SELECT sequence FROM memories WHERE sequence >= 0") == []
    await delete_contact(parts.services, tenant, other)
    assert await rows(parts, tenant, OWNERS) == []


async def test_calls_told_of_during_merges_and_undoings_are_all_with_one_contact(
    parts: Composition, tenant: str
) -> None:
    kept, other = await known(parts, tenant), await known(parts, tenant)

    async def tell(n: int) -> None:
        one = told(f"C{n}", 1, contact_id=other, status="completed", duration=60.0, summary=f"Talk number {n}.")
        await calls.tell(parts.services, tenant, one)

    async def merge() -> None:
        merged = await merge_contacts(parts.services, tenant, kept, other)
        await undo_merge(parts.services, tenant, merged.merge.merge_id)
        await merge_contacts(parts.services, tenant, kept, other)

    await asyncio.gather(*(tell(n) for n in range(20)), merge(), *(tell(n) for n in range(20)))
    assert await rows(parts, tenant, OWNERS) == [{"contact_id": kept}]
    for table in ("calls", "interactions", "memories", "call_events"):
        assert len(await rows(parts, tenant, f"SELECT FROM {table}")) == 20, table


async def test_edges_told_since_a_merge_go_back_with_their_event(parts: Composition, tenant: str) -> None:
    kept, other = await known(parts, tenant), await known(parts, tenant)
    (event,) = await tracking_steps.tell(parts, tenant, tracking_steps.told("recall", contact_id=other))
    await tracking_steps.project(parts, tenant)
    merged = await merge_contacts(parts.services, tenant, kept, other)
    keep = tracking_steps.told("keep", 1, event_id=event, artifact_id="map-17")
    await tracking_steps.tell(parts, tenant, keep)
    await tracking_steps.project(parts, tenant)
    await undo_merge(parts.services, tenant, merged.merge.merge_id)
    graph = await tracking_steps.stored(parts, tenant)
    assert {one.contact_id for one in graph.edges.values()} == {other}
    await delete_contact(parts.services, tenant, other)
    assert await rows(parts, tenant, "SELECT kind FROM tracking_log UNION SELECT kind FROM graph_edges") == []
