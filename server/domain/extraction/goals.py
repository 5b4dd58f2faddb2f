"""What somebody wants to become, however it is said: "I am in school to be a nurse", "an aspiring singer"."""

import re
from typing import Final

from server.domain.extraction import lexicon
from server.domain.extraction.english import bare, phrase, turned
from server.domain.extraction.statement import Statement

_ON_THE_WAY: Final = re.compile(
    r"\b(?:school|college|university|study(?:ing)?|train(?:ing)?|hop(?:e|ed|ing)|look(?:ing)?|aspir(?:e|ing)|working|want(?:ed|ing)?|"
    r"dream(?:ed|ing|t|s)?|wish|trying|try|plan(?:s|ning)?|decided|internship|goal|ambition|going|intend|practicing|learning|need|"
    r"would (?:like|love)|hopes|thinking|considering|mind|interested|degree|classes|nice|fun|cool)\b(?: \w+){0,6}? "
    r"(?:to (?:be|become)|being|becoming|of "
    r"being|of becoming)"
    r"(?: a (?:famous|real|professional) | as an? | an? )(?P<x>\w.+)",
    re.IGNORECASE,
)
_ASPIRING: Final = re.compile(
    r"\b(?:I am|I was|as|just)\b[^,]{0,20}?\ban? (?P<q>aspiring|future|wannabe|would be) (?P<x>\w.+)", re.IGNORECASE
)
_WISH: Final = re.compile(r"\bwish I (?:was|were|could be|could become) an? (?P<x>\w.+)", re.IGNORECASE)
_WILL_BE: Final = re.compile(
    r"\bI (?:will|am going to|am about to|shall|can) (?:soon |one day |someday |eventually |also )?(?:be|become) an? "
    r"(?P<x>\w.+)",
    re.IGNORECASE,
)
_MINE: Final = re.compile(r"\b(?:I|my)\b", re.IGNORECASE)
_OTHERS: Final = re.compile(
    r"\b(?:you|she|he|they|her|his|should|if|daughter|son|sister|brother|kids?|wife|husband)\b", re.IGNORECASE
)
_NO_GOAL: Final = frozenset(
    "good great part little lot bit while better long day time pain problem person jerk burden challenge break "
    "couple big nice fun "
    "very really blast chance change new happy fan success millionaire rich".split()
)


def goals(sentence: str) -> list[Statement]:
    """What the writer is on the way to be."""
    if (
        "to be" not in sentence
        and "becom" not in sentence
        and " be a" not in sentence
        and "being" not in sentence
        and "spiring" not in sentence
        and "future" not in sentence
    ):
        return []
    for pattern in (_ON_THE_WAY, _ASPIRING, _WILL_BE):
        match = pattern.search(sentence)
        if match is None:
            continue
        before = sentence[: match.start("x")]
        if _MINE.search(before) is None or _OTHERS.search(before):
            continue
        what = phrase(match["x"], 5)
        if not what or what.split()[0].lower() in _NO_GOAL:
            continue
        return [
            Statement(f"Wants to be {_article(what)} {turned(what)}", "goal", bare(what), weight=0.6, confidence=0.75)
        ]
    return []


def wished(sentence: str) -> list[Statement]:
    """The trade somebody wishes to have: "I wish I was a baker"; other wishes are not kept."""
    match = _WISH.search(sentence)
    if match is None or not (what := phrase(match["x"], 4)) or what.split()[-1].lower() not in lexicon.OCCUPATIONS:
        return []
    return [Statement(f"Wants to be {_article(what)} {turned(what)}", "goal", bare(what), weight=0.45, confidence=0.6)]


def _article(words: str) -> str:
    return "an" if words[0].lower() in "aeiou" else "a"
