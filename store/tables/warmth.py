"""The constants of a tenant's warmth, where they are not the defaults."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Column, Float, Integer, Table
from sqlalchemy.dialects.postgresql import JSONB

from store.tables.base import instant, metadata, tenant_id

warmth_configs: Final = Table(
    "warmth_configs",
    metadata,
    tenant_id(),
    Column("fresh_days", Float, nullable=False),
    Column("half_life_days", Float, nullable=False),
    Column("daily_cap", Integer, nullable=False),
    Column("hot_from", Float, nullable=False),
    Column("warm_from", Float, nullable=False),
    Column("cool_from", Float, nullable=False),
    # By kind of touch: the points of a plain one, and of the best one.
    Column("points", JSONB, nullable=False),
    instant("updated_at"),
)


@dataclass(frozen=True, slots=True)
class WarmthConfigRow:
    """A row of `warmth_configs`, column by column."""

    tenant_id: str
    fresh_days: float
    half_life_days: float
    daily_cap: int
    hot_from: float
    warm_from: float
    cool_from: float
    points: dict[str, list[float]]
    updated_at: datetime
