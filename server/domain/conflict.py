"""What a new memory does to those that are there: is it one of them, does it replace some, does it join them?"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from server.domain.extraction.drafts import Draft
from server.domain.memory import Memory

SINGLE_VALUED: Final = frozenset(
    """
    whereabouts name age birthday residence hometown workplace occupation relationship_status partner school diet
    household
    employment hair hair_color eyes eye_color height gender theirs
    """.split()
)
"""Attributes of which somebody has one at a time, besides `favorite_…` and those said with "my … is"."""

_MULTI_VALUED: Final = frozenset(
    """
    likes dislikes pet children siblings family people owns habit skill weakness goal fear allergy health
    trait visited
    plan event life_event wants never situation member_of dwelling lost_person appearance studies
    not_visited past eats drinks watches reads listens_to plays collects language belief avoids appearance note lost_pet
    studies education field work activity hobby upbringing former_residence former_workplace has is not
    """.split()
)

DATED: Final = frozenset(("plan", "note", "birthday"))
"""Attributes of which the day is part of the value."""

_NEAR: Final = 0.9
"""Episodes of one session are the same when they share this share of their words."""

_WORD: Final = re.compile(r"[^\W_]+")
_NEVER_NEWS: Final = frozenset(("a", "an", "the", "has", "is", "their"))


@dataclass(frozen=True, slots=True)
class Resolution:
    """What to do with a draft.

    `add`: store it. `reinforces`: it is this memory said again: renew its strength, raise its importance, add the
    source. `supersedes`: these end where the draft begins; they are kept with `valid_to` and `superseded_by`.
    Neither add nor reinforces: drop it.
    """

    add: bool
    reinforces: str | None = None
    supersedes: tuple[str, ...] = ()


def single_valued(attribute: str) -> bool:
    """Whether a new value of the attribute replaces the old one."""
    if attribute in SINGLE_VALUED or attribute.startswith("favorite_"):
        return True
    negative = attribute.startswith(("no_", "not_", "former_"))
    return attribute not in _MULTI_VALUED and not negative


def resolve(current: Sequence[Memory], draft: Draft, *, session_id: str | None = None) -> Resolution:
    """How a draft stands to the contact's current memories; those that are not current are passed over.

    Facts and preferences meet on the same subject only. The same value again, or one that says less, reinforces; one
    that says more, or another value of a single-valued attribute, supersedes; what the draft `closes` ends.
    Episodes are only held
    against episodes of the same speaker in the same session.
    """
    if draft.type == "episode":
        return _episode(current, draft, session_id)
    if draft.type == "pattern":
        return _pattern(current, draft)
    return _statement([m for m in current if m.status == "current" and m.type in ("fact", "preference")], draft)


def _statement(current: Sequence[Memory], draft: Draft) -> Resolution:
    same_subject = [m for m in current if (m.subject or "self") == (draft.subject or "self")]
    ended = [m.id for m in same_subject if any(_closes(pair, m) for pair in draft.closes) and not _same_value(m, draft)]
    rivals = [m for m in same_subject if m.attribute == draft.attribute]
    said = _words(draft.content)
    for memory in rivals:
        if memory.id in ended:
            continue
        if _same_value(memory, draft) or said <= _words(memory.content):
            if not ended:
                return Resolution(add=False, reinforces=memory.id)
            return Resolution(add=False, reinforces=memory.id, supersedes=tuple(ended))
    if draft.attribute and single_valued(draft.attribute):
        ended += [m.id for m in rivals if m.value is not None]
    else:
        # It says all that they say, and more: "Has a dog named Bruno" after "Has a dog".
        ended += [m.id for m in rivals if _words(m.content) < said]
    return Resolution(add=True, supersedes=tuple(dict.fromkeys(ended)))


def _closes(pair: tuple[str, str | None], memory: Memory) -> bool:
    attribute, value = pair
    if memory.attribute != attribute:
        return False
    if value is None:
        return True
    ended = _words(value)
    held = _words(f"{memory.value or ''} {memory.content}")
    return bool(ended) and ended <= held


def _same_value(memory: Memory, draft: Draft) -> bool:
    if memory.attribute != draft.attribute or memory.value is None or draft.value is None:
        return False
    if _words(memory.value) != _words(draft.value):
        return False
    if (
        draft.attribute in DATED
        and draft.event_start
        and memory.event_start
        and draft.event_start != memory.event_start
    ):
        # The same thing on another day is another plan, or the same one moved.
        return False
    if draft.attribute == "note":
        # Its value is only what it is about.
        return _words(memory.content) == _words(draft.content)
    # "Has a dog named Bruno" after "Has a golden retriever named Bruno" says less; the other way round it says more.
    return _words(draft.content) <= _words(memory.content) or not _words(memory.content) < _words(draft.content)


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower())) - _NEVER_NEWS


def _episode(current: Sequence[Memory], draft: Draft, session_id: str | None) -> Resolution:
    words = _words(draft.content)
    for memory in current:
        if memory.type != "episode" or memory.speaker != draft.speaker or memory.status != "current":
            continue
        if memory.session_id != session_id:
            continue
        if memory.content == draft.content or _overlap(words, _words(memory.content)) >= _NEAR:
            return Resolution(add=False, reinforces=memory.id)
    return Resolution(add=True)


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one or other else 1.0


def _pattern(current: Sequence[Memory], draft: Draft) -> Resolution:
    rivals = [m for m in current if m.type == "pattern" and m.status == "current" and m.attribute == draft.attribute]
    for memory in rivals:
        if memory.content == draft.content:
            return Resolution(add=False, reinforces=memory.id)
    return Resolution(add=True, supersedes=tuple(m.id for m in rivals))
