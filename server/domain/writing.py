"""A memory that somebody wrote down: held against what is known as a statement of a turn is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Final

from server.domain import conflict
from server.domain.contact import Profile
from server.domain.duplicates import turned
from server.domain.editing import CERTAIN
from server.domain.errors import FieldViolation, InvalidInput
from server.domain.extraction.drafts import Draft
from server.domain.extraction.entities import Mentions
from server.domain.extraction.statement import Statement
from server.domain.extraction.times import resolve
from server.domain.extraction.written import stated
from server.domain.lasting import over_at
from server.domain.learning import with_met
from server.domain.memory import Entity, Memory
from server.domain.relationship import SESSION_PAUSE
from server.domain.text import words
from server.domain.timeline import placed
from server.domain.turn import AHEAD, EARLIEST
from server.domain.words import MemoryType

IMPORTANCE: Final[dict[MemoryType, float]] = {"fact": 0.7, "preference": 0.6, "episode": 0.4}
"""How much a memory matters where its writer does not say; what may be written are these types."""

_STATEMENTS: Final = ("fact", "preference")
_SAID_AGAIN: Final = 0.02
"""What a memory gains in importance when it is told again."""


@dataclass(frozen=True, slots=True)
class Note:
    """What is to be remembered; None leaves it to the content and the defaults. Ranges are those of the contract.

    `entity_ids` are besides those that the content names; `sources` are the writer's own references.
    """

    content: str
    occurred_at: datetime
    type: MemoryType | None = None
    importance: float | None = None
    subject: str | None = None
    attribute: str | None = None
    value: str | None = None
    entity_ids: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """`memory` tells it now; `created` is False where it was there before. `ended` are memories that it ended, as they
    are now, and `met` the entities that are new or have new aliases."""

    memory: Memory
    created: bool
    ended: tuple[Memory, ...]
    met: tuple[Entity, ...]


def write(
    note: Note,
    profile: Profile,
    memories: Sequence[Memory],
    entities: Sequence[Entity],
    *,
    now: datetime,
    zone: tzinfo,
    new_id: Callable[[], str],
) -> Written:
    """What becomes of a note on a contact of whom `memories`, not only the current ones, and `entities` are known.

    `zone` is where the contact's days are; `new_id` names a new memory. Raises InvalidInput.
    """
    _check(note, now)
    mentions = Mentions(entities, profile.display_name)
    draft = _draft(note, profile.language, mentions, zone)
    everyone = with_met(entities, mentions.drafts())
    _check_known(note, everyone)
    new = {entity.id for entity in mentions.drafts()}
    met = tuple(entity for entity in everyone if entity.id in new)

    telling = _Telling(draft, note.occurred_at)
    told = next(filter(telling.told_then, memories), None)
    if told is not None:
        return Written(_told_again(told, draft, note, now), False, (), met)
    current = {m.id: m for m in memories if m.status == "current"}
    resolution = conflict.resolve([m for m in current.values() if telling.may_say_the_same(m)], draft)
    known = current.get(resolution.reinforces or "")
    if known is not None:
        at = note.occurred_at
        over = [current[i] for i in resolution.supersedes if current[i].valid_from <= at]
        closed = (
            replace(m, status="superseded", valid_to=min(m.valid_to or at, at), superseded_by=known.id) for m in over
        )
        return Written(_told_again(known, draft, note, now), False, tuple(closed), met)
    rivals = [m for m in current.values() if m.id in resolution.supersedes or telling.is_rival(m)]
    memory, ended = placed(_remembered(new_id(), draft, note, memories, now), rivals, memories)
    return Written(memory, True, tuple(ended.values()), met)


def happened(
    note: Note,
    profile: Profile,
    memories: Sequence[Memory],
    entities: Sequence[Entity],
    *,
    memory_id: str,
    now: datetime,
    zone: tzinfo,
) -> Written:
    """What becomes of a note on something that happened by itself, such as a call: an episode of its own.

    It is held against nothing, so that it can be taken back without a trace. As `write` otherwise.
    """
    mentions = Mentions(entities, profile.display_name)
    draft = _draft(note, profile.language, mentions, zone)
    new = {entity.id for entity in mentions.drafts()}
    met = tuple(entity for entity in with_met(entities, mentions.drafts()) if entity.id in new)
    return Written(_remembered(memory_id, draft, note, memories, now), True, (), met)


def _check(note: Note, now: datetime) -> None:
    wrong: list[FieldViolation] = []
    for field, text in (("content", note.content), ("subject", note.subject), ("value", note.value)):
        if text is not None and not text.strip():
            wrong.append(FieldViolation(field, "must not be blank"))
    if note.occurred_at > now + AHEAD:
        wrong.append(FieldViolation("occurred_at", "must be at most 5 minutes ahead"))
    if note.occurred_at < EARLIEST:
        wrong.append(FieldViolation("occurred_at", "must not be before 1970"))
    if note.type == "episode":
        given = (("subject", note.subject), ("attribute", note.attribute), ("value", note.value))
        wrong += [FieldViolation(field, "is not of an episode") for field, text in given if text is not None]
    elif note.value is not None and note.attribute is None:
        wrong.append(FieldViolation("attribute", "must be given where value is"))
    if wrong:
        raise InvalidInput(wrong)


def _check_known(note: Note, entities: Sequence[Entity]) -> None:
    known = {entity.id for entity in entities}
    wrong = [
        FieldViolation(f"entity_ids[{place}]", "must be an entity of this contact")
        for place, entity_id in enumerate(note.entity_ids)
        if entity_id not in known
    ]
    if wrong:
        raise InvalidInput(wrong)


def _draft(note: Note, language: str, mentions: Mentions, zone: tzinfo) -> Draft:
    content = note.content.strip()
    read = _read(note, content) if language.lower().startswith("en") else None
    type_ = note.type or (read.type if read else "fact")
    named = mentions.of_statement(read) if read else ()
    entity_ids = tuple(dict.fromkeys((*note.entity_ids, *named, *mentions.named_in(content))))
    subject, attribute, value = note.subject, note.attribute, note.value
    if type_ != "episode":
        subject = (subject or (read.subject if read else "self")).strip()
        attribute = attribute or (read.attribute if read else None)
        if attribute is not None:
            # Without any a later statement of the same attribute would not meet this one.
            value = (value or (read.value if read else content)).strip()
    when = resolve(value if attribute == "birthday" and value else content, note.occurred_at, zone)
    return Draft(
        type=type_,
        content=content,
        importance=IMPORTANCE[type_] if note.importance is None else note.importance,
        confidence=CERTAIN,
        # What is known of a contact stands with what the contact said, not with the replies.
        speaker="contact",
        subject=subject,
        attribute=attribute,
        value=value,
        entity_ids=entity_ids,
        event_start=when.start if when else None,
        event_end=when.end if when else None,
        closes=read.closes if read else (),
    )


def _read(note: Note, content: str) -> Statement | None:
    """The statement that the content makes, where what the note says of it does not speak against that."""
    if note.type == "episode":
        return None
    read = stated(content)
    if read is None or note.subject not in (None, read.subject) or note.attribute not in (None, read.attribute):
        return None
    if note.value is not None and words(note.value) != words(read.value):
        return None
    return read


class _Telling:
    """What was written, as it is held against memories. Its words are looked up once, for there may be many."""

    def __init__(self, draft: Draft, at: datetime) -> None:
        self._draft, self._at = draft, at
        self._words, self._turned = words(draft.content), turned(draft.content)

    def told_then(self, memory: Memory) -> bool:
        """Whether the memory is over and told this of that time already."""
        return (
            memory.status != "current"
            and memory.type in _STATEMENTS
            and memory.valid_to is not None
            and memory.valid_from <= self._at < memory.valid_to
            and self._same_matter(memory)
            and self._same_words(memory)
        )

    def may_say_the_same(self, memory: Memory) -> bool:
        """Whether a current memory may say the same, in the words of whoever wrote it.

        Of episodes those of about the same time. Of statements without an attribute those of the same words. Of one
        attribute those with the same "not" and "never": else the contrary would pass for what says more.
        """
        if memory.type == "episode":
            return abs(memory.occurred_at - self._at) < SESSION_PAUSE
        if memory.attribute != self._draft.attribute:
            # Told apart anyhow; but what was written may say that it is over.
            return True
        if self._draft.attribute is None or not self._words:
            return self._same_words(memory)
        return turned(memory.content) == self._turned

    def is_rival(self, memory: Memory) -> bool:
        """Whether a current memory gives another value for something of which there is one at a time."""
        attribute = self._draft.attribute
        single = attribute is not None and conflict.single_valued(attribute)
        return single and memory.type in _STATEMENTS and memory.value is not None and self._same_matter(memory)

    def _same_matter(self, memory: Memory) -> bool:
        return ((memory.subject or "self"), memory.attribute) == (self._draft.subject, self._draft.attribute)

    def _same_words(self, memory: Memory) -> bool:
        # Of what has no words, such as an emoji, all must be the same.
        return words(memory.content) == self._words and (bool(self._words) or memory.content == self._draft.content)


def _told_again(known: Memory, draft: Draft, note: Note, now: datetime) -> Memory:
    """Surer, a little more important, as strong as new, and with the sources and entities of the note.

    What ends by itself, such as a wish, lasts as long from now on.
    """
    until = over_at(known.attribute, note.occurred_at, draft.event_end) if known.status == "current" else None
    return replace(
        known,
        valid_to=known.valid_to if until is None else max(until, known.valid_to or until),
        sources=tuple(dict.fromkeys((*known.sources, *note.sources))),
        entity_ids=tuple(dict.fromkeys((*known.entity_ids, *draft.entity_ids))),
        confidence=max(known.confidence, draft.confidence),
        importance=min(1.0, max(known.importance, note.importance or 0.0) + _SAID_AGAIN),
        strength=1.0,
        strength_at=now,
    )


def _remembered(memory_id: str, draft: Draft, note: Note, memories: Sequence[Memory], now: datetime) -> Memory:
    return Memory(
        id=memory_id,
        type=draft.type,
        content=draft.content,
        importance=draft.importance,
        confidence=draft.confidence,
        occurred_at=note.occurred_at,
        valid_from=note.occurred_at,
        valid_to=None if draft.type == "episode" else over_at(draft.attribute, note.occurred_at, draft.event_end),
        created_at=now,
        subject=draft.subject,
        attribute=draft.attribute,
        value=draft.value,
        entity_ids=draft.entity_ids,
        sources=note.sources,
        # A place of its own before every turn: it is no part of one, nor what was said last.
        sequence=min(0, min((m.sequence for m in memories), default=0)) - 1,
        speaker=draft.speaker,
        event_start=draft.event_start,
        event_end=draft.event_end,
        strength_at=now,
        origin="caller",
    )
