"""From one turn to drafts: gate, episodes, statements, commands, corrections, entities put together."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from server.domain.extraction.clauses import is_joke
from server.domain.extraction.commands import FORGET_LAST, commands, is_stop
from server.domain.extraction.corrections import Corrected, correction
from server.domain.extraction.drafts import Draft, Extraction, Known
from server.domain.extraction.english import opened, phrase, sentence_case, turned
from server.domain.extraction.entities import Mentions
from server.domain.extraction.episodes import episode
from server.domain.extraction.pets import loss, named_loss
from server.domain.extraction.relatives import lost_person
from server.domain.extraction.statement import Statement
from server.domain.extraction.statements import statements
from server.domain.extraction.times import Interval, resolve, told, undated
from server.domain.extraction.verbs import verb_of
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
    if message and is_joke(message) and (joked := _of_the_turn_before(known, turn)):
        return Extraction(forget=joked)
    english = language.lower().startswith("en")
    asked = commands(message[:_LONGEST_READ], language)
    mentions = Mentions(known.entities, known.display_name)
    found: list[Draft] = []
    if english and message:
        found = _facts(asked.rest, asked.remember, turn, known, zone, mentions)
    elif asked.remember:
        found = [_as_said(what, turn, mentions) for what in asked.remember]
    episodes: list[Draft] = []
    if not asked.forget and not asked.unsaid:
        episodes = _episodes(turn, zone, mentions)
    disclosures = sum(d.subject == "self" and d.attribute != "note" for d in found)
    return Extraction(
        memories=(*episodes, *found), entities=mentions.drafts(), forget=asked.forget, disclosures=disclosures
    )


_JUST_BEFORE: Final = timedelta(minutes=10)
"""How long after a joke "just kidding" still means it."""


def _of_the_turn_before(known: Known, turn: Turn) -> tuple[str, ...]:
    """What "just kidding" takes back: what the newest facts came from, where they are only just told."""
    newest = max((fact.occurred_at for fact in known.facts), default=None)
    if newest is None or not timedelta() <= turn.occurred_at - newest <= _JUST_BEFORE:
        return ()
    return (FORGET_LAST,)


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
    for statement in statements(_spelled_out(rest[:_LONGEST_READ], known)):
        if not statement.named and mentions.knows(statement.value) and statement.attribute in _HELD:
            continue
        made.append(_draft(statement, turn, zone, mentions, rest))
    made += [_draft(lost, turn, zone, mentions, rest) for lost in _losses(rest, mentions) if not any(lost.attribute == m.attribute for m in made)]
    corrected = None if made else correction(rest, known.facts, turn.occurred_at, zone)
    if corrected is not None:
        made.append(_correction(corrected, turn, zone, mentions))
    for what in remember:
        told = statements(what if not what.startswith("to ") else "")
        for statement in told:
            made.append(_explicit(_draft(statement, turn, zone, mentions, what)))
        if not told:
            made.append(_note(what, turn, zone, mentions))
    return made


_KIN: Final = frozenset(("siblings", "children", "family", "partner", "people"))
_HAS_NAMED: Final = re.compile(r"Has an? (?P<relation>[\w -]+) named (?P<name>[\w'-]+)$")


def _spelled_out(text: str, known: Known) -> str:
    """The text with sentences about somebody known begun in full: "Leila moved" becomes "My sister Leila moved"."""
    for fact in known.facts:
        if fact.attribute not in _KIN or fact.value is None or fact.value not in text:
            continue
        has = _HAS_NAMED.match(fact.content)
        if has is not None:
            begins = re.compile(rf"(?:^|(?<=[.!?] )){re.escape(has['name'])}(?= (?!and I\b)[a-z])")
            text = begins.sub(f"My {has['relation']} {has['name']}", text)
    return text


def _losses(rest: str, mentions: Mentions) -> list[Statement]:
    """Known pets and people that a text says have died, by name alone: "Bruno passed away"."""
    name = named_loss(rest)
    kind = mentions.called(name) if name else None
    if name is None or kind is None:
        return []
    return [loss(kind[1], name)] if kind[0] == "pet" else lost_person(kind[1], name)


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
        value=statement.value if statement.attribute in _TIMELESS else undated(statement.value, turn.occurred_at, zone) or statement.value,
        entity_ids=ids,
        event_start=when.start if when else None,
        event_end=when.end if when else None,
        source_ref=turn.user_message_ref,
        closes=statement.closes,
    )


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
    return replace(statement, content=f"Plans to {verb.base} {rest}", attribute="plan", value=f"{verb.base} {rest}", weight=0.5)


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
        attribute="plan" if when is not None and when.end > turn.occurred_at and not _RECURRING.search(plain) else "note",
        value=phrase(plain, 12) or plain,
        entity_ids=mentions.named_in(what),
        event_start=when.start if when else None,
        event_end=when.end if when else None,
        source_ref=turn.user_message_ref,
    )


def _as_said(what: str, turn: Turn, mentions: Mentions) -> Draft:
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


def _correction(corrected: Corrected, turn: Turn, zone: tzinfo, mentions: Mentions) -> Draft:
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
