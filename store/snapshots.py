"""Everything of one contact in one statement: what a context is made from."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import text

from store.database import Transaction
from store.tables.contact import ContactRow
from store.tables.memory import EntityRow, MemoryRow, entities, memories

_CONTACT: Final = [field.name for field in fields(ContactRow)]
_MEMORY: Final = [field.name for field in fields(MemoryRow)]
_ENTITY: Final = [field.name for field in fields(EntityRow)]


def _instants(names: list[str], table: Any) -> list[int]:
    return [i for i, name in enumerate(names) if table.c[name].type.python_type is datetime]


_MEMORY_INSTANTS: Final = _instants(_MEMORY, memories)
_ENTITY_INSTANTS: Final = _instants(_ENTITY, entities)


def _array(alias: str, names: list[str]) -> str:
    return f"json_build_array({', '.join(f'{alias}.{name}' for name in names)})"


MEMORY_ARRAY: Final = _array("m", _MEMORY)
"""A row of `memories m` as a JSON array, see `read_memories`."""

ENTITY_ARRAY: Final = _array("e", _ENTITY)
"""A row of `entities e` as a JSON array, see `read_entities`."""

LATEST: Final = 30
"""So many of the newest touchpoints and calls come along."""

_TOUCHPOINT_ARRAY: Final = (
    "json_build_array(i.occurred_at, i.kind, i.metadata -> 'direction', i.metadata -> 'outcome',"
    " i.metadata -> 'next_action', i.metadata -> 'next_step', i.metadata -> 'next_steps')"
)

# One round trip instead of four, and JSON that is read in one go instead of rows read value by value.
_WHOLE: Final = text(
    f"SELECT {', '.join(f'c.{name}' for name in _CONTACT)}, coalesce(c.time_zone, t.time_zone), t.ranking_encoder,"
    f" (SELECT json_agg({MEMORY_ARRAY} ORDER BY m.sequence, m.memory_id)::text FROM memories m"
    "   WHERE m.tenant_id = c.tenant_id AND m.contact_id = c.contact_id AND m.status <> 'deleted'),"
    f" (SELECT json_agg({ENTITY_ARRAY} ORDER BY e.entity_id)::text FROM entities e"
    "   WHERE e.tenant_id = c.tenant_id AND e.contact_id = c.contact_id),"
    f" (SELECT json_agg({_TOUCHPOINT_ARRAY})::text FROM ("
    "   SELECT occurred_at, kind, metadata FROM interactions i"
    "   WHERE i.tenant_id = c.tenant_id AND i.contact_id = c.contact_id"
    f"  ORDER BY occurred_at DESC, interaction_id DESC LIMIT {LATEST}) i),"
    " (SELECT json_agg(json_build_array(k.started_at, k.direction, k.status, k.summary))::text FROM ("
    "   SELECT started_at, direction, status, summary FROM calls k"
    "   WHERE k.tenant_id = c.tenant_id AND k.contact_id = c.contact_id"
    f"  ORDER BY started_at DESC, call_id DESC LIMIT {LATEST}) k)"
    " FROM contacts c JOIN tenants t ON t.tenant_id = c.tenant_id"
    " WHERE c.tenant_id = :tenant AND c.contact_id = :contact"
)


@dataclass(frozen=True, slots=True)
class WholeContact:
    """A contact with every memory that was not deleted, in the order of its turns, and its entities.

    `zone` is the IANA zone of its days: its own, else the tenant's. `ranking_encoder` is the tenant's, or `none`.
    """

    contact: ContactRow
    zone: str
    ranking_encoder: str
    memories: list[MemoryRow]
    entities: list[EntityRow]
    touchpoints: list[list[Any]]
    """The newest: when, kind, and of the metadata direction, outcome, next_action, next_step, next_steps."""
    calls: list[list[Any]]
    """The newest: when, direction, status, summary."""


async def whole(tx: Transaction, contact_id: str) -> WholeContact | None:
    """Everything of one contact as of one instant; None where the tenant has no such contact."""
    row = (await tx.execute(_WHOLE, {"tenant": tx.tenant_id, "contact": contact_id})).one_or_none()
    if row is None:
        return None
    *contact, zone, encoder, remembered, known, touchpoints, calls = row
    return WholeContact(
        contact=ContactRow(*contact),
        zone=zone,
        ranking_encoder=encoder,
        memories=read_memories(remembered),
        entities=read_entities(known),
        touchpoints=[_read(values, [0]) for values in orjson.loads(touchpoints or "[]")],
        calls=[_read(values, [0]) for values in orjson.loads(calls or "[]")],
    )


def read_memories(rows: str | None) -> list[MemoryRow]:
    """The rows of a JSON array of MEMORY_ARRAY; none of null."""
    return [MemoryRow(*_read(values, _MEMORY_INSTANTS)) for values in orjson.loads(rows or "[]")]


def read_entities(rows: str | None) -> list[EntityRow]:
    """The rows of a JSON array of ENTITY_ARRAY; none of null."""
    return [EntityRow(*_read(values, _ENTITY_INSTANTS)) for values in orjson.loads(rows or "[]")]


def _read(values: list[Any], instants: list[int]) -> list[Any]:
    for i in instants:
        if values[i] is not None:
            values[i] = datetime.fromisoformat(values[i])
    return values
