"""Patterns as memories: a new one takes the place of the old, and one that no longer holds is withdrawn."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from server.domain.editing import CERTAIN
from server.domain.memory import Memory
from server.domain.patterns import Pattern

_DERIVED: Final = ("usual_", "mood_", "topic_")
"""How the attributes of derived patterns begin."""


@dataclass(frozen=True, slots=True)
class Derived:
    """`added` are new memories; `closed` are known ones that were superseded, or withdrawn (`expired`)."""

    added: tuple[Memory, ...]
    closed: tuple[Memory, ...]


def derive(
    patterns: Sequence[Pattern],
    memories: Sequence[Memory],
    withheld: Collection[str],
    *,
    at: datetime,
    now: datetime,
    new_id: Callable[[], str],
) -> Derived:
    """What has to change so that the contact's memories tell exactly these patterns; nothing where they do.

    `at` is when the newest of what they are derived from happened: they hold from then on, and what is withdrawn held
    until then. Patterns of the attributes in `withheld` are not wanted. One that somebody corrected by hand stays.
    """
    current = {
        m.attribute: m
        for m in memories
        if m.type == "pattern" and m.status == "current" and m.attribute and m.attribute.startswith(_DERIVED)
    }
    wanted = {p.attribute: p for p in patterns if p.attribute not in withheld}
    place = min(0, min((m.sequence for m in memories), default=0))
    added: list[Memory] = []
    closed: list[Memory] = []
    for attribute, pattern in wanted.items():
        known = current.get(attribute)
        if known is not None and (known.confidence >= CERTAIN or known.content == pattern.content):
            continue
        # Before every turn: a pattern is no part of what was said last.
        place -= 1
        memory = _remembered(new_id(), pattern, place, at, now)
        added.append(memory)
        if known is not None:
            closed.append(
                replace(known, status="superseded", valid_to=max(known.valid_from, at), superseded_by=memory.id)
            )
    for attribute, known in current.items():
        if attribute not in wanted and known.confidence < CERTAIN:
            closed.append(replace(known, status="expired", valid_to=max(known.valid_from, at)))
    return Derived(tuple(added), tuple(closed))


def _remembered(memory_id: str, pattern: Pattern, place: int, at: datetime, now: datetime) -> Memory:
    return Memory(
        id=memory_id,
        type="pattern",
        content=pattern.content,
        importance=pattern.importance,
        confidence=pattern.confidence,
        occurred_at=at,
        valid_from=at,
        created_at=now,
        subject="self",
        attribute=pattern.attribute,
        value=pattern.value,
        entity_ids=pattern.entity_ids,
        sequence=place,
        strength_at=at,
    )
