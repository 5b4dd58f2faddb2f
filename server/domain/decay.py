"""How memories fade: strength halves with time unless an access renews it."""

from datetime import datetime
from typing import Final

from server.domain.memory import Memory
from server.domain.words import MemoryType

HALF_LIFE_DAYS: Final[dict[MemoryType, float]] = {
    "episode": 30.0,
    "pattern": 60.0,
    "preference": 90.0,
    "fact": 180.0,
}
"""Days without an access after which half of a memory's strength is left; what is so outlasts what happened."""


def strength_at(memory: Memory, now: datetime) -> float:
    """Strength in [0, 1] at `now`: `strength · 2^(−days / half-life)`; never grows by itself."""
    since = memory.strength_at or memory.occurred_at
    days = max(0.0, (now - since).total_seconds() / 86_400)
    return float(memory.strength * 2.0 ** (-days / HALF_LIFE_DAYS[memory.type]))
