"""Memories that say the same in other words, found by their vectors; words decide where vectors cannot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.domain.editing import CERTAIN
from server.domain.joining import joined
from server.domain.memory import Memory
from server.domain.negation import denies
from server.domain.text import tokens, words

NEAR: Final = 0.92
"""The least cosine of two memories that become one."""


@dataclass(frozen=True, slots=True)
class NearMerged:
    """`grown` are memories that took over the sources of others; `into` says of each of those others which took it."""

    grown: tuple[Memory, ...]
    into: dict[str, str]


def candidates(memories: Sequence[Memory]) -> list[list[Memory]]:
    """Current statements that may be the same: of one type, subject, attribute and value, none denying the others.

    Vectors alone would not tell "likes tea" from "likes coffee". Groups of one are left out; order is kept.
    """
    groups: dict[tuple[object, ...], list[Memory]] = {}
    for memory in memories:
        if memory.status == "current" and memory.type != "episode" and memory.value is not None:
            groups.setdefault(_thing(memory), []).append(memory)
    return [group for group in groups.values() if len(group) > 1]


def _thing(memory: Memory) -> tuple[object, ...]:
    said = frozenset(words(memory.content))
    denied = frozenset(filter(denies, said))
    numbers = frozenset(word for word in said if any(character.isdigit() for character in word))
    value = frozenset(tokens(memory.value or ""))
    event = (memory.event_start, memory.event_end)
    return (memory.type, memory.subject, memory.attribute, value, denied, numbers, event)


def merge_near_duplicates(groups: Sequence[Sequence[Memory]], vectors: Mapping[str, NDArray[np.float32]]) -> NearMerged:
    """Of each group, memories whose vectors are near become the oldest of them, joined with the others.

    One that somebody wrote or corrected by hand stands before older ones and becomes no other.

    `vectors` has one of length 1 by memory id; a memory without one stays as it is.
    """
    grown: dict[str, Memory] = {}
    into: dict[str, str] = {}
    for group in groups:
        kept: list[Memory] = []
        # What somebody wrote by hand keeps its wording: it takes others in and is taken in by none.
        for memory in sorted(group, key=lambda m: not _by_hand(m)):
            if (vector := vectors.get(memory.id)) is None:
                continue
            near = next((k for k in kept if float(vectors[k.id] @ vector) >= NEAR), None)
            if near is None or _by_hand(memory):
                kept.append(memory)
                continue
            first = grown.get(near.id, near)
            grown[first.id] = joined(first, memory)
            into[memory.id] = first.id
    return NearMerged(tuple(grown.values()), into)


def _by_hand(memory: Memory) -> bool:
    return memory.origin == "caller" or memory.confidence >= CERTAIN
