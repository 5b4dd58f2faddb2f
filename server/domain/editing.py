"""Correcting a memory by hand: what it says now, and what stays of what it said before."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Final

from server.domain.conflict import single_valued
from server.domain.consolidation import named_in
from server.domain.errors import Conflict, FieldViolation, InvalidInput
from server.domain.extraction.times import resolve
from server.domain.history import earlier_id
from server.domain.lasting import over_at
from server.domain.memory import Entity, Memory
from server.domain.text import words

CERTAIN: Final = 1.0
"""The confidence of what somebody wrote down; nothing derived is as sure, and nothing derived replaces it."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to change; None leaves a field as it is. Ranges are those of the contract."""

    content: str | None = None
    importance: float | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    subject: str | None = None
    attribute: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Edited:
    """`memory` is the corrected one. `earlier` is what it said before, where that changed; `ended` are other memories
    that gave another value for the same thing. Nothing is to be written where `unchanged`."""

    memory: Memory
    earlier: Memory | None = None
    ended: tuple[Memory, ...] = ()
    unchanged: bool = False


def edit(
    memory: Memory, change: Edit, memories: Sequence[Memory], entities: Sequence[Entity], now: datetime, zone: tzinfo
) -> Edited:
    """Corrects one of the contact's `memories`; `entities` are those known, `zone` is where the contact's days are.

    Raises InvalidInput, and Conflict for a memory that is no longer current. The same edit again changes nothing.
    """
    _check(memory, change, now)
    if _says_so(memory, change):
        return Edited(memory, unchanged=True)
    if memory.status != "current":
        raise Conflict("The memory is no longer current; only what is current can be corrected.")
    moved = replace(memory, importance=memory.importance if change.importance is None else change.importance)
    stated = _restated(moved, change, entities, zone)
    if _statement(stated) == _statement(memory):
        return Edited(_held(moved, memory, change, change.valid_from or memory.valid_from))
    corrected = _held(stated, memory, change, change.valid_from or now)
    corrected = replace(corrected, confidence=CERTAIN, strength=1.0, strength_at=now)
    if corrected.valid_to is not None and corrected.valid_to <= corrected.valid_from:
        raise InvalidInput.of("valid_to", "must be after valid_from, which is now where a correction does not give it")
    earlier = replace(_ended(memory, corrected), id=earlier_id(memory.id, {m.id for m in memories}))
    ended = tuple(
        _ended(m, corrected)
        for m in memories
        if m.id != memory.id and corrected.status == "current" and _rivals(m, corrected)
    )
    return Edited(corrected, earlier, ended)


def _held(stated: Memory, memory: Memory, change: Edit, since: datetime) -> Memory:
    """The memory as it holds from `since`; until when follows from what it says now where the change does not tell.

    What was over before the correction stays over: then the correction is about the time when it held.
    """
    if change.valid_to is not None:
        return replace(stated, valid_from=since, valid_to=change.valid_to, status="expired")
    until = over_at(stated.attribute, since, stated.event_end)
    if (stated.attribute, stated.event_end) == (memory.attribute, memory.event_end):
        if memory.valid_to is None or memory.valid_to > since or change.valid_from is None:
            until = memory.valid_to
    elif change.valid_from is None:
        told_then = over_at(stated.attribute, memory.valid_from, stated.event_end)
        # The day that it tells of may have passed already.
        until = told_then if told_then == stated.event_end else until
    over = until is not None and until <= since
    return replace(stated, valid_from=memory.valid_from if over else since, valid_to=until)


def _ended(memory: Memory, by: Memory) -> Memory:
    """What the correction takes the place of; what was over by itself before, such as a plan, ended then."""
    until = max(memory.valid_from, by.valid_from)
    if memory.valid_to is not None:
        until = min(until, memory.valid_to)
    return replace(memory, status="superseded", valid_to=until, superseded_by=by.id)


def _check(memory: Memory, change: Edit, now: datetime) -> None:
    wrong: list[FieldViolation] = []
    if change == Edit():
        wrong.append(FieldViolation("content", "at least one field to change must be given"))
    for field, text in (("content", change.content), ("subject", change.subject), ("value", change.value)):
        if text is not None and not text.strip():
            wrong.append(FieldViolation(field, "must not be blank"))
    for field, at in (("valid_from", change.valid_from), ("valid_to", change.valid_to)):
        if at is not None and at > now:
            wrong.append(FieldViolation(field, "must not be in the future"))
    if change.valid_to is not None and change.valid_to <= (change.valid_from or memory.valid_from):
        wrong.append(FieldViolation("valid_to", "must be after valid_from"))
    if wrong:
        raise InvalidInput(wrong)


def _says_so(memory: Memory, change: Edit) -> bool:
    """Whether the memory is already as the edit wants it."""
    return all(
        wanted is None or wanted == held
        for wanted, held in (
            (_trimmed(change.content), memory.content),
            (change.importance, memory.importance),
            (change.valid_from, memory.valid_from),
            (change.valid_to, memory.valid_to),
            (_trimmed(change.subject), memory.subject),
            (change.attribute, memory.attribute),
            (_trimmed(change.value), memory.value),
        )
    )


def _trimmed(text: str | None) -> str | None:
    return None if text is None else text.strip()


def _statement(memory: Memory) -> tuple[str | None, ...]:
    return memory.content, memory.subject, memory.attribute, memory.value


def _restated(memory: Memory, change: Edit, entities: Sequence[Entity], zone: tzinfo) -> Memory:
    content = _trimmed(change.content) or memory.content
    value = _trimmed(change.value)
    stated = replace(
        memory,
        content=content,
        subject=_trimmed(change.subject) or memory.subject,
        attribute=change.attribute or memory.attribute,
        value=value or (memory.value if content == memory.content else _value_in(content, memory)),
    )
    if content == memory.content:
        return stated
    known = {entity.id for entity in entities}
    unnamed = [entity_id for entity_id in memory.entity_ids if entity_id not in known]
    start, end = _event(content, memory, zone)
    return replace(stated, entity_ids=(*unnamed, *named_in(content, entities)), event_start=start, event_end=end)


def _value_in(content: str, memory: Memory) -> str | None:
    """The value that a corrected content gives.

    The old one where the content still holds it. Else what stands where the old one stood ("Lives in Berlin", "Lives in
    Porto": Porto). Else the whole content, so that a later statement of the same attribute still meets this one.
    """
    if memory.value is None:
        return None
    held = words(memory.value)
    if set(held) <= set(words(content)):
        return memory.value
    at = memory.content.lower().find(memory.value.lower())
    if at >= 0:
        before, after = memory.content[:at], memory.content[at + len(memory.value) :]
        if content.startswith(before) and content.endswith(after):
            found = content[len(before) : len(content) - len(after)].strip(" .!")
            if found:
                return found
    return content


def _event(content: str, memory: Memory, zone: tzinfo) -> tuple[datetime | None, datetime | None]:
    """When the corrected content says that it happens; as before where it never said so itself."""
    found = resolve(content, memory.occurred_at, zone)
    if found is not None:
        return found.start, found.end
    if memory.event_start is not None and resolve(memory.content, memory.occurred_at, zone) is None:
        return memory.event_start, memory.event_end
    return None, None


def _rivals(one: Memory, other: Memory) -> bool:
    """Whether both give a value for something of which there is one at a time."""
    return (
        one.status == "current"
        and one.type in ("fact", "preference")
        and other.type in ("fact", "preference")
        and other.attribute is not None
        and single_valued(other.attribute)
        and one.attribute == other.attribute
        and (one.subject or "self") == (other.subject or "self")
        and one.value is not None
    )
