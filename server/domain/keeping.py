"""Which memories maintenance lets go: faded ones that never mattered much."""

from datetime import datetime
from typing import Final

from server.domain.decay import strength_at
from server.domain.memory import Memory

FAINT: Final = 0.05
"""Strength below which a memory is faint: for an episode, 130 days without an access."""

MINOR: Final = 0.3
"""Importance below which a faint memory is let go: the least that a context returns by default."""


def is_spent(memory: Memory, now: datetime) -> bool:
    """Whether the memory is both faint and minor. Facts that matter stay however long nobody asks."""
    return memory.status == "current" and memory.importance < MINOR and strength_at(memory, now) < FAINT


def is_over(memory: Memory, now: datetime) -> bool:
    """Whether the memory held until an instant that has passed, such as the plan for a day."""
    return memory.status == "current" and memory.valid_to is not None and memory.valid_to <= now
