"""What a language model claims about a turn, held against the turn: only what the contact said there is believed.

A claim becomes a draft if its value stands in the contact's own words, its subject is the contact or somebody named in
the turn, and its sentence adds nothing of its own. Whatever the model was talked into by a text, it cannot get further.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from server.domain.asserting import asserts, sentences
from server.domain.editing import CERTAIN
from server.domain.extraction import Draft
from server.domain.memory import Entity, Memory
from server.domain.text import content_words, stem, tokens, words

ATTRIBUTES: Final = (
    "residence", "hometown", "workplace", "occupation", "relationship_status", "partner", "children", "siblings",
    "family", "people", "pet", "school", "studies", "education", "diet", "allergy", "health", "birthday", "age",
    "language", "skill", "weakness", "goal", "fear", "hobby", "activity", "owns", "collects", "likes", "dislikes",
    "eats", "drinks", "watches", "reads", "listens_to", "plays",
)  # fmt: skip
"""What a claim may be about, besides `favorite_…`: words that the rules use too, so that conflicts are found."""

LONGEST_VALUE: Final = 120
LONGEST_CONTENT: Final = 200
MOST_PER_TURN: Final = 5

_FAVORITE: Final = re.compile(r"favorite_[a-z]{2,30}")
_TO_THE_MODEL: Final = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instruction|prompt|rule|above|previous|prior)"
    r"|\b(?:system|developer|assistant)\s*(?:prompt|message|:)|\byou are now\b|\bjson\b|<\s*/?\s*\w+\s*>|\{\s*\"",
    re.IGNORECASE | re.DOTALL,
)
_FIRST_OR_SECOND: Final = frozenset("i i'm i've i'll me my mine we our you your yours you're".split())
_FRAME: Final = frozenset(
    stem(word)
    for word in """
    lives live works work working has have is are was named called likes like loves love enjoys enjoy dislikes hates
    plays play studies study speaks speak owns own eats drinks watches reads listens collects wants plans goal favorite
    works job born birthday age old years year married single engaged dating partner wife husband allergic afraid
    skilled good lives moved comes originally school university company contact
    """.split()
)
"""Words that a sentence in the third person is made with, whoever it is about."""

_UNGROUNDED: Final = 1
"""How many other words of its own a sentence may have: "Resides in …"."""

_SUREST: Final = 0.75
"""A model's claim counts for less than what the rules understood themselves."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement as a model makes it: all of it is doubtful. `subject` is `self`, a relation or a name."""

    type: Literal["fact", "preference"]
    subject: str
    attribute: str
    value: str
    content: str
    confidence: float


def speaks_to_the_model(text: str) -> bool:
    """Whether a text looks as if it were meant for a model and not for a friend; such a turn is not read at all."""
    return _TO_THE_MODEL.search(text) is not None


def drafts(claims: Sequence[Claim], said: str, entities: Sequence[Entity], source_ref: str | None) -> list[Draft]:
    """The claims that the contact's own words carry, as drafts; at most MOST_PER_TURN."""
    found: dict[tuple[str, str, tuple[str, ...]], Draft] = {}
    for claim in claims:
        if (subject := grounded_subject(claim, said, entities)) is None or not _holds(
            claim, subject, _called(subject, entities), said
        ):
            continue
        draft = Draft(
            type=claim.type,
            content=_sentence(claim.content),
            importance=0.5 if subject == "self" else 0.4,
            confidence=min(_SUREST, max(0.0, claim.confidence)),
            speaker="contact",
            subject=subject,
            attribute=claim.attribute,
            value=claim.value.strip(),
            source_ref=source_ref,
        )
        found.setdefault((subject, claim.attribute, tuple(tokens(claim.value))), draft)
    return list(found.values())[:MOST_PER_TURN]


def may_end(memory: Memory, draft: Draft, said_at: datetime) -> bool:
    """Whether a model's draft may end a memory: none said later, none surer, none that somebody wrote by hand."""
    by_hand = memory.origin == "caller" or memory.confidence >= CERTAIN
    return not by_hand and memory.valid_from <= said_at and memory.confidence <= draft.confidence


def grounded_subject(claim: Claim, said: str, entities: Sequence[Entity]) -> str | None:
    """Whom the claim is about: `self`, or somebody whom the turn names. None for anybody else."""
    subject = claim.subject.strip()
    if subject.lower() == "self":
        return "self"
    spoken = {stem(word) for word in words(said)}
    known = next((e for e in entities if e.id == subject), None)
    names = [known.display_name, *known.aliases] if known else [subject]
    for name in names:
        parts = {stem(word) for word in words(name)}
        if parts and len(parts) <= 3 and parts <= spoken and parts <= {stem(w) for w in words(claim.content)}:
            return known.id if known else subject.lower()
    return None


def _called(subject: str, entities: Sequence[Entity]) -> str:
    """Every word that the subject goes by."""
    known = next((e for e in entities if e.id == subject), None)
    return " ".join((known.display_name, *known.aliases)) if known else subject


def _holds(claim: Claim, subject: str, whom: str, said: str) -> bool:
    """Whether everything that the claim says stands in the turn, and stands there as a fact."""
    value, content = claim.value.strip(), claim.content.strip()
    if claim.attribute not in ATTRIBUTES and not _FAVORITE.fullmatch(claim.attribute):
        return False
    if (
        not 0 < len(value) <= LONGEST_VALUE
        or not 0 < len(content) <= LONGEST_CONTENT
        or not _printable(value + content)
    ):
        return False
    meant, stated = frozenset(tokens(value)), frozenset(tokens(content))
    spoken = frozenset(tokens(said))
    if not meant or not meant <= spoken or not meant <= stated:
        return False
    if _FIRST_OR_SECOND & frozenset(words(content)):
        return False
    if subject == "self" and not _own(said, meant):
        return False
    told = spoken | _FRAME | frozenset(tokens(claim.attribute.replace("_", " "))) | frozenset(tokens(subject))
    foreign = stated - told
    if len(foreign) > _UNGROUNDED or any(word.isdigit() for word in foreign) or _names(content, foreign):
        return False
    return not speaks_to_the_model(said) and asserts(said, claim.attribute, whom, value, content)


def _own(said: str, meant: frozenset[str]) -> bool:
    """Whether a sentence with the value speaks of the contact there: who is named last before the value decides.

    "Moved to Oslo", "Vegetarian since May": who names nobody speaks of themselves. "I live with my sister in Oslo" is
    taken for the sister's, which loses a memory and invents none.
    """
    for sentence in sentences(said):
        if not meant <= frozenset(tokens(sentence)):
            continue
        nearest: str | None = None
        for word in words(sentence):
            if stem(word) in meant:
                break
            if word in _OTHERS or word == "i" or word.startswith("i'"):
                nearest = word
        if nearest not in _OTHERS:
            return True
    return False


_OTHERS: Final = frozenset(
    """
    he she they his her their him them mother mom mum father dad sister brother son daughter wife husband boyfriend
    girlfriend friend uncle aunt cousin boss colleague neighbor neighbour roommate flatmate grandma grandpa you your
    """.split()
)


def _names(content: str, foreign: frozenset[str]) -> bool:
    """Whether a word that the turn lacks is written as a name; the first word of a sentence always is."""
    later = content.split()[1:]
    return any(word[:1].isupper() and frozenset(tokens(word)) & foreign for word in later)


def _printable(text: str) -> bool:
    return text.replace("\u200d", "").isprintable() and bool(content_words(text))


def _sentence(content: str) -> str:
    """With a capital and without a full stop, as the rules write memories."""
    text = content.strip().rstrip(".")
    return text[:1].upper() + text[1:]
