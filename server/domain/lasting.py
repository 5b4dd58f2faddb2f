"""How long a fact stays true by itself: a plan until it is due, an errand for some days, a home until it changes."""

from datetime import datetime, timedelta
from typing import Final

_UNTIL_THE_EVENT: Final = frozenset(("plan", "whereabouts", "activity"))
"""Attributes that are over when what they tell of is."""

_DAYS: Final = {"plan": 90, "whereabouts": 30, "activity": 14, "wants": 30, "situation": 365}
"""Days after which nobody would bring it up any more, where no time was said."""


def over_at(attribute: str | None, said_at: datetime, event_end: datetime | None) -> datetime | None:
    """When a fact said at `said_at` is over without anybody saying so; None where it holds until it is replaced."""
    if attribute is None:
        return None
    if attribute in _UNTIL_THE_EVENT and event_end is not None and event_end > said_at:
        return event_end
    days = _DAYS.get(attribute)
    return None if days is None else said_at + timedelta(days=days)
