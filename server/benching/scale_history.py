"""The invented histories of the contacts of `kith bench scale`: what happened with whom, and how long ago."""

import random
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from server.domain.warmth import quality

_KINDS: Final = {"message": 0.4, "email": 0.3, "note": 0.15, "call": 0.1, "meeting": 0.04, "video_call": 0.01}
_MEAN_GAPS_DAYS: Final = (0.5, 1.5, 4.0, 10.0, 25.0, 60.0)
"""Between two touches: from every few hours, who is hot, to every other month."""

_SEED: Final = 41
_DIRECTIONS: Final = ("inbound", "outbound")
_SENTIMENTS: Final = ("positive", "neutral", "negative", "very_positive")
_TEXTS: Final = (
    "Went through the open points and agreed on the order of the next ones.",
    "Sent the revised offer; an answer is due after the summer fair.",
    "Asked about delivery to the island, and whether pallets may be mixed.",
    "Long talk about the workshop in spring; wants a smaller group this time.",
    "Nothing new, keeps the date.",
)


@dataclass(frozen=True, slots=True)
class Happened:
    """One touchpoint of a history. `n` counts all of them, the oldest first; `pattern` is whose history it is of."""

    n: int
    pattern: int
    kind: str
    content: str
    metadata: dict[str, Any]
    quality: float
    at: str


def histories(patterns: int, each: int, now: datetime) -> list[dict[str, object]]:
    """`each` touchpoints of so many histories, the oldest first, as rows. The same `now` gives the same."""
    chance = random.Random(_SEED)  # noqa: S311 - the same every time is the point
    dated: list[tuple[datetime, int]] = []
    for pattern in range(patterns):
        at, gap = now, _MEAN_GAPS_DAYS[pattern % len(_MEAN_GAPS_DAYS)]
        for _ in range(each):
            at -= timedelta(days=chance.expovariate(1 / gap), milliseconds=1)
            dated.append((at, pattern))
    return [asdict(_happened(n, pattern, at, chance)) for n, (at, pattern) in enumerate(sorted(dated))]


def _happened(n: int, pattern: int, at: datetime, chance: random.Random) -> Happened:
    kind = chance.choices(list(_KINDS), list(_KINDS.values()))[0]
    metadata: dict[str, Any] = {"direction": chance.choice(_DIRECTIONS), "sentiment": chance.choice(_SENTIMENTS)}
    if kind in ("call", "meeting", "video_call"):
        metadata["duration_minutes"] = chance.randint(2, 70)
    return Happened(n, pattern, kind, chance.choice(_TEXTS), metadata, quality(kind, metadata), at.isoformat())
