"""Keeps Python's cycle collector away from the snapshots.

A full collection walks every object that is alive, and a cache of a few thousand contacts holds hundreds of thousands:
nothing else runs for over a tenth of a second. Snapshots have no cycles, and are freed by their reference counts. So
what survived a young collection is set aside once a second, where automatic collections do not look; they then walk
only the objects of the last second. Cycles that were set aside by chance are found by a whole collection now and then.
"""

import asyncio
import gc
from typing import Final

_EVERY_SECONDS: Final = 1.0
_WHOLE_AFTER: Final = 3600
"""Every so many rounds, once an hour, everything is looked at."""


async def spare_the_cache() -> None:
    """Runs until it is cancelled."""
    rounds = 0
    try:
        while True:
            rounds += 1
            if rounds % _WHOLE_AFTER == 0:
                gc.unfreeze()
                gc.collect()
            else:
                gc.collect(1)
            gc.freeze()
            await asyncio.sleep(_EVERY_SECONDS)
    finally:
        gc.unfreeze()
