"""What one understood turn changes in memory: forgotten, reinforced, superseded, added."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from server.domain import conflict
from server.domain.extraction import Draft, EntityDraft, Extraction, forgotten
from server.domain.history import earlier_wordings, handed_on
from server.domain.lasting import over_at
from server.domain.memory import Entity, Memory
from server.domain.timeline import placed
from server.domain.turn import Turn


@dataclass(frozen=True, slots=True)
class Learned:
    """What a turn changed: new memories, others by id as they are now, ids that are gone, all entities, those met.

    `repointed` are superseded memories whose successor is among those that are gone.
    """

    added: tuple[Memory, ...]
    changed: dict[str, Memory]
    removed: frozenset[str]
    entities: tuple[Entity, ...]
    met: tuple[Entity, ...]
    repointed: dict[str, Memory]


def learn(
    memories: Sequence[Memory],
    entities: Sequence[Entity],
    turns_before: int,
    turn: Turn,
    understood: Extraction,
    now: datetime,
    new_id: Callable[[], str],
) -> Learned:
    """How the contact's memories change by what the turn tells; `new_id` names new ones.

    `turns_before` is how many turns were taken in before this one. `memories` are those that the turn can touch: the
    current facts and preferences and the episodes of its session; all that is current where it asks to forget, and all
    there ever were where the turn is older than others.
    """
    current = {m.id: m for m in memories if m.status == "current"}
    # What was once true of what is to be forgotten goes with it, and what it said before it was corrected.
    gone = frozenset(i for query in understood.forget for i in forgotten(query, memories, entities))
    gone |= frozenset(earlier_wordings(gone, memories))
    handed = handed_on(gone, memories)
    changed = {i: m for i, m in handed.items() if m.status == "current"}
    current = {i: m for i, m in (current | changed).items() if i not in gone}

    added: dict[str, Memory] = {}
    for draft in understood.memories:
        resolution = conflict.resolve([*current.values(), *added.values()], draft, session_id=turn.session_id)
        known = current.get(resolution.reinforces or "")
        if known is not None:
            current[known.id] = changed[known.id] = _reinforced(known, draft, turn.occurred_at, now)
        if not resolution.add:
            continue
        memory = _remembered(new_id(), draft, turn, turns_before, now)
        rivals = [current[i] for i in resolution.supersedes if i in current]
        memory, ended = placed(memory, rivals, memories)
        changed |= ended
        added = _without_earlier(added, resolution.supersedes, draft, memory)
        for old_id in ended.keys() & current.keys():
            del current[old_id]
        added[memory.id] = memory

    all_entities = with_met(entities, understood.entities)
    met = {draft.id for draft in understood.entities}
    return Learned(
        added=tuple(added.values()),
        changed=changed,
        removed=gone,
        entities=all_entities,
        met=tuple(e for e in all_entities if e.id in met),
        repointed={i: m for i, m in handed.items() if i not in changed},
    )


_ONE_AT_ONCE: Final = frozenset(
    "residence whereabouts name age birthday relationship_status hometown diet employment height gender".split()
)
"""Attributes of which a turn that gives two means the last; somebody may tell of two jobs in one breath."""


def _without_earlier(
    added: dict[str, Memory], superseded: Sequence[str], draft: Draft, memory: Memory
) -> dict[str, Memory]:
    """What a turn adds, without what it says itself is over by its end: "I live in Rome … I have moved to Oslo".

    What was true for no time at all is not kept as history.
    """
    one = draft.attribute in _ONE_AT_ONCE or (draft.attribute or "").startswith("favorite_")
    over = {
        i
        for i in superseded
        if i in added and (one or added[i].attribute != draft.attribute) and added[i].status == "current"
    }
    return added if memory.status != "current" else {i: m for i, m in added.items() if i not in over}


def with_met(known: Sequence[Entity], met: Sequence[EntityDraft]) -> tuple[Entity, ...]:
    """The known entities with those of the turn; one met again gains its new aliases."""
    by_id = {entity.id: entity for entity in known}
    for draft in met:
        before = by_id.get(draft.id)
        aliases = draft.aliases if before is None else tuple(dict.fromkeys((*before.aliases, *draft.aliases)))
        by_id[draft.id] = Entity(draft.id, draft.type, draft.display_name, aliases)
    return tuple(by_id[entity_id] for entity_id in sorted(by_id))


def _reinforced(known: Memory, draft: Draft, said_at: datetime, now: datetime) -> Memory:
    """Said again: surer, a little more important, as strong as new, and with one more source."""
    sources = known.sources
    if draft.source_ref is not None and draft.source_ref not in sources:
        sources = (*sources, draft.source_ref)
    until = over_at(known.attribute, said_at, draft.event_end)
    return replace(
        known,
        valid_to=until if known.valid_to is None or until is None else max(until, known.valid_to),
        sources=sources,
        confidence=max(known.confidence, draft.confidence),
        importance=min(1.0, max(known.importance, draft.importance) + 0.02),
        strength=1.0,
        strength_at=now,
    )


def _remembered(memory_id: str, draft: Draft, turn: Turn, turns_before: int, now: datetime) -> Memory:
    return Memory(
        id=memory_id,
        type=draft.type,
        content=draft.content,
        importance=draft.importance,
        confidence=draft.confidence,
        occurred_at=turn.occurred_at,
        valid_from=turn.occurred_at,
        valid_to=None if draft.type == "episode" else over_at(draft.attribute, turn.occurred_at, draft.event_end),
        created_at=now,
        subject=draft.subject,
        attribute=draft.attribute,
        value=draft.value,
        entity_ids=draft.entity_ids,
        sources=() if draft.source_ref is None else (draft.source_ref,),
        session_id=turn.session_id,
        # Two places a turn: the contact's message, then the answer.
        sequence=2 * turns_before + (1 if draft.speaker == "assistant" else 0),
        speaker=draft.speaker,
        event_start=draft.event_start,
        event_end=draft.event_end,
        strength_at=turn.occurred_at,
    )
