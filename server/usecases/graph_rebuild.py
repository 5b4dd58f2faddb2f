"""The graph made anew from the log, beside the one in use, which it then replaces."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from server.domain.errors import Conflict
from server.usecases import audit
from store import graph
from store import tracking as log
from store.database import Database, Transaction
from store.errors import ForeignKeyViolation
from store.graph import Content

_BATCH: Final = 2_000
_DELETED_AT_ONCE: Final = 5_000
_TRIES: Final = 4


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The generation in use now and what it holds, and whether the one before held the same."""

    generation: int
    content: Content
    equal: bool


async def rebuild_graph(database: Database, tenant_id: str, now: datetime, *, batch: int = _BATCH) -> Rebuilt:
    """Fills the next generation from the log and has it take the place of the one in use.

    What arrives meanwhile is put into both. It may break off anywhere: the graph in use stays, and the next rebuild
    clears away what was begun. Needs two connections. Raises Conflict where another rebuild of the tenant runs.
    """
    async with database.transaction(tenant_id) as right:
        # Given back by the end of this transaction, also where the process is killed.
        if not await graph.only_one(right):
            raise Conflict("Another rebuild of this graph is under way.")
        generation = await database.run(tenant_id, graph.begin)
        position, more = 0, True
        while more:
            count, position = await _copied(database, tenant_id, generation, position, batch)
            more = count == batch
        before, made = await _compared(database, tenant_id, generation)
        await database.run(tenant_id, partial(_swap, generation=generation, now=now))
        while await database.run(tenant_id, partial(graph.remove_some, before=generation, limit=_DELETED_AT_ONCE)):
            pass
    return Rebuilt(generation, made, equal=before == made)


async def _copied(database: Database, tenant_id: str, generation: int, position: int, batch: int) -> tuple[int, int]:
    async def work(tx: Transaction) -> tuple[int, int]:
        await graph.lock(tx)
        ids, last = await log.after(tx, position, batch)
        if ids:
            await log.hold_contacts(tx, ids)
            await graph.project(tx, generation, ids)
        return len(ids), last

    for attempt in range(1, _TRIES + 1):
        try:
            return await database.run(tenant_id, work)
        except ForeignKeyViolation:
            # A contact of the batch was erased in between.
            if attempt == _TRIES:
                raise
    raise AssertionError("unreachable")


async def _compared(database: Database, tenant_id: str, generation: int) -> tuple[Content, Content]:
    """What the generation in use and the one beside it hold at one moment, up to which both have all of the log."""
    async with database.transaction(tenant_id, isolation="REPEATABLE READ") as tx:
        return await graph.content(tx, await graph.in_use(tx)), await graph.content(tx, generation)


async def _swap(tx: Transaction, generation: int, now: datetime) -> None:
    if not await graph.swap(tx, generation, now):
        raise Conflict("Another rebuild of this graph is under way.")
    await audit.record(tx, target=str(generation))
