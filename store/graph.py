"""The graph as a projection of the tracking log: rows of the log are put into a generation, again without effect.

Whoever writes holds the tenant's head, so that projections and the swap of a rebuild come one after the other.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from store.database import Transaction


@dataclass(frozen=True, slots=True)
class Head:
    """The generation in use, and that which a rebuild fills, if one was begun."""

    generation: int
    rebuilding: int | None

    @property
    def written(self) -> tuple[int, ...]:
        """The generations that a projection writes."""
        return (self.generation,) if self.rebuilding is None else (self.generation, self.rebuilding)


_FIRST: Final = text("INSERT INTO graph_heads (tenant_id, generation) VALUES (:tenant, 1) ON CONFLICT DO NOTHING")
_LOCKED: Final = text("SELECT generation, rebuilding FROM graph_heads WHERE tenant_id = :tenant FOR UPDATE")
_IN_USE: Final = text("SELECT generation FROM graph_heads WHERE tenant_id = :tenant")

_EVENTS: Final = text("""
    INSERT INTO graph_events (tenant_id, generation, event_id, kind, user_id, contact_id, metadata, occurred_at)
    SELECT tenant_id, :generation, event_id, kind, user_id, contact_id, metadata, occurred_at
    FROM tracking_log
    WHERE tenant_id = :tenant AND tracked_id = ANY(:ids) AND kind IN ('recall', 'workspace')
    ORDER BY event_id
    ON CONFLICT DO NOTHING
""")

_CAME: Final = text("""
    UPDATE graph_edges e SET parked = false, contact_id = coalesce(e.contact_id, l.contact_id)
    FROM tracking_log l
    WHERE l.tenant_id = :tenant AND l.tracked_id = ANY(:ids) AND l.kind IN ('recall', 'workspace')
        AND e.tenant_id = :tenant AND e.generation = :generation AND e.event_id = l.event_id AND e.parked
""")

_EDGES: Final = text("""
    INSERT INTO graph_edges (tenant_id, generation, tracked_id, event_id, artifact_id, kind, contact_id, metadata,
        occurred_at, parked)
    SELECT l.tenant_id, :generation, l.tracked_id, l.event_id, l.artifact_id, l.kind, l.contact_id, l.metadata,
        l.occurred_at, v.event_id IS NULL
    FROM tracking_log l
    LEFT JOIN graph_events v
        ON v.tenant_id = l.tenant_id AND v.generation = :generation AND v.event_id = l.event_id
    WHERE l.tenant_id = :tenant AND l.tracked_id = ANY(:ids) AND l.kind NOT IN ('recall', 'workspace')
        AND l.artifact_id IS NOT NULL
    ORDER BY l.tracked_id
    ON CONFLICT DO NOTHING
""")


async def lock(tx: Transaction) -> Head:
    """The tenant's head, held until the transaction ends; the first generation is 1."""
    for _ in range(2):
        row = (await tx.execute(_LOCKED, {"tenant": tx.tenant_id})).one_or_none()
        if row is not None:
            return Head(*row)
        await tx.execute(_FIRST, {"tenant": tx.tenant_id})
    raise AssertionError("unreachable")


async def in_use(tx: Transaction) -> int:
    """The generation to read; 0, which is empty, where nothing was told yet."""
    return (await tx.execute(_IN_USE, {"tenant": tx.tenant_id})).scalar_one_or_none() or 0


async def project(tx: Transaction, generation: int, ids: Sequence[str]) -> None:
    """Puts rows of the log into a generation; what it has of them stays as it is. The head is held."""
    for statement in (_EVENTS, _CAME, _EDGES):
        await tx.execute(statement, {"tenant": tx.tenant_id, "generation": generation, "ids": ids})


_BEGIN: Final = text("UPDATE graph_heads SET rebuilding = :generation WHERE tenant_id = :tenant")
_SWAP: Final = text(
    "UPDATE graph_heads SET generation = :generation, rebuilding = NULL, rebuilt_at = :now"
    " WHERE tenant_id = :tenant AND rebuilding = :generation"
)
_PATIENT: Final = text("SET LOCAL idle_in_transaction_session_timeout = 0")
_ONLY_ONE: Final = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
_DELETE: Final = tuple(
    text(
        f"DELETE FROM {table} WHERE tenant_id = :tenant AND generation < :before AND ({key}, generation) IN"  # noqa: S608
        f" (SELECT {key}, generation FROM {table} WHERE tenant_id = :tenant AND generation < :before LIMIT :limit)"
    )
    for table, key in (("graph_edges", "tracked_id"), ("graph_events", "event_id"))
)


async def only_one(tx: Transaction) -> bool:
    """The right to rebuild the tenant's graph, until this transaction ends; False where another has it.

    The transaction may be idle for as long as a rebuild takes: it holds nothing but that right.
    """
    await tx.execute(_PATIENT)
    found = await tx.execute(_ONLY_ONE, {"name": f"kith graph rebuild {tx.tenant_id}"})
    return bool(found.scalar_one())


async def begin(tx: Transaction) -> int:
    """The next generation, which from now on is written beside that in use."""
    head = await lock(tx)
    # Never one that was begun before: what it holds is of a rebuild that broke off.
    generation = max(head.written) + 1
    await tx.execute(_BEGIN, {"tenant": tx.tenant_id, "generation": generation})
    return generation


async def swap(tx: Transaction, generation: int, now: datetime) -> bool:
    """Has the generation take the place of that in use; False where it is not the one under way."""
    found = await tx.execute(_SWAP, {"tenant": tx.tenant_id, "generation": generation, "now": now})
    return found.rowcount == 1


async def remove_some(tx: Transaction, before: int, limit: int) -> bool:
    """Deletes a batch of what generations before this one hold, edges first; False where there was nothing left."""
    for statement in _DELETE:
        found = await tx.execute(statement, {"tenant": tx.tenant_id, "before": before, "limit": limit})
        if found.rowcount:
            return True
    return False


@dataclass(frozen=True, slots=True)
class Content:
    """What a generation holds, in numbers and as SHA-256 in hexadecimal; `edges` without those that are parked."""

    events: int
    edges: int
    parked: int
    hash: str


_AT: Final = "to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')"
_DIGESTS: Final = {
    "graph_events": ("event_id", f"event_id, kind, user_id, contact_id, metadata, {_AT}", "false"),
    "graph_edges": (
        "tracked_id",
        f"tracked_id, event_id, artifact_id, kind, contact_id, metadata, {_AT}, parked",
        "parked",
    ),
}
_HASH_BATCH: Final = 20_000


async def content(tx: Transaction, generation: int) -> Content:
    """What a generation holds: SHA-256 over the SHA-256 of every event, then of every edge, each in order of its id.

    Of one state only in a transaction with REPEATABLE READ.
    """
    whole = hashlib.sha256()
    counts: dict[str, tuple[int, int]] = {}
    for table, (key, columns, parked) in _DIGESTS.items():
        rows, waiting, last = 0, 0, ""
        while True:
            found: Any = (
                await tx.execute(
                    text(
                        f"SELECT count(*), count(*) FILTER (WHERE parked), max({key}),"  # noqa: S608
                        f" string_agg(digest, ''::bytea ORDER BY {key}) FROM (SELECT {key}, {parked} AS parked,"
                        f" sha256(convert_to(jsonb_build_array({columns})::text, 'UTF8')) AS digest FROM {table}"
                        f" WHERE tenant_id = :tenant AND generation = :generation AND {key} > :last"
                        f" ORDER BY {key} LIMIT :limit) batch"
                    ),
                    {"tenant": tx.tenant_id, "generation": generation, "last": last, "limit": _HASH_BATCH},
                )
            ).one()
            if not found[0]:
                break
            rows, waiting, last = rows + found[0], waiting + found[1], found[2]
            whole.update(found[3])
        counts[table] = (rows, waiting)
        whole.update(b"/")
    events, (edges, parked_edges) = counts["graph_events"][0], counts["graph_edges"]
    return Content(events, edges - parked_edges, parked_edges, whole.hexdigest())
