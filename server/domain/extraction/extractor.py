"""From one turn to drafts: gate, episodes, statements, commands, corrections, entities put together."""

import re
from datetime import UTC, timedelta, tzinfo
from typing import Final

from server.domain.extraction import drafting
from server.domain.extraction.clauses import is_joke
from server.domain.extraction.commands import FORGET_LAST, commands, is_stop
from server.domain.extraction.corrections import correction
from server.domain.extraction.drafts import Draft, Extraction, Known
from server.domain.extraction.entities import Mentions
from server.domain.extraction.episodes import episode
from server.domain.extraction.pets import loss, named_loss
from server.domain.extraction.relatives import lost_person
from server.domain.extraction.statement import Statement
from server.domain.extraction.statements import statements
from server.domain.turn import Turn

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
        found = [drafting.as_said(what, turn, mentions) for what in asked.remember]
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
    """What "just kidding" takes back: the turn just before, where facts came from it.

    Where nothing was understood of that turn there is nothing to take back, and what was told earlier was no joke.
    """
    newest = max(known.facts, key=lambda fact: fact.sequence, default=None)
    if newest is None or known.turns is None or newest.sequence // 2 != known.turns - 1:
        return ()
    return (FORGET_LAST,) if timedelta() <= turn.occurred_at - newest.occurred_at <= _JUST_BEFORE else ()


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
        draft = drafting.of_statement(statement, turn, zone, mentions, rest)
        # A fragment that reads the same as a fact tells nothing that the episode does not.
        if draft.content != rest.strip():
            made.append(draft)
    made += [
        drafting.of_statement(lost, turn, zone, mentions, rest)
        for lost in _losses(rest, mentions)
        if not any(lost.attribute == m.attribute for m in made)
    ]
    corrected = None if made else correction(rest, known.facts, turn.occurred_at, zone)
    if corrected is not None:
        made.append(drafting.of_correction(corrected, turn, zone, mentions))
    for what in remember:
        told = statements(what if not what.startswith("to ") else "")
        for statement in told:
            made.append(drafting.explicit(drafting.of_statement(statement, turn, zone, mentions, what)))
        if not told:
            made.append(drafting.note(what, turn, zone, mentions))
    return made


_KIN: Final = frozenset(("siblings", "children", "family", "partner", "people"))
_HAS_NAMED: Final = re.compile(r"Has an? (?P<relation>[\w -]+) named (?P<name>[\w'-]+)$")


def _spelled_out(text: str, known: Known) -> str:
    """The text with sentences about somebody known begun in full: "Leila moved" becomes "My sister Leila moved"."""
    named = [
        has
        for fact in known.facts
        if fact.attribute in _KIN and fact.value and fact.value in text and (has := _HAS_NAMED.match(fact.content))
    ]
    for has in named:
        # Of two people with one name neither is meant for certain.
        if sum(other["name"] == has["name"] for other in named) == 1:
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
