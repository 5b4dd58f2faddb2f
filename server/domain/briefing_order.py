"""In which order a briefing tells what is known: as a friend would, who somebody is before what they own."""

from typing import Final

from server.domain.memory import Memory

_GROUPS: Final = (
    "name gender birthday age",
    "residence whereabouts dwelling household hometown upbringing former_residence",
    "occupation workplace field work employment former_workplace school studies education",
    "relationship_status partner children siblings family people lost_person",
    "pet lost_pet",
    "health allergy diet fear avoids weakness",
    "plan goal",
    "likes dislikes hobby plays watches reads listens_to eats drinks collects",
)
_RANK: Final = {attribute: rank for rank, group in enumerate(_GROUPS) for attribute in group.split()}
_PEOPLE: Final = 3
_TASTES: Final = 7
_REST: Final = 8
_PASSING: Final = 9
_OF_ONE_DAY: Final = frozenset(("event", "activity"))

_LEAST_OF_ONE_DAY: Final = 0.35
"""Importance below which what happened or was done once is a moment, not something known of somebody."""


def place(memory: Memory) -> int:
    """Where a memory stands among what is known: home before work, work before people, what passes last."""
    attribute = memory.attribute or ""
    if memory.type == "pattern" or attribute in _OF_ONE_DAY:
        return _PASSING
    if memory.subject not in (None, "self"):
        return _PEOPLE
    if attribute.startswith("favorite_"):
        return _TASTES
    return _RANK.get(attribute, _REST)


def worth_telling(memory: Memory) -> bool:
    """Whether a memory is something one knows of somebody, and not a trifle of one day."""
    return memory.attribute not in _OF_ONE_DAY or memory.importance >= _LEAST_OF_ONE_DAY
