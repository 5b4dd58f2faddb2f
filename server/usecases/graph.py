"""Questions to the event graph: what became of events and artifacts, what is near a node, how two hang together.

All of them read one state, and no more of a node with very many edges than the question's limit asks for.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from server.domain.errors import NotFound
from server.domain.graph import ALL_KINDS, Link, Node, NodeKind
from server.domain.tracking import EDGES, STARTED
from server.usecases.services import Services
from store import graph
from store import graph_queries as queries
from store.database import Transaction
from store.graph_queries import CoKept, Engagement, UserStats
from store.tables.tracking import GraphEdgeRow, GraphEventRow

MOST_EDGES: Final = 1_000
"""Edges that an event is shown with."""

MOST_CO_KEPT: Final = 100
MOST_NODES: Final = 1_000
MOST_PATHS: Final = 20

_LINKS_PER_NODE: Final = 4
"""Links that are read for each node that is asked for: several lead to the same."""

_FRONTIER: Final = 2_000
"""Nodes of a path's search at one distance."""

_PATH_EACH: Final = 200
"""Interactions of a node and kind that a path's search reads."""


@asynccontextmanager
async def _reading(services: Services, tenant_id: str) -> AsyncIterator[tuple[Transaction, int]]:
    """One state of the graph in use, also while a rebuild takes its place."""
    async with services.database.transaction(tenant_id, isolation="REPEATABLE READ") as tx:
        yield tx, await graph.in_use(tx)


async def get_event(services: Services, tenant_id: str, event_id: str) -> tuple[GraphEventRow, list[GraphEdgeRow]]:
    """An event and what became of its artifacts. Raises NotFound."""
    async with _reading(services, tenant_id) as (tx, generation):
        found = await queries.event(tx, generation, event_id)
        if found is None:
            raise NotFound(f"Event {event_id} is not in the graph.")
        return found, await queries.edges_of(tx, generation, event_id, MOST_EDGES)


async def artifact_engagement(
    services: Services, tenant_id: str, artifact_id: str, since: datetime | None
) -> Engagement:
    """What became of an artifact; all zero for one that never came up."""
    async with _reading(services, tenant_id) as (tx, generation):
        return await queries.engagement(tx, generation, artifact_id, since)


async def co_kept(services: Services, tenant_id: str, artifact_id: str, limit: int) -> tuple[list[CoKept], int]:
    """What was most often kept along with an artifact, and in how many events that itself was."""
    async with _reading(services, tenant_id) as (tx, generation):
        return await queries.co_kept(tx, generation, artifact_id, min(limit, MOST_CO_KEPT))


async def user_stats(services: Services, tenant_id: str, user_id: str, since: datetime | None) -> UserStats:
    """A user's figures; all zero for one who did nothing."""
    async with _reading(services, tenant_id) as (tx, generation):
        return await queries.user_stats(tx, generation, user_id, since)


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Nodes by how far away they are, the nearest first, and the links between them."""

    nodes: dict[Node, int]
    links: list[Link]
    truncated: bool


async def neighbors(
    services: Services, tenant_id: str, start: Node, *, depth: int, kinds: Sequence[str], limit: int
) -> Neighbourhood:
    """What is near a node, at most `depth` steps away along these kinds. Raises NotFound."""
    wanted = tuple(kinds) or ALL_KINDS
    most = min(limit, MOST_NODES)
    nodes, links, truncated = {start: 0}, dict[tuple[Node, Node, str], int](), False
    async with _reading(services, tenant_id) as (tx, generation):
        await _must_exist(tx, generation, start)
        frontier = [start]
        for step in range(1, depth + 1):
            budget = _LINKS_PER_NODE * (most + 1)
            found = await _expand(tx, generation, frontier, wanted, each=most + 1, most=budget)
            truncated = truncated or found.cut
            frontier = []
            for link, far in found.links:
                if far not in nodes:
                    if len(nodes) >= most:
                        truncated = True
                        continue
                    nodes[far] = step
                    frontier.append(far)
                key = (link.source, link.target, link.kind)
                links[key] = max(link.times, links.get(key, 0))
            if not frontier:
                break
    return Neighbourhood(nodes, [Link(*key, count) for key, count in sorted(links.items())], truncated)


@dataclass(frozen=True, slots=True)
class Path:
    """Nodes in order, and the kinds of the edges between them."""

    nodes: tuple[Node, ...]
    kinds: tuple[str, ...]


async def find_paths(
    services: Services, tenant_id: str, source: Node, target: Node, *, max_length: int, limit: int
) -> list[Path]:
    """The shortest ways from one node to the other, of at most `max_length` edges. Raises NotFound for either.

    Both ends are searched, level by level, the narrower first; of a node with very many edges only the first are read.
    """
    async with _reading(services, tenant_id) as (tx, generation):
        for end in (source, target):
            await _must_exist(tx, generation, end)
        if source == target:
            return [Path((source,), ())]
        sides = (_Side(source), _Side(target))
        for _ in range(max_length):
            side, other = sides if len(sides[0].frontier) <= len(sides[1].frontier) else (sides[1], sides[0])
            if not side.frontier:
                side, other = other, side
            if not side.frontier:
                return []
            found = await _expand(tx, generation, side.frontier, ALL_KINDS, each=_PATH_EACH, most=_FRONTIER * 4)
            side.advance(found.links)
            met = sorted(set(side.frontier) & other.near.keys())
            if met:
                return _joined(sides, met, min(limit, MOST_PATHS))
    return []


class _Side:
    """A search from one end: nodes that were reached, and by which nodes and kinds, one step nearer to the end."""

    def __init__(self, end: Node) -> None:
        self.near: dict[Node, dict[Node, str]] = {end: {}}
        self.frontier = [end]

    def advance(self, links: Iterable[tuple[Link, Node]]) -> None:
        reached: dict[Node, dict[Node, str]] = {}
        for link, far in links:
            if far in self.near or (far not in reached and len(reached) >= _FRONTIER):
                continue
            by = reached.setdefault(far, {})
            near = link.source if link.target == far else link.target
            if near not in by or _rank(link.kind) < _rank(by[near]):
                by[near] = link.kind
        self.near |= reached
        self.frontier = list(reached)

    def ways(self, node: Node, limit: int) -> list[tuple[tuple[Node, ...], tuple[str, ...]]]:
        """Ways from the end to the node, at most so many."""
        if not self.near[node]:
            return [((node,), ())]
        found: list[tuple[tuple[Node, ...], tuple[str, ...]]] = []
        for before, kind in sorted(self.near[node].items()):
            for nodes, kinds in self.ways(before, limit - len(found)):
                found.append(((*nodes, node), (*kinds, kind)))
            if len(found) >= limit:
                break
        return found


def _rank(kind: str) -> int:
    return ALL_KINDS.index(kind)


def _joined(sides: tuple[_Side, _Side], met: Sequence[Node], limit: int) -> list[Path]:
    paths: list[Path] = []
    for node in met:
        for nodes, kinds in sides[0].ways(node, limit):
            for back, back_kinds in sides[1].ways(node, limit):
                if len(paths) < limit:
                    paths.append(Path((*nodes, *back[-2::-1]), (*kinds, *back_kinds[::-1])))
    return paths


async def _must_exist(tx: Transaction, generation: int, node: Node) -> None:
    if not await queries.exists(tx, generation, node.kind, node.id):
        raise NotFound(f"{node} is not in the graph.")


@dataclass(frozen=True, slots=True)
class _Found:
    """Links, each with its end that is not of the frontier, in order; `cut` where there may be more."""

    links: list[tuple[Link, Node]]
    cut: bool


async def _expand(
    tx: Transaction, generation: int, frontier: Sequence[Node], kinds: Sequence[str], *, each: int, most: int
) -> _Found:
    """One step from every node of the frontier."""
    place = {node: n for n, node in enumerate(frontier)}
    edges = [kind for kind in EDGES if kind in kinds]
    events, artifacts, users = (_ids(frontier, kind) for kind in ("event", "artifact", "user"))
    found: list[tuple[Link, Node]] = []
    cut = False
    outward = await queries.artifacts_of_events(tx, generation, events, edges, each=each, most=most) if edges else []
    inward = await queries.events_of_artifacts(tx, generation, artifacts, edges, each=each, most=most) if edges else []
    owners, owned = [], []
    if STARTED in kinds:
        owners = await queries.users_of_events(tx, generation, events, most=most)
        owned = await queries.events_of_users(tx, generation, users, each=each, most=most)
    found += [(Link(Node("event", x.node), far := Node("artifact", x.other), x.kind, x.times), far) for x in outward]
    found += [(Link(far := Node("event", x.other), Node("artifact", x.node), x.kind, x.times), far) for x in inward]
    found += [(Link(far := Node("user", x.other), Node("event", x.node), x.kind, x.times), far) for x in owners]
    found += [(Link(Node("user", x.node), far := Node("event", x.other), x.kind, x.times), far) for x in owned]
    for links in (outward, inward, owned):
        read: dict[tuple[str, str], int] = {}
        for link in links:
            read[link.node, link.kind] = read.get((link.node, link.kind), 0) + link.times
        cut = cut or len(links) >= most or any(count >= each for count in read.values())
    # In the order of the frontier, and of the far end within it: the answer does not depend on the database's plan.
    found.sort(key=lambda pair: (place[pair[0].source if pair[0].target == pair[1] else pair[0].target], pair[1]))
    return _Found(found, cut)


def _ids(frontier: Sequence[Node], kind: NodeKind) -> list[str]:
    return [node.id for node in frontier if node.kind == kind]
