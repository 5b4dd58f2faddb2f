"""What the deferred pass makes of a contact's memories: duplicates become one, memories get the entities they name."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from server.domain.memory import Entity, Memory
from server.domain.text import tokens


@dataclass(frozen=True, slots=True)
class Merged:
    """`grown` are memories that took over the sources of others, `gone` the ids of those others."""

    grown: tuple[Memory, ...]
    gone: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Linked:
    """`relinked` are memories with more entities than before, `unmentioned` the ids of entities that none names."""

    relinked: tuple[Memory, ...]
    unmentioned: tuple[str, ...]


def merge_duplicates(memories: Sequence[Memory]) -> Merged:
    """Memories of one type that say the same in the same words become the oldest of them, with all sources."""
    kept: dict[tuple[str, str | None, str | None, tuple[str, ...]], Memory] = {}
    gone: list[str] = []
    grown: dict[str, Memory] = {}
    for memory in memories:
        if memory.status != "current" or memory.type == "episode":
            continue
        key = (memory.type, memory.subject, memory.attribute, tuple(tokens(memory.content)))
        first = kept.setdefault(key, memory)
        if first is memory:
            continue
        kept[key] = grown[first.id] = replace(
            first,
            sources=_union(first.sources, memory.sources),
            entity_ids=_union(first.entity_ids, memory.entity_ids),
            importance=max(first.importance, memory.importance),
        )
        gone.append(memory.id)
    return Merged(tuple(grown.values()), tuple(gone))


def _union(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))


def link_entities(memories: Sequence[Memory], entities: Sequence[Entity]) -> Linked:
    """Memories that name a known entity get its id; entities that nothing mentions any more are found."""
    names = {
        entity.id: [frozenset(tokens(name)) for name in (entity.display_name, *entity.aliases) if tokens(name)]
        for entity in entities
    }
    if not names:
        return Linked((), ())
    relinked: list[Memory] = []
    mentioned: set[str] = set()
    for memory in memories:
        words = frozenset(tokens(memory.content))
        found = {i for i, variants in names.items() if any(variant <= words for variant in variants)}
        linked = _union(memory.entity_ids, tuple(sorted(found)))
        mentioned.update(linked)
        if linked != memory.entity_ids:
            relinked.append(replace(memory, entity_ids=linked))
    return Linked(tuple(relinked), tuple(sorted(set(names) - mentioned)))
