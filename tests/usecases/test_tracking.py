"""What is told of users' doings is in the log once, and the graph is what the log makes of it."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.composition import Composition
from server.domain.errors import InvalidInput, NotFound
from server.domain.tracking import Told, fold, taken
from server.usecases.contacts import delete_contact
from server.usecases.forgetting import Forgotten
from server.usecases.memories import delete_all_memories
from server.usecases.tenants import NewTenant, create_tenant, delete_tenant
from server.usecases.tracking import project_everywhere, record_interaction
from tests.usecases.provider_steps import contact, number
from tests.usecases.tracking_steps import START, project, rows, stored, tell, told


async def count(parts: Composition, tenant: str, table: str) -> int:
    return int((await rows(parts, tenant, f"SELECT count(*) FROM {table}"))[0][0])


async def test_what_is_told_is_an_event_and_edges_from_it(parts: Composition, tenant: str) -> None:
    (event,) = await tell(parts, tenant, told("recall", metadata={"query": "kayaks"}))
    await tell(
        parts,
        tenant,
        told("peel", 1, event_id=event, artifact_id="a"),
        told("keep", 2, event_id=event, artifact_id="a"),
    )
    assert await project(parts, tenant) == 3
    graph = await stored(parts, tenant)
    assert graph.events[event].metadata == {"query": "kayaks"}
    assert sorted((e.kind, e.event_id, e.artifact_id, e.parked) for e in graph.edges.values()) == [
        ("keep", event, "a", False), ("peel", event, "a", False),
    ]  # fmt: skip


async def test_the_same_told_twice_is_one_and_has_the_same_event(parts: Composition, tenant: str) -> None:
    one = told("recall", metadata={"a": 1, "b": 2})
    events = await tell(parts, tenant, one, told("recall", metadata={"b": 2, "a": 1}))
    assert len(set(events)) == 1
    assert await count(parts, tenant, "tracking_log") == 1
    (other,) = await tell(parts, tenant, told("recall", 1, metadata={"a": 1, "b": 2}))
    assert other != events[0]


async def test_of_one_interaction_id_the_first_holds(parts: Composition, tenant: str) -> None:
    first, second = await tell(
        parts, tenant,
        told("recall", interaction_id="i1", metadata={"query": "first"}),
        told("workspace", 5, interaction_id="i1", event_id="elsewhere"),
    )  # fmt: skip
    assert first == second
    assert await rows(parts, tenant, "SELECT kind, metadata FROM tracking_log") == [("recall", {"query": "first"})]


async def test_an_event_is_started_once(parts: Composition, tenant: str) -> None:
    assert await tell(parts, tenant, told("recall", event_id="e"), told("workspace", 1, event_id="e")) == ["e", "e"]
    await project(parts, tenant)
    assert {id_: event.kind for id_, event in (await stored(parts, tenant)).events.items()} == {"e": "recall"}


async def test_an_edge_without_an_event_has_one_made(parts: Composition, tenant: str) -> None:
    edge = told("keep", artifact_id="a", interaction_id="i1")
    (event, again) = await tell(parts, tenant, edge, edge)
    assert event == again
    # Told later with an event of its own, it is known by its id, and no further event comes of it.
    await tell(parts, tenant, told("keep", artifact_id="a", interaction_id="i1", event_id="other"))
    await project(parts, tenant)
    graph = await stored(parts, tenant)
    assert [(id_, e.kind, e.user_id) for id_, e in graph.events.items()] == [(event, "recall", "ada")]
    assert [e.parked for e in graph.edges.values()] == [False]


async def test_an_edge_waits_for_its_event(parts: Composition, tenant: str) -> None:
    await tell(parts, tenant, told("peel", artifact_id="a", event_id="late"))
    await project(parts, tenant)
    assert [e.parked for e in (await stored(parts, tenant)).edges.values()] == [True]
    await tell(parts, tenant, told("workspace", event_id="late"))
    await project(parts, tenant)
    assert [e.parked for e in (await stored(parts, tenant)).edges.values()] == [False]


@pytest.mark.parametrize(
    ("one", "field"),
    [
        (told("peel", event_id="e"), "artifact_id"),
        (told("recall", occurred_at=START + timedelta(days=10_000)), "timestamp"),
        (told("recall", metadata={"k" * 65: 1}), "metadata"),
    ],
)
async def test_what_cannot_be_is_refused_by_field(parts: Composition, tenant: str, one: Told, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await record_interaction(parts.services, tenant, one)
    assert [violation.field for violation in refused.value.violations] == [field]
    assert await count(parts, tenant, "tracking_log") == 0


async def test_an_unknown_contact_is_not_found(parts: Composition, tenant: str) -> None:
    with pytest.raises(NotFound):
        await record_interaction(parts.services, tenant, told("recall", contact_id="ct_nobody"))
    assert (
        await count(parts, tenant, "procrastinate_jobs WHERE args ->> 'tenant_id' = current_setting('app.tenant')") == 0
    )


async def test_many_at_once_are_all_taken_and_one_job_waits_for_them(parts: Composition, tenant: str) -> None:
    await asyncio.gather(*(tell(parts, tenant, told("recall", n)) for n in range(40)))
    waiting = "procrastinate_jobs WHERE status = 'todo' AND args ->> 'tenant_id' = current_setting('app.tenant')"
    assert (await count(parts, tenant, "tracking_log"), await count(parts, tenant, waiting)) == (40, 1)
    # Two that project at once do the work once.
    done = await asyncio.gather(project(parts, tenant), project(parts, tenant))
    assert sum(done) == 40


@pytest.mark.parametrize("late", [False, True])
async def test_edges_go_with_the_contact_of_their_event_also_when_it_comes_late(
    parts: Composition, tenant: str, late: bool
) -> None:
    contact_id = await contact(parts, tenant)
    start, edge = told("recall", event_id="e", contact_id=contact_id), told("peel", 1, event_id="e", artifact_id="a")
    for one in (edge, start) if late else (start, edge):
        await tell(parts, tenant, one)
        await project(parts, tenant)
    await tell(parts, tenant, told("peel", 2, event_id="e", artifact_id="b"))
    await project(parts, tenant)
    assert {e.contact_id for e in (await stored(parts, tenant)).edges.values()} == {contact_id}
    # One that was told in between, and is in the log alone.
    await tell(parts, tenant, told("peel", 3, event_id="e", artifact_id="c"))
    await delete_contact(parts.services, tenant, contact_id)
    assert [await count(parts, tenant, t) for t in ("tracking_log", "graph_events", "graph_edges")] == [0, 0, 0]
    with pytest.raises(NotFound):
        await record_interaction(parts.services, tenant, start)
    assert await project(parts, tenant) == 0


async def test_forgetting_takes_the_contacts_tracking_with_it_also_while_it_is_projected(
    parts: Composition, tenant: str
) -> None:
    contact_id = await contact(parts, tenant)
    for n in range(60):
        await tell(parts, tenant, told("recall", n, contact_id=contact_id))
    forgotten, _ = await asyncio.gather(delete_all_memories(parts.services, tenant, contact_id), project(parts, tenant))
    assert isinstance(forgotten, Forgotten)
    assert [await count(parts, tenant, t) for t in ("tracking_log", "graph_events")] == [0, 0]


async def test_a_tenant_is_deleted_with_its_graph(parts: Composition) -> None:
    tenant = f"tnt_{next(number)}"
    await create_tenant(parts.administration, NewTenant(tenant))
    await tell(parts, tenant, told("recall", event_id="e"), told("keep", event_id="e", artifact_id="a"))
    await project(parts, tenant)
    deleted = await delete_tenant(parts.administration, tenant)
    assert deleted.verified
    counts = {name: deleted.rows[name] for name in ("tracking_log", "graph_heads", "graph_events", "graph_edges")}
    assert counts == {"tracking_log": 2, "graph_heads": 1, "graph_events": 1, "graph_edges": 1}


async def test_what_waits_without_a_job_is_found_by_the_schedule(parts: Composition, tenant: str) -> None:
    await tell(parts, tenant, told("recall", event_id="e"))
    await rows(parts, tenant, "DELETE FROM procrastinate_jobs RETURNING id")
    await project_everywhere(parts.services)
    assert set((await stored(parts, tenant)).events) == {"e"}


EVENT = st.sampled_from(["e1", "e2", "e3"])
DELIVERIES = st.lists(
    st.one_of(
        EVENT.map(lambda e: told("recall", event_id=e, interaction_id=f"start-{e}", metadata={"of": e})),
        st.builds(
            lambda kind, n, event, artifact: told(
                kind, n, event_id=event, artifact_id=artifact, interaction_id=f"{kind}-{n}-{event}-{artifact}"
            ),
            st.sampled_from(["peel", "keep", "mark_good", "mark_bad"]),
            st.integers(0, 3),
            st.one_of(st.none(), EVENT),
            st.sampled_from(["a1", "a2"]),
        ),
    ),
    max_size=10,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DELIVERIES, st.data())
async def test_any_order_with_any_repeats_and_any_pauses_makes_the_same_graph(
    parts: Composition, deliveries: list[Told], data: st.DataObject
) -> None:
    tenant = f"tnt_{next(number)}"
    await create_tenant(parts.administration, NewTenant(tenant))
    repeated = deliveries + [one for one in deliveries if data.draw(st.booleans())]
    for one in data.draw(st.permutations(repeated)):
        await tell(parts, tenant, one)
        if data.draw(st.booleans()):
            await project(parts, tenant)
    await project(parts, tenant)
    assert await stored(parts, tenant) == fold(taken(tenant, deliveries))
