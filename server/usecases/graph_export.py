"""The whole graph as one document, a batch of rows in memory at a time."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Final, TypeVar

from server.domain import graph_text
from server.domain.graph_text import Format, Writer
from store import graph
from store import graph_queries as queries
from store.database import Database, Transaction

T = TypeVar("T")

_BATCH: Final = 500


async def export_graph(database: Database, tenant_id: str, format_: Format) -> AsyncGenerator[str, None]:
    """The graph in use as of one moment, in pieces that make one document: users, artifacts and events, then edges.

    Edges whose event did not come yet are left out. A document that breaks off is not well-formed. The transaction is
    open until the last piece is taken or the iterator is closed.
    """
    writer = graph_text.writer(format_)
    async with database.transaction(tenant_id, isolation="REPEATABLE READ") as tx:
        generation = await graph.in_use(tx)
        yield writer.beginning
        async for piece in _nodes(tx, generation, writer):
            yield piece
        yield writer.middle
        async for piece in _edges(tx, generation, writer):
            yield piece
        yield writer.end


async def _nodes(tx: Transaction, generation: int, writer: Writer) -> AsyncIterator[str]:
    async for users in _pages(tx, generation, queries.users_after, lambda user: user):
        yield "".join(writer.node(f"user:{user}", graph_text.plain_data("user")) for user in users)
    async for artifacts in _pages(tx, generation, queries.artifacts_after, lambda artifact: artifact):
        yield "".join(writer.node(f"artifact:{one}", graph_text.plain_data("artifact")) for one in artifacts)
    async for events in _pages(tx, generation, queries.events_after, lambda event: event.event_id):
        yield "".join(
            writer.node(
                f"event:{row.event_id}",
                graph_text.event_data(row.kind, row.user_id, row.contact_id, row.metadata, row.occurred_at),
            )
            for row in events
        )


async def _edges(tx: Transaction, generation: int, writer: Writer) -> AsyncIterator[str]:
    async for events in _pages(tx, generation, queries.events_after, lambda event: event.event_id):
        yield "".join(
            writer.edge(f"user:{row.user_id}", f"event:{row.event_id}", graph_text.STARTED_DATA) for row in events
        )
    async for edges in _pages(tx, generation, queries.edges_after, lambda edge: edge.tracked_id):
        yield "".join(
            writer.edge(
                f"event:{row.event_id}",
                f"artifact:{row.artifact_id}",
                graph_text.edge_data(row.kind, row.tracked_id, row.contact_id, row.metadata, row.occurred_at),
            )
            for row in edges
        )


async def _pages(
    tx: Transaction,
    generation: int,
    read: Callable[[Transaction, int, str, int], Awaitable[list[T]]],
    key: Callable[[T], str],
) -> AsyncIterator[list[T]]:
    after = ""
    while page := await read(tx, generation, after, _BATCH):
        yield page
        after = key(page[-1])
