"""From a statement, a correction or a note to the draft of a memory: its words, its day, its entities."""

import re
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import Final

from server.domain.extraction.corrections import Corrected
from server.domain.extraction.dates import told, undated
from server.domain.extraction.drafts import Draft
from server.domain.extraction.english import opened, phrase, sentence_case, turned
from server.domain.extraction.entities import Mentions
from server.domain.extraction.statement import Statement
from server.domain.extraction.times import Interval, resolve
from server.domain.extraction.verbs import verb_of
from server.domain.turn import Turn

EXPLICIT_IMPORTANCE: Final = 0.95
"""Importance of what the contact asked to be remembered."""

_LONGEST_NOTE: Final = 300
_EXPLICIT_CONFIDENCE: Final = 0.95


def of_statement(statement: Statement, turn: Turn, zone: tzinfo, mentions: Mentions, said: str) -> Draft:
    ids = mentions.of_statement(statement)
    named = _sentence_of(statement, said)
    when = (
        resolve(named, turn.occurred_at, zone)
        if statement.attribute not in _DATED
        else resolve(statement.value, turn.occurred_at, zone)
    )
    subject = statement.subject
    statement = _ahead(statement, when, turn.occurred_at)
    content = statement.content
    if statement.attribute not in _TIMELESS:
        content = undated(content, turn.occurred_at, zone)
        if when is not None and statement.attribute in _TOLD_WITH_DATE:
            content = f"{content} {told(when, zone)}"
    return Draft(
        type=statement.type,
        content=_capitals(content),
        importance=statement.weight,
        confidence=statement.confidence,
        speaker="contact",
        subject=subject,
        attribute=statement.attribute,
        value=statement.value
        if statement.attribute in _TIMELESS
        else undated(statement.value, turn.occurred_at, zone) or statement.value,
        entity_ids=ids,
        event_start=when.start if when else None,
        event_end=when.end if when else None,
        source_ref=turn.user_message_ref,
        closes=statement.closes,
    )


_DATED: Final = frozenset(("birthday",))
"""Attributes whose value is a day, and says it best."""

_TIMELESS: Final = frozenset(("birthday", "age", "upbringing", "relationship_status", "name"))
"""Attributes whose words of time are what they tell."""

_TOLD_WITH_DATE: Final = frozenset(("plan", "event", "life_event", "lost_pet", "lost_person"))
"""Attributes that say little without their day."""


def _ahead(statement: Statement, when: Interval | None, now: datetime) -> Statement:
    """Something being done at a time to come is a plan: "I am flying to Tokyo in three weeks"."""
    if statement.attribute != "activity" or when is None or when.start <= now:
        return statement
    words = statement.content.split()
    verb = verb_of(words[1].lower()) if len(words) > 1 and words[0] == "Is" else None
    if verb is None or verb.form != "ing":
        return statement
    rest = " ".join(words[2:])
    return replace(
        statement, content=f"Plans to {verb.base} {rest}", attribute="plan", value=f"{verb.base} {rest}", weight=0.5
    )


_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+")


def _sentence_of(statement: Statement, said: str) -> str:
    """The sentence a statement was made in, for its time expression: the one that holds its value."""
    last = statement.value.split()[-1].lower() if statement.value else ""
    for sentence in _SENTENCE_END.split(said):
        if last and last in sentence.lower():
            return sentence
    return statement.content


def _capitals(content: str) -> str:
    return sentence_case(" ".join(content.split()))


def explicit(draft: Draft) -> Draft:
    return Draft(
        type=draft.type,
        content=draft.content,
        importance=EXPLICIT_IMPORTANCE,
        confidence=_EXPLICIT_CONFIDENCE,
        speaker=draft.speaker,
        subject=draft.subject,
        attribute=draft.attribute,
        value=draft.value,
        entity_ids=draft.entity_ids,
        event_start=draft.event_start,
        event_end=draft.event_end,
        source_ref=draft.source_ref,
        closes=draft.closes,
    )


def note(what: str, turn: Turn, zone: tzinfo, mentions: Mentions) -> Draft:
    """An explicit memory that is no statement the rules know: kept in its words, turned to the third person."""
    plain = opened(what)[:_LONGEST_NOTE].strip(" .!")
    when = resolve(what, turn.occurred_at, zone)
    content = re.sub(r"^(?:my|our|the) ", "", turned_note(undated(plain, turn.occurred_at, zone)), flags=re.IGNORECASE)
    if when is not None and content != turned_note(plain):
        content = f"{content} {told(when, zone)}" if undated(plain, turn.occurred_at, zone) != plain else content
    return Draft(
        type="fact",
        content=_capitals(content),
        importance=EXPLICIT_IMPORTANCE,
        confidence=_EXPLICIT_CONFIDENCE,
        speaker="contact",
        subject="self",
        attribute="plan"
        if when is not None and when.end > turn.occurred_at and not _RECURRING.search(plain)
        else "note",
        value=phrase(plain, 12) or plain,
        entity_ids=mentions.named_in(what),
        event_start=when.start if when else None,
        event_end=when.end if when else None,
        source_ref=turn.user_message_ref,
    )


def as_said(what: str, turn: Turn, mentions: Mentions) -> Draft:
    """An explicit memory in a language that is not read: kept in its words."""
    content = _capitals(what[:_LONGEST_NOTE])
    return Draft(
        type="fact",
        content=content,
        importance=EXPLICIT_IMPORTANCE,
        confidence=_EXPLICIT_CONFIDENCE,
        speaker="contact",
        subject="self",
        attribute="note",
        value=content,
        entity_ids=mentions.known_in(what),
        source_ref=turn.user_message_ref,
    )


_RECURRING: Final = re.compile(r"\b(?:birthday|anniversary|every|each|always|born|name day)\b", re.IGNORECASE)
"""What comes back is not over when its day has passed."""


def turned_note(words: str) -> str:
    """A free note in the third person: "to call my mum" becomes "Asked to be reminded to call their mum"."""
    if words.lower().startswith("to "):
        return f"Asked to be reminded {turned(words)}"
    said = re.sub(r"\bI am\b", "they are", words)
    said = re.sub(r"\bI was\b", "they were", said)
    said = re.sub(r"\bI\b", "they", said)
    return re.sub(r"^their ", "", turned(said))


def of_correction(corrected: Corrected, turn: Turn, zone: tzinfo, mentions: Mentions) -> Draft:
    memory = corrected.memory
    interval = corrected.when or resolve(corrected.value, turn.occurred_at, zone)
    when, until = (interval.start, interval.end) if interval is not None else (None, None)
    named = memory.attribute if memory.attribute in ("residence", "hometown", "workplace") else None
    if named is not None:
        mentions.add("workplace" if named == "workplace" else "place", corrected.value)
    elif memory.attribute == "pet":
        mentions.add("pet", corrected.value)
    return Draft(
        type="preference" if memory.type == "preference" else "fact",
        content=corrected.content,
        importance=memory.importance,
        confidence=0.95,
        speaker="contact",
        subject=memory.subject,
        attribute=memory.attribute,
        value=corrected.value,
        entity_ids=mentions.known_in(corrected.content),
        event_start=when,
        event_end=until,
        source_ref=turn.user_message_ref,
        closes=((memory.attribute, memory.value),) if memory.attribute else (),
    )
