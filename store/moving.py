"""All rows of one contact made another's, and back: table by table, from the registry of `contact_data`.

A row whose key holds the contact's id is copied and deleted, so that what hangs on it can follow; any other is changed
in place. Where both contacts can have a row of the same key (`combined`), what becomes of the two is the caller's to
say, and both are kept as they were.

Rows here are JSON, as Postgres makes them of a table's columns, without tenant and contact.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson
from sqlalchemy import Table, text

from store.contact_data import TABLES, ContactTable
from store.database import Transaction
from store.tables.contact import contacts

Row = dict[str, Any]
Keys = list[list[Any]]

Manner = Literal["moved", "copied", "combined", "left"]
"""What a merge does with a table: change whose its rows are, copy them under their new owner, make one row of two that
both contacts have, or leave them to go with the contact."""


@dataclass(frozen=True, slots=True)
class Moving:
    """How a table goes along. Rows of one that `follows` another go where that one's row of the same key goes."""

    manner: Manner
    follows: str | None = None


MOVING: Final[Mapping[str, Moving]] = {
    "memories": Moving("copied"),
    "embeddings": Moving("copied", follows="memories"),
    "encodings": Moving("copied", follows="memories"),
    "entities": Moving("combined"),
    "interaction_logs": Moving("copied"),
    "readings": Moving("copied", follows="interaction_logs"),
    "sessions": Moving("combined"),
    "days": Moving("combined"),
    "daily_activity": Moving("combined"),
    "consolidation": Moving("combined"),
    # Who works on the other just now finds it gone, and whoever works on the one that stays goes on.
    "leases": Moving("left"),
    "outbox": Moving("moved"),
    "triggers": Moving("moved"),
    "consents": Moving("combined"),
    "identities": Moving("moved"),
    "interactions": Moving("moved"),
    "calls": Moving("moved"),
    "call_events": Moving("moved"),
    # Ids that lead to the other lead to the one that stays.
    "merges": Moving("moved"),
    "tracking": Moving("moved"),
    "graph_events": Moving("moved"),
    "graph_edges": Moving("moved"),
    "answers": Moving("moved"),
}
"""How each table of the registry goes along; one that is not here fails a test, and every merge."""

COMBINED: Final = tuple(entry.name for entry in TABLES if MOVING[entry.name].manner == "combined")

_OWNER: Final = frozenset(("tenant_id", "contact_id"))
_NOT_A_KEY: Final = _OWNER | {"generation"}
"""A rebuilt graph has the same rows in another generation: they are told by what they are of."""

_BATCH: Final = 20_000


@dataclass(frozen=True, slots=True)
class Pair:
    """A row of the other in a combined table, the row of the same key of the one that stays, and what became of them.

    `kept` is None where there was none; then `made` is the other's row.
    """

    kept: Row | None
    other: Row
    made: Row


def key_columns(entry: ContactTable) -> tuple[str, ...]:
    """What tells a contact's rows of a table apart."""
    return tuple(str(c.name) for c in entry.table.primary_key.columns if c.name not in _NOT_A_KEY)


async def contact_row(tx: Transaction, contact_id: str) -> Row:
    """The contact's own row."""
    found = await tx.execute(
        text("SELECT to_jsonb(c) FROM contacts c WHERE tenant_id = :tenant AND contact_id = :contact"),
        {"tenant": tx.tenant_id, "contact": contact_id},
    )
    row: Row = found.scalar_one()
    return row


async def restore_contact(tx: Transaction, row: Row) -> None:
    """Stores a contact's row as it was. Raises UniqueViolation."""
    await _insert(tx, contacts, [row])


async def pairs(
    tx: Transaction, kept: str, other: str, combine: Mapping[str, Callable[[Row, Row], Row]]
) -> dict[str, list[Pair]]:
    """What is to become of the rows of combined tables."""
    found: dict[str, list[Pair]] = {}
    for entry in TABLES:
        if MOVING[entry.name].manner != "combined":
            continue
        name, keys = entry.table.name, key_columns(entry)
        same = " AND ".join(f"k.{key} = o.{key}" for key in keys)
        rows = await tx.execute(
            text(
                "SELECT to_jsonb(k) - 'tenant_id' - 'contact_id', to_jsonb(o) - 'tenant_id' - 'contact_id'"  # noqa: S608
                f" FROM {name} o LEFT JOIN {name} k ON k.tenant_id = o.tenant_id AND k.contact_id = :kept AND {same}"
                f" WHERE o.tenant_id = :tenant AND o.contact_id = :other ORDER BY {', '.join(f'o.{k}' for k in keys)}"
            ),
            {"tenant": tx.tenant_id, "kept": kept, "other": other},
        )
        found[entry.name] = [Pair(k, o, o if k is None else combine[entry.name](k, o)) for k, o in rows]
    return found


async def move(tx: Transaction, kept: str, other: str, combined: Mapping[str, Sequence[Pair]]) -> dict[str, Keys]:
    """Makes all rows of the other the kept one's. Returns their keys, by table, but those of combined ones.

    The caller holds both, and deletes the other. Raises UniqueViolation where both have the same key of a table that is
    not combined.
    """
    moved: dict[str, Keys] = {}
    for entry in TABLES:
        how = MOVING[entry.name]
        if how.manner == "combined":
            made = combined[entry.name]
            await _rewrite(tx, entry, kept, [pair.made for pair in made if pair.kept is not None])
            await _insert(tx, entry.table, [_owned(tx, kept, pair.made) for pair in made if pair.kept is None])
        elif how.manner == "copied":
            keys = await _copy(tx, entry, other, kept, None)
            if how.follows is None:
                moved[entry.name] = keys
        elif how.manner == "moved":
            moved[entry.name] = await _hand_over(tx, entry, other, kept, None)
    return moved


async def move_back(tx: Transaction, kept: str, other: str, moved: Mapping[str, Keys]) -> dict[str, Keys]:
    """Gives the rows of these keys back to the other, as far as the kept one still has them. Returns whose keys."""
    went: dict[str, Keys] = {}
    for entry in TABLES:
        how = MOVING[entry.name]
        keys = went.get(how.follows, []) if how.follows else moved.get(entry.name, [])
        if how.manner == "copied":
            went[entry.name] = await _copy(tx, entry, kept, other, keys)
        elif how.manner == "moved":
            went[entry.name] = await _hand_over(tx, entry, kept, other, keys)
    for entry in reversed(TABLES):
        if MOVING[entry.name].manner == "copied":
            await _remove(tx, entry, kept, went[entry.name])
    return went


async def held(tx: Transaction, name: str, contact_id: str, rows: Sequence[Row]) -> dict[tuple[Any, ...], Row]:
    """The rows that a contact has of the keys of these rows, by key."""
    entry = _ENTRIES[name]
    keys = key_columns(entry)
    found = await tx.execute(
        text(
            f"SELECT to_jsonb(t) - 'tenant_id' - 'contact_id' FROM {entry.table.name} t"  # noqa: S608
            f" WHERE t.tenant_id = :tenant AND t.contact_id = :contact AND {_among(entry)}"
        ),
        {"tenant": tx.tenant_id, "contact": contact_id, "keys": _keys_json(entry, key_list(name, rows))},
    )
    return {tuple(row[key] for key in keys): row for (row,) in found}


async def take_apart(
    tx: Transaction,
    name: str,
    kept: str,
    other: str,
    *,
    keeps: Sequence[Row],
    gives: Sequence[Row],
    drops: Sequence[Row],
) -> None:
    """Writes rows of a combined table that the kept one has from now on, those of the other, and removes some."""
    entry = _ENTRIES[name]
    await _rewrite(tx, entry, kept, keeps)
    await _remove(tx, entry, kept, key_list(name, drops))
    await _insert(tx, entry.table, [_owned(tx, other, row) for row in gives])


def key_list(name: str, rows: Sequence[Row]) -> Keys:
    """The keys of rows of a table."""
    keys = key_columns(_ENTRIES[name])
    return [[row[key] for key in keys] for row in rows]


_ENTRIES: Final = {entry.name: entry for entry in TABLES}


def _owned(tx: Transaction, contact_id: str, row: Row) -> Row:
    return {**row, "tenant_id": tx.tenant_id, "contact_id": contact_id}


def _keys_json(entry: ContactTable, keys: Keys) -> str:
    names = key_columns(entry)
    return orjson.dumps([dict(zip(names, key, strict=True)) for key in keys]).decode()


def _among(entry: ContactTable) -> str:
    names = ", ".join(key_columns(entry))
    of_t = ", ".join(f"t.{name}" for name in key_columns(entry))
    rows = f"json_populate_recordset(NULL::{entry.table.name}, CAST(:keys AS json))"
    return f"({of_t}) IN (SELECT {names} FROM {rows})"  # noqa: S608 (names of our own tables)


def _batches(keys: Keys | None) -> list[Keys | None]:
    """None is everything, in one go."""
    if keys is None:
        return [None]
    return [keys[start : start + _BATCH] for start in range(0, len(keys), _BATCH)]


async def _copy(tx: Transaction, entry: ContactTable, source: str, target: str, keys: Keys | None) -> Keys:
    columns = [c.name for c in entry.table.c if c.name != "contact_id"]
    names = ", ".join(columns)
    back = ", ".join(key_columns(entry))
    copied: Keys = []
    for some in _batches(keys):
        among = "" if some is None else f" AND {_among(entry)}"
        found = await tx.execute(
            text(
                f"INSERT INTO {entry.table.name} (contact_id, {names})"  # noqa: S608 (names of our own tables)
                f" SELECT CAST(:target AS text), {', '.join(f't.{c}' for c in columns)} FROM {entry.table.name} t"
                f" WHERE t.tenant_id = :tenant AND t.contact_id = :source{among} RETURNING {back}"
            ),
            _parameters(tx, entry, some, source=source, target=target),
        )
        copied += [list(row) for row in found]
    return copied


async def _hand_over(tx: Transaction, entry: ContactTable, source: str, target: str, keys: Keys | None) -> Keys:
    back = ", ".join(f"t.{key}" for key in key_columns(entry))
    changed: Keys = []
    for some in _batches(keys):
        among = "" if some is None else f" AND {_among(entry)}"
        found = await tx.execute(
            text(
                f"UPDATE {entry.table.name} t SET contact_id = :target"  # noqa: S608 (names of our own tables)
                f" WHERE t.tenant_id = :tenant AND t.contact_id = :source{among} RETURNING {back}"
            ),
            _parameters(tx, entry, some, source=source, target=target),
        )
        changed += [list(row) for row in found]
    return changed


async def _remove(tx: Transaction, entry: ContactTable, contact_id: str, keys: Keys) -> None:
    for some in _batches(keys):
        await tx.execute(
            text(
                f"DELETE FROM {entry.table.name} t"  # noqa: S608 (names of our own tables)
                f" WHERE t.tenant_id = :tenant AND t.contact_id = :source AND {_among(entry)}"
            ),
            _parameters(tx, entry, some, source=contact_id),
        )


def _parameters(tx: Transaction, entry: ContactTable, keys: Keys | None, **named: str) -> dict[str, Any]:
    asked = {} if keys is None else {"keys": _keys_json(entry, keys)}
    return {"tenant": tx.tenant_id, **named, **asked}


async def _rewrite(tx: Transaction, entry: ContactTable, contact_id: str, rows: Sequence[Row]) -> None:
    if not rows:
        return
    keys = key_columns(entry)
    changed = [c.name for c in entry.table.c if c.name in rows[0] and c.name not in (*_OWNER, *keys)]
    same = " AND ".join(f"t.{key} = new.{key}" for key in keys)
    await tx.execute(
        text(
            f"UPDATE {entry.table.name} t SET {', '.join(f'{c} = new.{c}' for c in changed)}"  # noqa: S608
            f" FROM json_populate_recordset(NULL::{entry.table.name}, CAST(:rows AS json)) AS new"
            f" WHERE t.tenant_id = :tenant AND t.contact_id = :contact AND {same}"
        ),
        {"tenant": tx.tenant_id, "contact": contact_id, "rows": orjson.dumps(list(rows)).decode()},
    )


async def _insert(tx: Transaction, table: Table, rows: Sequence[Row]) -> None:
    if not rows:
        return
    # What came to the table since has its default.
    names = ", ".join(c.name for c in table.c if c.name in rows[0])
    await tx.execute(
        text(
            f"INSERT INTO {table.name} ({names})"  # noqa: S608 (names of our own tables)
            f" SELECT {names} FROM json_populate_recordset(NULL::{table.name}, CAST(:rows AS json))"
        ),
        {"rows": orjson.dumps(list(rows)).decode()},
    )
