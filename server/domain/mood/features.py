"""What the mood classifier sees of a text: its words and signs, and features made of them, named by 32-bit hashes.

The scripts that fit the coefficients and the classifier that reads them share this module; changing it means fitting
again (`VERSION` is stored with the coefficients and checked when they are loaded).
"""

import re
from functools import lru_cache
from typing import Final
from zlib import crc32

from Stemmer import Stemmer

from server.domain.mood.lexicon import EMOJI_MOODS

VERSION: Final = 4

_TOKENS: Final = re.compile(
    r"\[name\]|\[religion\]|[a-z]+(?:'[a-z]+)?|[!?]+|\.{2,}|\d+|[^\w\s.,;:'\"()\-/\[\]]|[:;]-?[()dp]|:'\(|[.,;]"
)
_ELONGATED: Final = re.compile(r"([a-z])\1{2,}")
_SHOUT: Final = re.compile(r"\b[A-Z]{3,}\b")
_NEGATIONS: Final = frozenset(
    "not no never don't doesn't didn't isn't wasn't aren't can't cannot couldn't won't wouldn't shouldn't ain't "
    "nothing hardly without nobody none dont cant wont isnt didnt doesnt haven't hasn't hadn't weren't".split()
)
_ENDS_NEGATION: Final = frozenset([".", ",", ";", "but"])
_STEMMER: Final = Stemmer("english")


def tokens(text: str) -> list[str]:
    """The lower-cased words, signs and stops of a text; apostrophes made plain, long runs of one letter cut to two."""
    plain = text.replace("’", "'").lower()
    return _TOKENS.findall(_ELONGATED.sub(r"\1\1", plain))


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """The stem of a word; a sign stays as it is."""
    stemmed: str = _STEMMER.stemWord(word) if word[0].isalpha() else word
    return stemmed


@lru_cache(maxsize=8_192)
def _of_word(word: str) -> tuple[int, ...]:
    """The features of one word by itself: the word, its stem, and its pieces of 3 to 5 letters."""
    found = [_named("w " + word)]
    if not word[0].isalpha():
        return tuple(found)
    found.append(_named("s " + stem(word)))
    if len(word) > 3:
        edged = f"<{word}>"
        found += [_named("c " + edged[i : i + n]) for n in (3, 4, 5) for i in range(len(edged) - n + 1)]
    return tuple(found)


def features(text: str, read: list[str]) -> set[int]:
    """The features that are on for a text, given its tokens."""
    words = [word for word in read if word not in ".,;"]
    on: set[int] = {_named("bias")}
    for word in words:
        on.update(_of_word(word))
    on.update(_runs(words))
    on.update(_negated(words, read))
    on.update(map(_named, _looks(text, words)))
    return on


def _runs(words: list[str]) -> set[int]:
    """Pairs and threes of words, pairs of stems, and pairs with one word between."""
    first, second = "^", ""
    stem_before = "^"
    names: list[str] = []
    for word in [*words, "$"]:
        stemmed = stem(word)
        names.append(f"sb {stem_before} {stemmed}")
        if second:
            names += (f"b {second} {word}", f"t {first} {second} {word}", f"k {first} {word}")
            first = second
        else:
            names.append(f"b ^ {word}")
        second, stem_before = word, stemmed
    return {crc32(name.encode()) for name in names}


def _negated(words: list[str], read: list[str]) -> set[int]:
    """The three words after a negation, and the stems from it to the end of the clause."""
    if _NEGATIONS.isdisjoint(words):
        return set()
    on: set[int] = set()
    left = 0
    for word in words:
        if left:
            on.add(_named("n " + word))
            left -= 1
        if word in _NEGATIONS:
            left = 3
    inside = False
    for word in read:
        if word in _ENDS_NEGATION or word[0] in "!?":
            inside = False
        elif inside:
            on.add(_named("n " + stem(word)))
        if word in _NEGATIONS:
            inside = True
    return on


def _looks(text: str, words: list[str]) -> list[str]:
    """How the text is written: its length, marks, capitals, drawn-out letters and emoji."""
    last = text.rstrip()[-1:]
    shouts = len(_SHOUT.findall(text))
    names = [
        f"length {min(len(words), 40).bit_length()}",
        f"length/2 {min(len(words), 32) // 2}",
        f"! {min(4, text.count('!'))}",
        f"? {min(3, text.count('?'))}",
        f"shouts {min(4, shouts)}",
        f"ends {last if last in '.!?' else ''}",
        *(f"mark {word[:3]}" for word in words if word[0] == "!"),
    ]
    if shouts:
        names.append("shout")
    if _ELONGATED.search(text.lower()):
        names.append("drawn out")
    if len(text) > 8 and text.upper() == text:
        names.append("all capitals")
    if text[:1].islower():
        names.append("starts small")
    if not text.isascii():
        names += [f"emoji {EMOJI_MOODS[sign]}" for sign in text if sign in EMOJI_MOODS]
    return names


def _named(feature: str) -> int:
    return crc32(feature.encode())
