"""The one metadata of all tables, and the columns that they share."""

from datetime import datetime
from typing import Final

from sqlalchemy import Column, MetaData, Text
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


def instant(name: str, *, nullable: bool = False) -> Column[datetime]:
    """An instant with its zone, in microseconds."""
    return Column(name, TIMESTAMP(timezone=True), nullable=nullable)
