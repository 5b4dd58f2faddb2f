"""The one metadata of all tables, and the columns that they share."""

from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, ForeignKeyConstraint, MetaData, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP

NAMES: Final = {
    "pk": "%(table_name)s_pkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "ck": "%(table_name)s_%(constraint_name)s_check",
}

metadata: Final = MetaData(naming_convention=NAMES)


def tenant_id() -> Column[str]:
    """The tenant: first in the primary key, in every index and in every foreign key."""
    return Column("tenant_id", Text, primary_key=True)


def of_contact() -> ForeignKeyConstraint:
    """The contact that a row hangs on, and goes with."""
    return ForeignKeyConstraint(
        ["tenant_id", "contact_id"], ["contacts.tenant_id", "contacts.contact_id"], ondelete="CASCADE"
    )


def instant(name: str, *, nullable: bool = False) -> Column[datetime]:
    """An instant with its zone, in microseconds."""
    return Column(name, TIMESTAMP(timezone=True), nullable=nullable)


def values(row: Any) -> dict[str, Any]:
    """A row's values by column. Not `asdict`, which copies every value deeply and costs more than the insert."""
    kind = type(row)
    names = _names.get(kind)
    if names is None:
        names = _names[kind] = tuple(field.name for field in fields(kind))
    return {name: getattr(row, name) for name in names}


_names: Final[dict[type, tuple[str, ...]]] = {}
