"""How long to wait before trying again."""

import random
from typing import Final

_FIRST: Final = 2.0
_MOST: Final = 900.0


def seconds_before(attempt: int) -> float:
    """Seconds before try number `attempt` (from 1): doubling from 2 s to 15 min, with full jitter on its upper half."""
    ceiling = min(_MOST, _FIRST * 2 ** (attempt - 1))
    return random.uniform(ceiling / 2, ceiling)  # noqa: S311 (spreads load, is no secret)
