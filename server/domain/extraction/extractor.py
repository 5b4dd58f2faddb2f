"""From one turn to drafts: gate, episodes, statements, commands, corrections, entities put together."""

import re
from datetime import UTC, datetime, tzinfo
from typing import Final

from server.domain.extraction.commands import commands, is_stop
from server.domain.extraction.corrections import Corrected, correction
from server.domain.extraction.drafts import Draft, Extraction, Known
from server.domain.extraction.english import opened, phrase, sentence_case, turned
from server.domain.extraction.entities import Mentions
from server.domain.extraction.episodes import episode
from server.domain.extraction.statement import Statement
from server.domain.extraction.statements import statements
from server.domain.extraction.times import resolve
from server.domain.turn import Turn

EXPLICIT_IMPORTANCE: Final = 0.95
"""Importance of what the contact asked to be remembered."""

_LONGEST_NOTE: Final = 300
_EXPLICIT_CONFIDENCE: Final = 0.95
_LONGEST_READ: Final = 4_000
"""Characters of a message in which statements are looked for, which bounds the time an ingest takes."""


def extract(turn: Turn, known: Known, language: str = "en", zone: tzinfo = UTC) -> Extraction:
    """What one turn gives, episodes first, then facts and preferences.

    Facts come from the contact's own message only, and only where it is English; episodes come from both halves in
    any language. A message with a forget command leaves no episodes: they would keep what is to go. `zone` is where
    the contact's days begin and end.
    """
    message = turn.user_message or ""
    if is_stop(message, language):
        return Extraction(stop=True)
    english = language.lower().startswith("en")
    asked = commands(message[:_LONGEST_READ])
    mentions = Mentions(known.entities, known.display_name)
    found: list[Draft] = []
    if english and message:
        found = _facts(asked.rest, asked.remember, turn, known, zone, mentions)
    episodes: list[Draft] = []
    if not asked.forget:
        episodes = _episodes(turn, zone, mentions)
    disclosures = sum(d.subject == "self" and d.attribute != "note" for d in found)
    return Extraction(
        memories=(*episodes, *found), entities=mentions.drafts(), forget=asked.forget, disclosures=disclosures
    )


def _episodes(turn: Turn, zone: tzinfo, mentions: Mentions) -> list[Draft]:
    halves = (
        (turn.user_message, "contact", turn.user_message_ref),
        (turn.ai_response, "assistant", turn.ai_response_ref),
    )
    made = []
    for text, speaker, ref in halves:
        if not text:
            continue
        ids = (
            mentions.named_in(text[:_LONGEST_READ]) if speaker == "contact" else mentions.known_in(text[:_LONGEST_READ])
        )
        draft = episode(text, "contact" if speaker == "contact" else "assistant", ref, turn.occurred_at, zone, ids)
        if draft is not None:
            made.append(draft)
    return made


def _facts(
    rest: str, remember: tuple[str, ...], turn: Turn, known: Known, zone: tzinfo, mentions: Mentions
) -> list[Draft]:
    made = []
    for statement in statements(rest[:_LONGEST_READ]):
        if not statement.named and mentions.knows(statement.value) and statement.attribute in _HELD:
            continue
        made.append(_draft(statement, turn, zone, mentions, rest))
    corrected = None if made else correction(rest, known.facts)
    if corrected is not None:
        made.append(_correction(corrected, turn, zone, mentions))
    for what in remember:
        told = statements(what if not what.startswith("to ") else "")
        for statement in told:
            made.append(_explicit(_draft(statement, turn, zone, mentions, what)))
        if not told:
            made.append(_note(what, turn, zone, mentions))
    return made


_HELD: Final = frozenset(("pet", "partner", "children", "siblings", "family", "people"))
"""Attributes whose members have names: "my dog" says nothing new once the dog is known as Bruno."""

_DATED: Final = frozenset(("birthday",))


def _draft(statement: Statement, turn: Turn, zone: tzinfo, mentions: Mentions, said: str) -> Draft:
    ids = mentions.of_statement(statement)
    named = _sentence_of(statement, said)
    when = (
        resolve(named, turn.occurred_at, zone)
        if statement.attribute not in _DATED
        else resolve(statement.value, turn.occurred_at, zone)
    )
    subject = statement.subject
    return Draft(
        type=statement.type,
        content=_capitals(statement.content),
        importance=statement.weight,
        confidence=statement.confidence,
        speaker="contact",
        subject=subject,
        attribute=statement.attribute,
        value=statement.value,
        entity_ids=ids,
        event_start=when.start if when else None,
        event_end=when.end if when else None,
        source_ref=turn.user_message_ref,
        closes=statement.closes,
    )


def _sentence_of(statement: Statement, said: str) -> str:
    """The sentence a statement was made in, for its time expression: the one that holds its value."""
    last = statement.value.split()[-1].lower() if statement.value else ""
    for sentence in re.split(r"(?<=[.!?])\s+", said):
        if last and last in sentence.lower():
            return sentence
    return statement.content


def _capitals(content: str) -> str:
    return sentence_case(" ".join(content.split()))


def _explicit(draft: Draft) -> Draft:
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


def _note(what: str, turn: Turn, zone: tzinfo, mentions: Mentions) -> Draft:
    """An explicit memory that is no statement the rules know: kept in its words, turned to the third person."""
    plain = opened(what)[:_LONGEST_NOTE].strip(" .!")
    content = re.sub(r"^(?:my|our|the) ", "", turned_note(plain), flags=re.IGNORECASE)
    when = resolve(what, turn.occurred_at, zone)
    return Draft(
        type="fact",
        content=_capitals(content),
        importance=EXPLICIT_IMPORTANCE,
        confidence=_EXPLICIT_CONFIDENCE,
        speaker="contact",
        subject="self",
        attribute="note",
        value=phrase(plain, 12) or plain,
        entity_ids=mentions.named_in(what),
        event_start=when.start if when else None,
        event_end=when.end if when else None,
        source_ref=turn.user_message_ref,
    )


def turned_note(words: str) -> str:
    """A free note in the third person: "to call my mum" becomes "Asked to be reminded to call their mum"."""
    if words.lower().startswith("to "):
        return f"Asked to be reminded {turned(words)}"
    said = re.sub(r"\bI am\b", "they are", words)
    said = re.sub(r"\bI was\b", "they were", said)
    said = re.sub(r"\bI\b", "they", said)
    return re.sub(r"^their ", "", turned(said))


def _correction(corrected: Corrected, turn: Turn, zone: tzinfo, mentions: Mentions) -> Draft:
    memory = corrected.memory
    when: datetime | None = None
    until: datetime | None = None
    interval = resolve(corrected.value, turn.occurred_at, zone)
    if interval is not None:
        when, until = interval.start, interval.end
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
