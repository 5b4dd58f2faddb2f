"""Memories that say the same in other words, found by their vectors; words decide where vectors cannot."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.domain.memory import Memory
from server.domain.text import tokens, words

NEAR: Final = 0.92
"""The least cosine. Vectors alone do not tell "likes tea" from "likes coffee", see `_same_thing`."""

_NEGATIONS: Final = frozenset("not never no none without cannot don't doesn't didn't isn't wasn't won't can't".split())


@dataclass(frozen=True, slots=True)
class NearMerged:
    """`grown` are memories that took over the sources of others; `into` says of each of those others which took it."""

    grown: tuple[Memory, ...]
    into: dict[str, str]


def merge_near_duplicates(memories: Sequence[Memory], vectors: NDArray[np.float32]) -> NearMerged:
    """Current statements of one type, subject and attribute that are near and name the same value become the oldest.

    `vectors` has a row of length 1 for each memory. The oldest takes over the sources and entities of the others.
    """
    kept: list[int] = []
    grown: dict[str, Memory] = {}
    into: dict[str, str] = {}
    for at, memory in enumerate(memories):
        near = next((k for k in kept if _same_thing(memories[k], memory) and vectors[k] @ vectors[at] >= NEAR), None)
        if near is None:
            kept.append(at)
            continue
        first = grown.get(memories[near].id, memories[near])
        grown[first.id] = replace(
            first,
            sources=tuple(dict.fromkeys((*first.sources, *memory.sources))),
            entity_ids=tuple(dict.fromkeys((*first.entity_ids, *memory.entity_ids))),
            importance=max(first.importance, memory.importance),
        )
        into[memory.id] = first.id
    return NearMerged(tuple(grown.values()), into)


def _same_thing(one: Memory, other: Memory) -> bool:
    """Whether both are about the same value of the same attribute of the same subject, neither denying the other."""
    if (one.type, one.subject, one.attribute) != (other.type, other.subject, other.attribute):
        return False
    if one.value is None or other.value is None or frozenset(tokens(one.value)) != frozenset(tokens(other.value)):
        return False
    if _NEGATIONS & frozenset(words(one.content)) != _NEGATIONS & frozenset(words(other.content)):
        return False
    return _numbers(one) == _numbers(other) and (one.event_start, one.event_end) == (other.event_start, other.event_end)


def _numbers(memory: Memory) -> frozenset[str]:
    return frozenset(word for word in words(memory.content) if any(c.isdigit() for c in word))
