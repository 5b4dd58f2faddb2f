"""How long to wait before trying again."""

from typing import Final

FIRST_SECONDS: Final = 2.0
MOST_SECONDS: Final = 900.0


def seconds_before(attempt: int, draw: float, *, first: float = FIRST_SECONDS, most: float = MOST_SECONDS) -> float:
    """Seconds before try number `attempt` (from 1): doubling from `first` to `most`, jittered over its upper half.

    `draw` is a random number in [0, 1] that spreads those who failed together; 1 gives the longest wait.
    """
    # 2.0 ** 64 seconds are more than any bound; a larger power would overflow.
    ceiling = min(most, first * 2.0 ** min(attempt - 1, 64))
    return ceiling * (0.5 + 0.5 * draw)
