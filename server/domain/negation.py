"""The words that deny: texts that differ in them do not say the same."""

import re
from typing import Final

NEGATIONS: Final = frozenset("not no never none nobody nothing neither nor without cannot".split())
"""Words that deny what the others say, besides those that end in "n't"."""

NEGATION: Final = re.compile(rf"\b(?:{'|'.join(sorted(NEGATIONS))})\b|n['’]t\b", re.IGNORECASE)
"""A negation in a text as it was written."""


def denies(word: str) -> bool:
    """Whether a word of `domain.text.words` denies."""
    return word in NEGATIONS or word.endswith("n't")
