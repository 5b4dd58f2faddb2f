"""Whether a clause says an attribute of somebody outright: subject, stating word, and nothing in between that bends it.

"I almost moved to Oslo", "I used to live in Oslo", "I flew over Oslo" and "Emma moved to Oslo" all hold the words
"moved" or "Oslo"; none says that the contact lives there. What this cannot follow is not believed.
"""

import re
from typing import Final

from server.domain.attribute_words import stating
from server.domain.negation import NEGATION
from server.domain.text import stem, tokens, words

_SENTENCE: Final = re.compile(r"[^.!?;\n]+[.!?;\n]?")
_CLAUSE: Final = re.compile(
    r"\s*[,:()–—]+\s*|\s+-+\s+"
    r"|\s+(?=(?:but|because|while|although|though|whereas|who|which|that|when|and then|so)\s)",
    re.IGNORECASE,
)
_SUPPOSED: Final = re.compile(
    r"\b(?:if|wish|imagine|suppose|pretend|pretending|joking|kidding|jk|lol|haha|would|might|perhaps|maybe)\b",
    re.IGNORECASE,
)
_OVER: Final = re.compile(
    r"\b(?:used to|almost|nearly|no longer|any ?more|once|formerly|previously|back then|at the time|until)\b",
    re.IGNORECASE,
)
"""What was, or was not quite."""

_WAS: Final = frozenset(
    """
    was were had lived worked studied loved liked enjoyed adored hated played owned ate drank spoke dated wanted
    collected watched read listened planned hoped dreamed attended rented resided wasn't weren't hadn't
    """.split()
)
"""Past forms of what lasts: "I lived in Oslo" tells of a home that may be gone. "I moved", "I married" do not."""

_LASTS_ANYWAY: Final = frozenset(("hometown", "birthday", "health", "education"))
"""Attributes that stay true of what was."""

_FIRST: Final = frozenset("i i'm i've i'd i'll im my we we're we've our mine me".split())
_PERFECT: Final = frozenset("i've we've have has he's she's they've".split())
_BETWEEN: Final = frozenset(
    """
    a an the am is are be been being have has had having 've do does did don't doesn't didn't can can't cannot not never
    just finally recently now also really truly absolutely still currently actually always usually often mostly quite
    very so too totally simply even both already officially happily got get gotten getting started start began found new
    own old first best all time thing ever name named called keys key for in with own's own it's is was born big huge
    small little terribly deeply severely badly very mildly highly slightly pretty such only no
    """.split()
)
"""Words that may stand between a subject and what it does without changing who does it or whether."""

_LISTED: Final = 2

_OPENERS: Final = frozenset(
    """
    finally just now yes yeah yep well so and also still then oh ok okay recently currently officially happily hey hi
    update news but as
    """.split()
)
_UNSPOKEN: Final = frozenset("got been bought signed started became began found adopted picked born diagnosed".split())
"""Verbs that begin a sentence in which "I" is left out."""


def sentences(text: str) -> list[str]:
    """The sentences of a text, each with the sign that ends it."""
    return [part.strip() for part in _SENTENCE.findall(text) if part.strip()]


def asserts(said: str, attribute: str, subject: str, value: str, content: str) -> bool:
    """Whether a clause of the text holds the value and states the attribute of the subject (`self`, or its words)."""
    meant = frozenset(tokens(value))
    return any(
        not sentence.endswith("?")
        and not _SUPPOSED.search(sentence)
        and any(_states(clause, attribute, subject, meant, content) for clause in _clauses(sentence))
        for sentence in sentences(said)
    )


def _clauses(sentence: str) -> list[str]:
    """The sentence's clauses; a word or two after a comma is one more of a list and no clause."""
    found: list[str] = []
    for part in _CLAUSE.split(sentence):
        if found and len(words(part)) <= _LISTED:
            found[-1] += f" {part}"
        elif part:
            found.append(part)
    return found


def _states(clause: str, attribute: str, subject: str, meant: frozenset[str], content: str) -> bool:
    if not meant <= frozenset(tokens(clause)) or _OVER.search(clause):
        return False
    denied = bool(NEGATION.search(clause))
    family = stating(attribute, denied=denied)
    turned = denied and family is not stating(attribute, denied=False)
    if not turned and denied != bool(NEGATION.search(content)):
        return False
    spoken = words(clause)
    return any(
        stem(word) in family and _present(spoken, place, attribute) and _belongs(spoken, place, subject, meant)
        for place, word in enumerate(spoken)
    )


def _present(spoken: list[str], place: int, attribute: str) -> bool:
    if attribute in _LASTS_ANYWAY:
        return True
    before = spoken[max(0, place - 3) : place]
    if any(word in _PERFECT for word in before):
        return True
    return spoken[place] not in _WAS and not any(word in _WAS for word in before)


def _belongs(spoken: list[str], place: int, subject: str, meant: frozenset[str]) -> bool:
    """Whether what stands at the place is said of the subject: only words that bend nothing lie between them."""
    named = frozenset(tokens(subject)) or frozenset(map(stem, words(subject)))
    for earlier in range(place - 1, -1, -1):
        word = spoken[earlier]
        if word in _FIRST if subject == "self" else stem(word) in named:
            return word != "me" and not (subject != "self" and word.endswith("'s") and earlier + 1 < place)
        if word not in _BETWEEN and stem(word) not in meant:
            return subject == "self" and _unspoken(spoken, earlier)
    # Nobody is named before it: it speaks of whoever speaks.
    return subject == "self" or stem(spoken[place]) in named


def _unspoken(spoken: list[str], place: int) -> bool:
    return all(word in _OPENERS or word in _UNSPOKEN for word in spoken[: place + 1])
