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
    r"my|we|then|so|one day|even|both)\b",
    re.IGNORECASE,
)


def items(words: str) -> list[str]:
    """The members of a list of things ("pizza, tacos and beer"), as phrases."""
    found: list[str] = []
    for piece in _ITEM.split(words):
        item = phrase(piece)
        if not item or (
            found and (_starts_predicate(item) or piece.lower().startswith(("some of", "all of", "most of")))
        ):
            break
        found.append(item)
    return found[:_MOST_ITEMS]


def _starts_predicate(words: str) -> bool:
    return _VERB_START.match(words) is not None
