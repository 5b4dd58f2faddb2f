"""One memory out of two that say the same: nothing that the other one came from or was worth is lost."""

from dataclasses import replace
from datetime import datetime

from server.domain.memory import Memory


def joined(kept: Memory, other: Memory) -> Memory:
    """`kept` with all that `other` adds, whoever found that they say the same."""
    renewed = max((kept, other), key=lambda m: m.strength_at or m.occurred_at)
    return replace(
        kept,
        sources=_union(kept.sources, other.sources),
        entity_ids=_union(kept.entity_ids, other.entity_ids),
        importance=max(kept.importance, other.importance),
        confidence=max(kept.confidence, other.confidence),
        access_count=kept.access_count + other.access_count,
        strength=renewed.strength,
        strength_at=renewed.strength_at,
        event_start=kept.event_start or other.event_start,
        event_end=kept.event_end if kept.event_start else other.event_end,
        valid_to=_until(kept, other),
    )


def _until(kept: Memory, other: Memory) -> datetime | None:
    """A wish that is told again lasts as long from then on; a plan without a day ends with the day that it is given."""
    if (kept.event_start is None) != (other.event_start is None):
        return kept.valid_to if kept.event_start is not None else other.valid_to
    if kept.valid_to is not None and other.valid_to is not None:
        return max(kept.valid_to, other.valid_to)
    # Which of two texts that say the same ends by itself is a matter of when it was told: the newer one knows.
    return max((kept, other), key=lambda m: (m.occurred_at, m.sequence, m.id)).valid_to


def _union(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))
