"""What a sentence says with "my" or "our": one's own name and things, favorites, pets, and the people one has."""

import re
from dataclasses import replace
from typing import Final

from server.domain.extraction import lexicon, nouns
from server.domain.extraction.belongings import attributes, introduced, mentioned, own_name
from server.domain.extraction.favorites import favorites
from server.domain.extraction.pets import pets
from server.domain.extraction.relatives import people
from server.domain.extraction.statement import Statement

_MINE: Final = re.compile(r"\b(?:my|our)\b", re.IGNORECASE)
_BROOD: Final = re.compile(
    rf"\bI (?:am|was)[\w ]*? (?:with|of|to) (?P<x>{lexicon.NUMBER_WORDS} (?:\w+ )?"
    rf"(?P<rel>{'|'.join(lexicon.PLURALS)}))\b",
    re.IGNORECASE,
)


_OWN: Final = "|".join(
    sorted({*lexicon.RELATIVES, *lexicon.PLURALS, *lexicon.PETS, *nouns.THINGS}, key=len, reverse=True)
)
_AND_MY: Final = re.compile(
    r"(?P<a>\b(?:my|our) (?:[\w'-]+ ){0,2}?[\w'-]+) and (?=(?:(?:\d+|two|three|four|five|little|older|younger|big|"
    r"pet|baby|new|old|"
    rf"twin) ){{0,2}}(?:{_OWN})\b)",
    re.IGNORECASE,
)
"""What "my" goes on for: "my dog and two kids" are both one's own."""


_ALL_OF: Final = re.compile(
    rf"\ball (?:of )?(?:the )?(?P<n>{lexicon.NUMBER_WORDS}) of my (?:\d+ )?(?={'|'.join(lexicon.PLURALS)})",
    re.IGNORECASE,
)
"""All of a number is that number: "all five of my sisters" are "my five sisters"."""


def possessions(sentence: str) -> list[Statement]:
    """Every statement a sentence makes with "my" or "our"."""
    lowered = sentence.lower()
    made: list[Statement] = []
    if "name" in lowered or "call me" in lowered or " me " in lowered:
        made += own_name(sentence)
    made += introduced(sentence) + _brood(sentence)
    if "my" not in lowered and "our" not in lowered:
        return made
    if " of my " in lowered:
        sentence = _ALL_OF.sub(r"my \g<n> ", sentence)
    if _MINE.search(sentence) is None:
        return made
    sentence = _AND_MY.sub(r"\g<a> and my ", sentence) if " and " in sentence else sentence
    made += favorites(sentence)
    made += pets(sentence)
    made += people(sentence)
    if not made:
        made += attributes(sentence)
    made += mentioned(sentence, made)
    return made


def presupposed(sentence: str) -> list[Statement]:
    """Whom and what a sentence takes for granted that its writer has, though the sentence itself is no statement."""
    if _MINE.search(sentence) is None:
        return []
    had = [s for s in people(sentence) if s.subject == "self" and s.attribute != "lost_person"]
    return [replace(s, weight=min(s.weight, 0.5), confidence=0.6) for s in [*had, *mentioned(sentence, had)]]


def _brood(sentence: str) -> list[Statement]:
    """Children counted in passing: "I am married with two kids", "I am a mother of three boys"."""
    match = _BROOD.search(sentence)
    if match is None or lexicon.PLURALS[match["rel"].lower()] not in lexicon.CHILDREN:
        return []
    return [Statement(f"Has {match['x']}", "children", match["x"], weight=0.8, confidence=0.85)]
