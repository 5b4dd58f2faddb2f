"""Lists of things: "pizza, tacos and beer"."""

import re
from typing import Final

from server.domain.extraction.english import phrase

_ITEM: Final = re.compile(r"\s*,\s*(?:and |or )?|\s+(?:and|or|as well as|&)\s+", re.IGNORECASE)


_MOST_ITEMS: Final = 5


_VERB_START: Final = re.compile(
    r"(?:I|am|is|are|was|have|has|had|do|did|live|lives|work|works|like|love|hate|enjoy|"
    r"play|want|need|will|would|can|could|go|went|"
    r"study|eat|drink|watch|listen|read|just|also|not|never|always|it|she|he|they|you|"
    r"seems|my|favorites?|we|then|so|one day|even|both)\b",
    re.IGNORECASE,
)


_ONE_THING: Final = re.compile(
    r"\b(?P<a>ham|mac|macaroni|guns|fish|rock|peanut butter|salt|bread|bed|dungeons|arts|r|black|salt|biscuits|"
    r"chicken|spaghetti|rice|"
    r"burgers?|sweet|meat|steak|cookies|milk|law|science|romeo|tom|beauty|bacon|pork|lord|hide|gin|jack|rum|nature|"
    r"trial|health) (?:and|n|&) "
    r"(?P<b>cheese|roses|chips|roll|jelly|vinegar|butter|breakfast|dragons|crafts|b|white|gravy|waffles|meatballs|beans|fries|sour|"
    r"potatoes|cream|order|fiction|technology|juliet|jerry|the beast|eggs|tonic|coke|seek|error|fitness)\b",
    re.IGNORECASE,
)
"""Names of one thing that hold an "and"."""


_HANGS_ON: Final = re.compile(
    r"\b(?:for|with|at|from|near|about|of|between) (?:my|our|their|the|a|an|both)\b", re.IGNORECASE
)


def items(words: str) -> list[str]:
    """The members of a list of things ("pizza, tacos and beer"), as phrases."""
    found: list[str] = []
    for piece in _ITEM.split(_ONE_THING.sub(lambda m: f"{m['a']}\0{m['b']}", words)):
        item = phrase(piece.replace("\0", " and "))
        if not item or (
            found and (_starts_predicate(item) or piece.lower().startswith(("like ", "some of", "all of", "most of")))
        ):
            break
        found.append(item)
        if _HANGS_ON.search(item):
            # "pizza for my wife and kids": what follows hangs on the preposition.
            break
    return found[:_MOST_ITEMS]


def _starts_predicate(words: str) -> bool:
    return _VERB_START.match(words) is not None
