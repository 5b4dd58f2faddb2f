"""The history of memories: what took the place of what, and which are earlier wordings of another.

A memory that a new statement ended points at its successor (`superseded_by`). A corrected memory keeps its id; what it
said before becomes a memory of its own, whose id is that of the corrected one with a colon and a number behind it.
Ids that are not made so hold no colon.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from server.domain.memory import Memory

_MARK: Final = ":"


def earlier_id(memory_id: str, taken: Collection[str]) -> str:
    """The id of the next earlier wording of a memory; `taken` are the ids that the contact's memories have."""
    number = 1
    while f"{memory_id}{_MARK}{number}" in taken:
        number += 1
    return f"{memory_id}{_MARK}{number}"


def earlier_wordings(memory_ids: Collection[str], memories: Sequence[Memory]) -> tuple[str, ...]:
    """The ids of what these memories said before they were corrected; they go where the memory goes.

    Known by their ids; those of a memory that was merged into one of these, by their successor.
    """
    return tuple(
        m.id
        for m in memories
        if _MARK in m.id and (m.id.partition(_MARK)[0] in memory_ids or m.superseded_by in memory_ids)
    )


def repointed(memories: Sequence[Memory], gone: Mapping[str, str | None]) -> dict[str, Memory]:
    """The memories whose successor is gone, by id, pointing at what stands for it now.

    `gone` gives for each memory that goes the one in whose place it is to be looked for, or None. That one may be gone
    too: the chain is followed to its end, and a chain that ends in nothing leaves no successor.
    """
    return {
        m.id: replace(m, superseded_by=_end(m.superseded_by, gone))
        for m in memories
        if m.superseded_by in gone and m.id not in gone
    }


def _end(memory_id: str | None, gone: Mapping[str, str | None]) -> str | None:
    seen: set[str] = set()
    while memory_id is not None and memory_id in gone:
        if memory_id in seen:
            return None
        seen.add(memory_id)
        memory_id = gone[memory_id]
    return memory_id
