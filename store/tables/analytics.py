"""What each contact did on each day of the tenant's own time zone: what analytics are added up from."""

from typing import Final

from sqlalchemy import Column, Date, Index, Integer, Table, Text

from store.tables.base import instant, metadata, of_contact, tenant_id

MOOD_COLUMNS: Final = ("happy", "neutral", "excited", "playful", "sad", "anxious", "frustrated", "bored", "angry")
"""One count for each mood."""

daily_activity: Final = Table(
    "daily_activity",
    metadata,
    tenant_id(),
    # A row for each contact and day: an ingest changes a row of its own contact's, so nobody waits for anybody.
    Column("contact_id", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("turns", Integer, nullable=False),
    # When the first of them was; null where nobody noted it, then noon of the day.
    instant("first_at", nullable=True),
    *(Column(mood, Integer, nullable=False, server_default="0") for mood in MOOD_COLUMNS),
    of_contact(),
    Index(None, "tenant_id", "day", "contact_id"),
)
