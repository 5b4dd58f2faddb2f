"""Fills the tenants of `kith bench scale`, straight in Postgres as the server's own role.

Interactions go in from the oldest to the newest, as they come in life, so that one contact's lie apart. The graph is
put in as a projection would have left it; its log is left out, as nothing that is measured reads it.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg

from server.benching import scale_sql as sql
from server.benching.scale_history import histories
from server.benching.scale_sizes import Size

Step = Callable[[int], None]
"""Told how many more rows are in."""

_CHUNK_ROWS: Final = 25_000
_CHUNK_INTERACTIONS: Final = 100_000
_AT_ONCE: Final = 2
_TABLES: Final = (
    "contacts", "interactions", "interaction_logs", "daily_activity", "calls", "graph_events", "graph_edges",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Piece:
    """Statements of one transaction, with their values, and how many rows they make."""

    statements: tuple[str, ...]
    values: Mapping[str, Any]
    rows: int


def rows_of(size: Size) -> int:
    """How many steps the filling of a tenant has."""
    return size.contacts + size.interactions + size.edges


def fill(url: str, size: Size, now: datetime, step: Step) -> None:
    """Puts everything of `size` into its tenant, which is empty; `now` is the newest instant of it."""
    common = {"tenant": size.tenant_id, "now": now, "contacts": size.contacts, "each": size.each}
    with ThreadPoolExecutor(_AT_ONCE) as pool, _connections(url, size.tenant_id) as connections:

        def run(number: int, pieces: Sequence[_Piece]) -> None:
            for piece in pieces:
                for statement in piece.statements:
                    connections[number].execute(statement, {**common, **piece.values})
                connections[number].commit()
                step(piece.rows)

        # Interactions and edges hang on what is put in before them.
        for pieces in (list(_contacts(size)), [*_interactions(size, now), *_graph(size)]):
            list(pool.map(run, range(_AT_ONCE), _dealt(pieces)))
        connections[0].execute(sql.BUSY_DAYS, common)
        connections[0].commit()


def share_warmth(url: str, size: Size) -> None:
    """Gives every contact the warmth that is stored for the first one of the same history."""
    with psycopg.connect(url) as connection:
        _stand_for(connection, size.tenant_id)
        connection.execute(sql.SHARE_WARMTH, {"tenant": size.tenant_id, "patterns": size.patterns})


def settle(owner_url: str) -> None:
    """Does now what autovacuum would do in the minutes after a load, in the middle of what is measured."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(f"VACUUM (ANALYZE) {', '.join(_TABLES)}")


def _contacts(size: Size) -> Iterator[_Piece]:
    for first, last in _ranges(size.contacts):
        yield _Piece((sql.CONTACTS,), {"first": first, "last": last}, last + 1 - first)


def _interactions(size: Size, now: datetime) -> Iterator[_Piece]:
    bank = histories(size.patterns, size.each, now)
    per = -(-(size.contacts - 1) // size.patterns)
    chunk = max(1, _CHUNK_INTERACTIONS // per)
    pieces = -(-len(bank) // chunk)
    for number in range(pieces):
        some = bank[number * chunk : (number + 1) * chunk]
        # The busy contact's share of the piece: its interactions lie among those of the others.
        first, end = (size.of_busy * edge // pieces for edge in (number, number + 1))
        values = {
            "bank": json.dumps(some), "per": per, "patterns": size.patterns,
            "first": first, "last": end - 1, "of_busy": size.of_busy, "after": len(bank) * per,
        }  # fmt: skip
        ours = size.each * (size.contacts - 1) * len(some) // len(bank)
        statements = (sql.INTERACTIONS, sql.BUSY_INTERACTIONS, sql.BUSY_CALLS, sql.BUSY_TURNS)
        yield _Piece(statements, values, ours + end - first)


def _graph(size: Size) -> Iterator[_Piece]:
    shape = {"users": size.users, "artifacts": size.artifacts, "events": size.events, "edges": size.edges}
    yield _Piece((sql.GRAPH_HEAD,), shape, 0)
    for first, last in _ranges(size.events):
        yield _Piece((sql.GRAPH_EVENTS,), {**shape, "first": first, "last": last}, 0)
    for first, last in _ranges(size.edges):
        yield _Piece((sql.GRAPH_EDGES,), {**shape, "first": first, "last": last}, last + 1 - first)


def _ranges(count: int) -> Iterator[tuple[int, int]]:
    for first in range(0, count, _CHUNK_ROWS):
        yield first, min(first + _CHUNK_ROWS, count) - 1


def _dealt(pieces: Sequence[_Piece]) -> list[Sequence[_Piece]]:
    """In turn, so that each hand goes from the oldest to the newest."""
    return [pieces[hand::_AT_ONCE] for hand in range(_AT_ONCE)]


@contextmanager
def _connections(url: str, tenant_id: str) -> Iterator[list[psycopg.Connection]]:
    with ExitStack() as stack:
        made = [stack.enter_context(psycopg.connect(url)) for _ in range(_AT_ONCE)]
        for connection in made:
            _stand_for(connection, tenant_id)
        yield made


def _stand_for(connection: psycopg.Connection, tenant_id: str) -> None:
    # The tenant stands for this session; a commit after every chunk keeps transactions short.
    connection.execute("SELECT set_config('app.tenant', %s, false)", (tenant_id,))
    connection.commit()
