"""The history of memories: what took the place of what, and which are earlier wordings of another.

A memory that a new statement ended points at its successor (`superseded_by`). A corrected memory keeps its id; what it
said before becomes a memory of its own, whose id is that of the corrected one with a colon and a number behind it.
Ids that are not made so hold no colon.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from server.domain.lasting import over_at
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


def handed_on(gone: Collection[str], memories: Sequence[Memory]) -> dict[str, Memory]:
    """The memories whose successor is gone, by id, as they are then; `gone` are the ids of what is deleted.

    They point at what took the place of what is gone. What was ended by nothing but a current memory that is gone is
    true again: a joke about Mars does not end a home in Lisbon. Derived patterns are not; they are derived anew.
    """
    by_id = {m.id: m for m in memories if m.id in gone}
    handed = repointed(memories, {i: by_id[i].superseded_by if i in by_id else None for i in gone})
    before = {m.id: m.superseded_by for m in memories}
    return {
        i: _true_again(m) if m.superseded_by is None and _last(before[i], by_id) == "current" else m
        for i, m in handed.items()
    }


def _last(memory_id: str | None, gone: Mapping[str, Memory]) -> str | None:
    """The status of the last memory of a chain of successors that are gone."""
    status: str | None = None
    seen: set[str] = set()
    while memory_id is not None and memory_id in gone and memory_id not in seen:
        seen.add(memory_id)
        status, memory_id = gone[memory_id].status, gone[memory_id].superseded_by
    return status


def _true_again(memory: Memory) -> Memory:
    if memory.status != "superseded" or memory.type == "pattern":
        return memory
    until = over_at(memory.attribute, memory.valid_from, memory.event_end)
    return replace(memory, status="current", valid_to=until)


def _end(memory_id: str | None, gone: Mapping[str, str | None]) -> str | None:
    seen: set[str] = set()
    while memory_id is not None and memory_id in gone:
        if memory_id in seen:
            return None
        seen.add(memory_id)
        memory_id = gone[memory_id]
    return memory_id
