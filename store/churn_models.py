"""The parameters that a tenant's contacts gave the churn model."""

from dataclasses import fields
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from store.database import Transaction
from store.tables.base import values
from store.tables.maintenance import ChurnModelRow, churn_models

_COLUMNS: Final = [churn_models.c[field.name] for field in fields(ChurnModelRow)]


async def get(tx: Transaction) -> ChurnModelRow | None:
    """The tenant's parameters; None while the prior holds."""
    row = (await tx.execute(select(*_COLUMNS).where(churn_models.c.tenant_id == tx.tenant_id))).one_or_none()
    return None if row is None else ChurnModelRow(*row)


async def put(tx: Transaction, row: ChurnModelRow) -> None:
    """Stores the tenant's parameters in the place of those before."""
    columns = values(row)
    del columns["tenant_id"]
    await tx.execute(
        insert(churn_models).values(values(row)).on_conflict_do_update(index_elements=["tenant_id"], set_=columns)
    )
