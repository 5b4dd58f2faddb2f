"""Queries on the records of contacts that were made one: where a merged id leads, and what an undoing needs."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, insert, or_, select, update

from store.database import Transaction
from store.tables.base import values
from store.tables.crm import MergeRow, contact_merges

_c: Final = contact_merges.c
_COLUMNS: Final = [_c[field.name] for field in fields(MergeRow)]
_NOTHING: Final[dict[str, Any]] = {}


async def put(tx: Transaction, row: MergeRow) -> None:
    """Stores a new record."""
    await tx.execute(insert(contact_merges).values(values(row)))


async def get(tx: Transaction, merge_id: str, *, lock: bool = False) -> MergeRow | None:
    """One record; with `lock`, nobody else changes it until this transaction ends."""
    query = select(*_COLUMNS).where(_c.tenant_id == tx.tenant_id, _c.merge_id == merge_id)
    row = (await tx.execute(query.with_for_update() if lock else query)).one_or_none()
    return None if row is None else MergeRow(*row)


async def of_contact(tx: Transaction, contact_id: str) -> list[MergeRow]:
    """The records that name a contact, as the one that stayed or the other, the newest first. Without `moved`."""
    columns = [column for column in _COLUMNS if column.name != "moved"]
    found = await tx.execute(
        select(*columns)
        .where(_c.tenant_id == tx.tenant_id, or_(_c.contact_id == contact_id, _c.merged_contact_id == contact_id))
        .order_by(_c.merged_at.desc(), _c.merge_id.desc())
    )
    return [MergeRow(**row._mapping, moved=_NOTHING) for row in found]


async def newest(tx: Transaction, contact_id: str) -> MergeRow | None:
    """The newest merge into a contact that was not undone. Without `moved`."""
    into = (row for row in await of_contact(tx, contact_id) if row.contact_id == contact_id)
    return next((row for row in into if row.undone_at is None), None)


async def leads_to(tx: Transaction, contact_id: str) -> str | None:
    """The contact into which one of this id was merged; None where none was."""
    return await _stayed(tx, _c.merged_contact_id == contact_id)


async def stayed_of(tx: Transaction, channel: str, external_id: str) -> str | None:
    """The contact into which the one that had this id on this channel was merged; None where none was."""
    return await _stayed(tx, _c.merged_channel == channel, _c.merged_external_id == external_id)


async def _stayed(tx: Transaction, *where: Any) -> str | None:
    # A contact is merged away once; records of an undone merge may name the same.
    found = await tx.execute(
        select(_c.contact_id).where(_c.tenant_id == tx.tenant_id, _c.undone_at.is_(None), *where).limit(1)
    )
    return found.scalar_one_or_none()


async def merged_ids(tx: Transaction, contact_id: str) -> list[str]:
    """The ids that lead to a contact, in their order."""
    found = await tx.execute(
        select(_c.merged_contact_id)
        .where(_c.tenant_id == tx.tenant_id, _c.contact_id == contact_id, _c.undone_at.is_(None))
        .order_by(_c.merged_contact_id)
    )
    return list(found.scalars())


async def addresses(tx: Transaction, contact_ids: Sequence[str]) -> dict[tuple[str, str], str]:
    """Where contacts are written to on channels by which others came that were merged into them.

    By contact and channel; of several on a channel, that of the newest merge.
    """
    found = await tx.execute(
        select(_c.contact_id, _c.merged_channel, _c.merged_external_id)
        .where(_c.tenant_id == tx.tenant_id, _c.contact_id.in_(contact_ids), _c.undone_at.is_(None))
        .order_by(_c.merged_at, _c.merge_id)
    )
    return {(contact_id, channel): external_id for contact_id, channel, external_id in found}


async def undone(tx: Transaction, merge_id: str, at: datetime) -> None:
    """Notes that a merge was undone; what it needed goes."""
    await tx.execute(
        update(contact_merges)
        .where(_c.tenant_id == tx.tenant_id, _c.merge_id == merge_id)
        .values(undone_at=at, moved=_NOTHING)
    )


async def spend(tx: Transaction, now: datetime) -> int:
    """Empties the records that cannot be undone any more; the ids lead on. Returns how many."""
    found = await tx.execute(
        update(contact_merges)
        .where(_c.tenant_id == tx.tenant_id, _c.undo_until < now, _c.moved != _NOTHING)
        .values(moved=_NOTHING)
    )
    return found.rowcount


async def forget(tx: Transaction, contact_id: str) -> int:
    """Empties the records of a contact that is forgotten; the ids lead on. Returns how many."""
    found = await tx.execute(
        update(contact_merges).where(_c.tenant_id == tx.tenant_id, _c.contact_id == contact_id).values(moved=_NOTHING)
    )
    return found.rowcount


async def unname(tx: Transaction, contact_id: str) -> int:
    """Deletes the records, all of undone merges, that name a contact as the other. Returns how many."""
    found = await tx.execute(
        delete(contact_merges).where(_c.tenant_id == tx.tenant_id, _c.merged_contact_id == contact_id)
    )
    return found.rowcount
