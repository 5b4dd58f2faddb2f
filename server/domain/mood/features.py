"""What the mood classifier sees of a text: words, word pairs, stems, and pieces of words, hashed into buckets.

The script that fits the coefficients and the classifier that reads them share this module; changing it means fitting
again (`VERSION` is stored with the coefficients and checked when they are loaded).
"""

import re
from functools import lru_cache
from typing import Final
from zlib import crc32

from Stemmer import Stemmer

VERSION: Final = 3
BUCKETS: Final = 1 << 17

_MAX_TEXT: Final = 1_200
"""Characters that are looked at: a mood shows early, and time is bounded so."""

_WORDS: Final = re.compile(r"[a-z]+(?:'[a-z]+)?|[!?]+|\.{2,}|\d+|[^\w\s.,;:'\"()\-/\[\]]|[:;]-?[()dp]|:'\(")
_ELONGATED: Final = re.compile(r"([a-z])\1{2,}")
_SHOUT: Final = re.compile(r"\b[A-Z]{3,}\b")
_NEGATIONS: Final = frozenset(
    "not no never don't doesn't didn't isn't wasn't aren't can't cannot couldn't won't "
    "wouldn't shouldn't ain't nothing "
    "hardly".split()
)
_STEMMER: Final = Stemmer("english")


def tokens(text: str) -> list[str]:
    """The lower-cased words and signs of a text; apostrophes made plain, long runs of one letter cut to two."""
    plain = text[:_MAX_TEXT].replace("’", "'").lower()
    return _WORDS.findall(_ELONGATED.sub(r"\1\1", plain))


@lru_cache(maxsize=8_192)
def _of_word(word: str) -> tuple[int, ...]:
    """Buckets of one word: itself, its stem, and its pieces of 3 to 5 letters."""
    found = [_bucket("w " + word)]
    if not word[0].isalpha():
        return tuple(found)
    found.append(_bucket("s " + _STEMMER.stemWord(word)))
    if len(word) > 3:
        edged = f"<{word}>"
        found += [_bucket("c " + edged[i : i + n]) for n in (3, 4, 5) for i in range(len(edged) - n + 1)]
    return tuple(found)


def features(text: str) -> list[int]:
    """The distinct buckets that are on for a text."""
    words = tokens(text)
    on: set[int] = {_bucket("bias")}
    negated = 0
    previous = "^"
    for word in words:
        on.update(_of_word(word))
        on.add(_bucket(f"b {previous} {word}"))
        if negated:
            on.add(_bucket("n " + word))
            negated -= 1
        if word in _NEGATIONS:
            negated = 3
        previous = word
    on.add(_bucket(f"b {previous} $"))
    on.add(_bucket(f"length {min(len(words), 40).bit_length()}"))
    if _SHOUT.search(text):
        on.add(_bucket("shout"))
    if _ELONGATED.search(text.lower()):
        on.add(_bucket("drawn out"))
    return list(on)


def _bucket(feature: str) -> int:
    return crc32(feature.encode()) & (BUCKETS - 1)
