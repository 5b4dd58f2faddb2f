"""The graph answers questions, is made anew from its log identically, and leaves whole as a document."""

import asyncio
import json
import xml.etree.ElementTree as ElementTree
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from server.composition import Composition
from server.domain.errors import Conflict, NotFound
from server.domain.graph import Node, node
from server.domain.tracking import fold, taken
from server.usecases import graph
from server.usecases.contacts import delete_contact
from server.usecases.graph_export import export_graph
from server.usecases.graph_rebuild import rebuild_graph
from store import graph as store
from tests.usecases.provider_steps import contact, number
from tests.usecases.tracking_steps import START, project, rows, stored, tell, told

TOLD = [
    told("recall", 0, event_id="e1", metadata={"query": "boats & <sails>", "odd": "a\u0001b\ufffe\U0001f600"}),
    told("recall", 1, event_id="e2", user_id="ben"),
    told("workspace", 2, event_id="e3"),
    told("peel", 3, event_id="e1", artifact_id="a"),
    told("keep", 4, event_id="e1", artifact_id="a"),
    told("keep", 5, event_id="e1", artifact_id="b"),
    told("keep", 6, event_id="e2", artifact_id="a"),
    told("keep", 7, event_id="e2", artifact_id="b"),
    told("keep", 8, event_id="e2", artifact_id="c"),
    told("mark_bad", 9, event_id="e3", artifact_id="c"),
    told("keep", 10, event_id="e3", artifact_id="a"),
    told("keep", 11, event_id="never", artifact_id="a"),
]


@pytest.fixture
async def filled(parts: Composition, tenant: str) -> str:
    await tell(parts, tenant, *TOLD)
    await project(parts, tenant)
    return tenant


async def test_an_event_is_shown_with_its_edges_the_oldest_first(parts: Composition, filled: str) -> None:
    event, edges = await graph.get_event(parts.services, filled, "e1")
    assert (event.kind, event.user_id) == ("recall", "ada")
    assert [(edge.kind, edge.artifact_id) for edge in edges] == [("peel", "a"), ("keep", "a"), ("keep", "b")]
    with pytest.raises(NotFound):
        await graph.get_event(parts.services, filled, "never")


async def test_engagement_counts_what_became_of_an_artifact(parts: Composition, filled: str) -> None:
    found = await graph.artifact_engagement(parts.services, filled, "a", None)
    assert (found.peels, found.keeps, found.events, found.kept_in, found.users) == (1, 3, 3, 3, 2)
    assert found.first_at == START + timedelta(seconds=3)
    later = await graph.artifact_engagement(parts.services, filled, "a", START + timedelta(seconds=6))
    assert (later.peels, later.keeps, later.events) == (0, 2, 2)
    nothing = await graph.artifact_engagement(parts.services, filled, "unheard", None)
    assert (nothing.events, nothing.first_at) == (0, None)


async def test_artifacts_kept_along_come_with_their_figures(parts: Composition, filled: str) -> None:
    found, keeps = await graph.co_kept(parts.services, filled, "a", 20)
    assert keeps == 3
    assert [(one.artifact_id, one.together, one.keeps) for one in found] == [("b", 2, 2), ("c", 1, 1)]
    assert await graph.co_kept(parts.services, filled, "unheard", 20) == ([], 0)


async def test_a_users_figures_are_of_the_events_that_are_theirs(parts: Composition, filled: str) -> None:
    found = await graph.user_stats(parts.services, filled, "ada", None)
    assert (found.recalls, found.workspaces, found.peels, found.keeps, found.bad, found.artifacts) == (1, 1, 1, 3, 1, 3)
    assert (found.first_at, found.last_at) == (START, START + timedelta(seconds=10))
    nobody = await graph.user_stats(parts.services, filled, "zoe", None)
    assert (nobody.recalls, nobody.first_at) == (0, None)


async def near(parts: Composition, tenant: str, name: str, **how: Any) -> graph.Neighbourhood:
    usual = {"depth": 1, "kinds": (), "limit": 100}
    return await graph.neighbors(parts.services, tenant, node(name), **{**usual, **how})


async def test_neighbours_are_found_step_by_step_with_the_links_between_them(parts: Composition, filled: str) -> None:
    one = await near(parts, filled, "event:e1")
    assert {str(n): depth for n, depth in one.nodes.items()} == {
        "event:e1": 0, "artifact:a": 1, "artifact:b": 1, "user:ada": 1,
    }  # fmt: skip
    assert [(str(x.source), str(x.target), x.kind, x.times) for x in one.links] == [
        ("event:e1", "artifact:a", "keep", 1), ("event:e1", "artifact:a", "peel", 1),
        ("event:e1", "artifact:b", "keep", 1), ("user:ada", "event:e1", "started", 1),
    ]  # fmt: skip
    assert not one.truncated
    two = await near(parts, filled, "event:e1", depth=2)
    assert {str(n) for n, depth in two.nodes.items() if depth == 2} == {"event:e2", "event:e3"}
    three = await near(parts, filled, "event:e1", depth=3)
    assert {str(n) for n, depth in three.nodes.items() if depth == 3} == {"artifact:c", "user:ben"}
    assert ("event:e3", "artifact:c", "mark_bad") in {(str(x.source), str(x.target), x.kind) for x in three.links}


async def test_neighbours_keep_to_the_kinds_and_to_the_limit(parts: Composition, filled: str) -> None:
    found = await near(parts, filled, "event:e1", depth=3, kinds=["peel"])
    assert set(map(str, found.nodes)) == {"event:e1", "artifact:a"}
    users = await near(parts, filled, "user:ada", kinds=["started"])
    assert set(map(str, users.nodes)) == {"user:ada", "event:e1", "event:e3"}
    few = await near(parts, filled, "artifact:a", depth=3, limit=3)
    assert (len(few.nodes), few.truncated) == (3, True)
    with pytest.raises(NotFound):
        await near(parts, filled, "event:never")


async def test_paths_are_the_shortest_ways(parts: Composition, filled: str) -> None:
    async def ways(source: str, target: str, most: int = 6, limit: int = 20) -> list[str]:
        found = await graph.find_paths(parts.services, filled, node(source), node(target), max_length=most, limit=limit)
        return sorted("-".join(n.id for n in path.nodes) + " " + ",".join(path.kinds) for path in found)

    assert await ways("event:e1", "artifact:c") == [
        "e1-a-e2-c keep,keep,keep", "e1-a-e3-c keep,keep,mark_bad", "e1-ada-e3-c started,started,mark_bad",
        "e1-b-e2-c keep,keep,keep",
    ]  # fmt: skip
    assert len(await ways("event:e1", "artifact:c", limit=2)) == 2
    assert await ways("event:e1", "artifact:c", most=2) == []
    assert await ways("user:ada", "user:ada") == ["ada "]
    assert await ways("artifact:a", "event:e1") == ["a-e1 keep"]
    with pytest.raises(NotFound):
        await ways("event:e1", "artifact:unheard")


async def test_a_rebuild_makes_the_same_graph(parts: Composition, filled: str) -> None:
    before = await stored(parts, filled)
    assert before == fold(taken(filled, TOLD))
    made = await rebuild_graph(parts.services.database, filled, START, batch=3)
    assert (made.generation, made.equal) == (2, True)
    assert (made.content.events, made.content.edges, made.content.parked) == (3, 8, 1)
    assert await stored(parts, filled) == before
    left = await rows(
        parts, filled, "SELECT DISTINCT generation FROM graph_edges UNION SELECT generation FROM graph_events"
    )
    assert left == [(2,)]
    again = await rebuild_graph(parts.services.database, filled, START)
    assert (again.generation, again.content.hash, again.equal) == (3, made.content.hash, True)


async def test_a_rebuild_mends_a_graph_that_is_wrong_and_says_so(parts: Composition, filled: str) -> None:
    right = await stored(parts, filled)
    await rows(parts, filled, "UPDATE graph_edges SET artifact_id = 'wrong' WHERE kind = 'peel' RETURNING 1")
    assert not (await rebuild_graph(parts.services.database, filled, START)).equal
    assert await stored(parts, filled) == right


async def test_what_arrives_during_a_rebuild_is_in_the_new_graph(parts: Composition, filled: str) -> None:
    async def go_on() -> None:
        for n in range(40):
            await tell(parts, filled, told("peel", 100 + n, event_id="e1", artifact_id=f"late{n}"))
            await project(parts, filled)

    made, _ = await asyncio.gather(rebuild_graph(parts.services.database, filled, START, batch=1), go_on())
    assert made.equal
    assert len((await stored(parts, filled)).edges) == 9 + 40
    assert (await rebuild_graph(parts.services.database, filled, START)).equal


async def test_of_two_rebuilds_at_once_one_is_refused_and_one_that_broke_off_may_begin_again(
    parts: Composition, filled: str
) -> None:
    database = parts.services.database
    async with database.transaction(filled) as other:
        assert await store.only_one(other)
        # As far as it came before its process was killed.
        generation = await database.run(filled, store.begin)
        with pytest.raises(Conflict):
            await rebuild_graph(database, filled, START)
    await tell(parts, filled, told("peel", 50, event_id="e1", artifact_id="b"))
    await project(parts, filled)
    made = await rebuild_graph(database, filled, START)
    assert (made.generation, made.equal) == (generation + 1, True)
    left = await rows(
        parts, filled, "SELECT DISTINCT generation FROM graph_edges UNION SELECT generation FROM graph_events"
    )
    assert left == [(made.generation,)]


async def test_after_an_erasure_the_graph_is_what_a_rebuild_makes_of_what_is_left(
    parts: Composition, tenant: str
) -> None:
    one, other = await contact(parts, tenant), await contact(parts, tenant)
    await tell(
        parts, tenant,
        told("recall", event_id="e", contact_id=one),
        told("keep", event_id="e", artifact_id="a", contact_id=other),
        told("keep", event_id="e", artifact_id="b"),
    )  # fmt: skip
    await project(parts, tenant)
    await delete_contact(parts.services, tenant, one)
    assert [(e.contact_id, e.parked) for e in (await stored(parts, tenant)).edges.values()] == [(other, True)]
    assert (await rebuild_graph(parts.services.database, tenant, START)).equal


async def exported(parts: Composition, tenant: str, format_: Any) -> str:
    pieces: AsyncIterator[str] = export_graph(parts.services.database, tenant, format_)
    return "".join([piece async for piece in pieces])


async def test_the_export_as_json_is_the_whole_graph(parts: Composition, filled: str) -> None:
    found = json.loads(await exported(parts, filled, "json"))
    nodes = {one["id"]: one for one in found["nodes"]}
    assert set(nodes) == {
        "user:ada", "user:ben", "artifact:a", "artifact:b", "artifact:c", "event:e1", "event:e2", "event:e3",
    }  # fmt: skip
    assert nodes["event:e1"]["metadata"] == TOLD[0].metadata
    assert nodes["event:e3"]["label"] == "WorkspaceEvent"
    edges = [(one["source"], one["label"], one["target"]) for one in found["edges"]]
    assert ("user:ada", "STARTED", "event:e1") in edges
    assert ("event:e3", "MARK_BAD", "artifact:c") in edges
    assert len(edges) == 3 + 8
    assert {end for one in found["edges"] for end in (one["source"], one["target"])} <= set(nodes)


async def test_the_export_as_graphml_reads_as_a_graph_library_reads_it(parts: Composition, filled: str) -> None:
    space = "{http://graphml.graphdrawing.org/xmlns}"
    root = ElementTree.fromstring(await exported(parts, filled, "graphml"))  # noqa: S314 (our own)
    keys = {key.get("id"): (key.get("for"), key.get("attr.name")) for key in root.findall(f"{space}key")}
    (whole,) = root.findall(f"{space}graph")
    assert whole.get("edgedefault") == "directed"

    def data(element: ElementTree.Element, of: str) -> dict[str, str]:
        found = {}
        for one in element.findall(f"{space}data"):
            for_, name = keys[one.get("key")]
            assert (for_, name) == (of, name) and name is not None
            found[name] = one.text or ""
        return found

    nodes = {one.get("id"): data(one, "node") for one in whole.findall(f"{space}node")}
    assert json.loads(nodes["event:e1"]["metadata"]) == TOLD[0].metadata
    edges = [(one.get("source"), one.get("target"), data(one, "edge")) for one in whole.findall(f"{space}edge")]
    assert len(edges) == 11
    assert all(source in nodes and target in nodes for source, target, _ in edges)
    assert {attributes["label"] for *_, attributes in edges} == {"STARTED", "PEEL", "KEEP", "MARK_BAD"}


async def test_an_empty_graph_is_a_whole_document_too(parts: Composition, tenant: str) -> None:
    assert json.loads(await exported(parts, tenant, "json")) == {"nodes": [], "edges": []}
    assert ElementTree.fromstring(await exported(parts, tenant, "graphml")) is not None  # noqa: S314
    assert (await rebuild_graph(parts.services.database, tenant, START)).equal


async def test_the_views_of_analysts_agree_with_the_questions_and_show_no_other_tenant(
    parts: Composition, filled: str
) -> None:
    users = await rows(parts, filled, "SELECT * FROM tracking_user_stats ORDER BY user_id")
    assert [row[:8] for row in users] == [(filled, "ada", 1, 1, 1, 3, 0, 1), (filled, "ben", 1, 0, 0, 3, 0, 0)]
    artifacts = await rows(parts, filled, "SELECT * FROM tracking_artifact_stats ORDER BY artifact_id")
    found = await graph.artifact_engagement(parts.services, filled, "a", None)
    assert artifacts[0][1:8] == ("a", found.peels, found.keeps, 0, 0, found.events, found.users)
    other = f"tnt_{next(number)}"
    for view in ("tracking_user_stats", "tracking_artifact_stats"):
        assert await rows(parts, other, f"SELECT * FROM {view}") == []
        # Outside a transaction of a tenant nothing is visible at all.
        async with parts.services.database.engine.connect() as connection:
            assert (await connection.execute(text(f"SELECT count(*) FROM {view}"))).scalar_one() == 0


def test_nodes_are_named_by_kind_and_id() -> None:
    assert node("user:a|b:c@d") == Node("user", "a|b:c@d")
    assert str(node("event:e:1")) == "event:e:1"
