"""Queries on calls and on what was told of them. Pages are in `call_pages`, figures in `call_figures`."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import delete as delete_from
from sqlalchemy import insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from store.database import Transaction
from store.tables.base import values
from store.tables.call import CallEventRow, CallRow, call_events, calls, gone_calls

COLUMNS: Final = [calls.c[field.name] for field in fields(CallRow)]
_EVENT: Final = [call_events.c[field.name] for field in fields(CallEventRow)]
_NEW: Final = upsert(calls)
_PUT: Final = _NEW.on_conflict_do_update(
    index_elements=["tenant_id", "call_id"],
    set_={f.name: _NEW.excluded[f.name] for f in fields(CallRow) if f.name not in ("tenant_id", "call_id")},
)
_ORDER: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_STRIP: Final = text(
    "UPDATE call_events SET told = told - CAST(:names AS text[])"
    " WHERE tenant_id = :tenant AND call_id = :call AND told ?| CAST(:names AS text[])"
)
_MARK_GONE: Final = (
    "INSERT INTO gone_calls (tenant_id, call_digest, erased, gone_at)"
    " SELECT tenant_id, sha256(convert_to(provider || ':' || call_sid, 'UTF8')), :erased, now()"
    " FROM calls WHERE tenant_id = :tenant AND "
)
_AGAIN: Final = (
    " ON CONFLICT (tenant_id, call_digest) DO UPDATE SET erased = excluded.erased, gone_at = excluded.gone_at"
)
_MARK_GONE_ONE: Final = text(f"{_MARK_GONE} call_id = :call {_AGAIN}")
_MARK_GONE_OF: Final = text(f"{_MARK_GONE} contact_id = :contact {_AGAIN}")


@dataclass(frozen=True, slots=True)
class Gone:
    """A call that is no more: `erased` with all of its contact, or else deleted by itself.

    `digest`, SHA-256 of what the phone system calls it, is enough to know it again, and not to tell whose it was.
    """

    digest: bytes
    erased: bool


async def hold(tx: Transaction, provider: str, call_sid: str) -> None:
    """Whoever is told of the same call meanwhile waits until this transaction ends.

    Taken before any contact's row. The call's own row is changed only by who holds this or the call's contact.
    """
    await tx.execute(_ORDER, {"name": f"kith call {tx.tenant_id} {provider}:{call_sid}"})


async def by_sid(tx: Transaction, provider: str, call_sid: str) -> CallRow | None:
    """The call that a phone system calls so."""
    return await _one(tx, calls.c.provider == provider, calls.c.call_sid == call_sid)


async def get(tx: Transaction, call_id: str) -> CallRow | None:
    """One call."""
    return await _one(tx, calls.c.call_id == call_id)


async def put(tx: Transaction, row: CallRow) -> None:
    """Stores a call, or what it is by now. Raises ForeignKeyViolation where its contact is gone."""
    await tx.execute(_PUT, values(row))


async def delete(tx: Transaction, call_id: str) -> None:
    """Deletes a call and what was told of it; leaves that it was there, so that nothing late brings it back."""
    await tx.execute(_MARK_GONE_ONE, {"tenant": tx.tenant_id, "call": call_id, "erased": False})
    for table in (call_events, calls):
        await tx.execute(delete_from(table).where(table.c.tenant_id == tx.tenant_id, table.c.call_id == call_id))


async def events(tx: Transaction, call_id: str) -> list[CallEventRow]:
    """All that was told of a call, in no order."""
    rows = await tx.execute(
        select(*_EVENT).where(call_events.c.tenant_id == tx.tenant_id, call_events.c.call_id == call_id)
    )
    return [CallEventRow(*row) for row in rows]


async def add_events(tx: Transaction, rows: Sequence[CallEventRow]) -> None:
    """Stores what was told. The caller has seen that it is new, and holds the call."""
    await tx.execute(insert(call_events), [values(row) for row in rows])


async def attach_events(tx: Transaction, call_id: str, contact_id: str | None) -> None:
    """Lets what was told of a call belong to its contact, so that it goes with it."""
    await tx.execute(
        update(call_events)
        .where(call_events.c.tenant_id == tx.tenant_id, call_events.c.call_id == call_id)
        .values(contact_id=contact_id)
    )


async def strip_events(tx: Transaction, call_id: str, names: Collection[str]) -> None:
    """Takes these out of all that was told of a call. The caller holds the call, and has stored it without them."""
    await tx.execute(_STRIP, {"tenant": tx.tenant_id, "call": call_id, "names": sorted(names)})


async def leave_gone(tx: Transaction, contact_id: str) -> None:
    """Notes of every call of a contact that is about to be erased that it was there: by digest alone."""
    await tx.execute(_MARK_GONE_OF, {"tenant": tx.tenant_id, "contact": contact_id, "erased": True})


async def gone(tx: Transaction, provider: str, call_sid: str) -> Gone | None:
    """What is left of a call that was there once."""
    columns = gone_calls.c
    found = await tx.execute(
        select(columns.call_digest, columns.erased).where(
            columns.tenant_id == tx.tenant_id, columns.call_digest == _digest(provider, call_sid)
        )
    )
    row = found.one_or_none()
    return None if row is None else Gone(*row)


async def forget_gone(tx: Transaction, provider: str, call_sid: str) -> None:
    """Lets a deleted call be recorded again."""
    await tx.execute(
        delete_from(gone_calls).where(
            gone_calls.c.tenant_id == tx.tenant_id, gone_calls.c.call_digest == _digest(provider, call_sid)
        )
    )


def _digest(provider: str, call_sid: str) -> bytes:
    """As `_MARK_GONE` makes it."""
    return hashlib.sha256(f"{provider}:{call_sid}".encode()).digest()


async def _one(tx: Transaction, *where: Any) -> CallRow | None:
    row = (await tx.execute(select(*COLUMNS).where(calls.c.tenant_id == tx.tenant_id, *where))).one_or_none()
    return None if row is None else CallRow(*row)
