"""Words of a text, as memories are indexed and searched by them: folded, stemmed, without stop words."""

import re
import threading
import unicodedata
from functools import lru_cache
from typing import Final

import Stemmer

_INDIC: Final = "\u0900-\u0963\u0966-\u0dff"
"""Scripts whose vowel signs are marks, which `\\w` would end a word at; without the two full stops among them."""
_POINTS: Final = "\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670"
"""Vowel points of Hebrew and Arabic; they are dropped, as most writers leave them out."""
_UNSPACED: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
    "\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Scripts that put no spaces between words: Thai, Lao, Burmese, Khmer, Chinese, Japanese."""

_WORD: Final = re.compile(rf"[{_UNSPACED}]+|(?:(?![{_UNSPACED}])[^\W_]|[{_INDIC}])+(?:'[^\W_]+)?")
_ASCII_WORD: Final = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)?")
_ACCENTS: Final = re.compile(rf"[\u0300-\u036f{_POINTS}]")
_STARTS_UNSPACED: Final = re.compile(rf"[{_UNSPACED}]")

_LOCAL: Final = threading.local()

STOP_WORDS: Final = frozenset(
    """
    a about above after again all also am an and any are aren't as at be because been before being below
    between both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during
    each else ever few for from further get gets getting go goes going gonna got had hadn't has hasn't have
    haven't having he he'd he'll he's her here hers herself him himself his how i i'd i'll i'm i've if in
    into is isn't it it'd it'll it's its itself just let let's me might more most must my myself no nor not
    of off oh ok okay on once only or other our ours ourselves out over own really same shall she she'd
    she'll she's should shouldn't so some such than that that's the their theirs them themselves then there
    there's these they they'd they'll they're they've this those through to too under until up us very was
    wasn't we we'd we'll we're we've were weren't what what's when where which while who whom whose why will
    with won't would wouldn't yes you you'd you'll you're you've your yours yourself yourselves
    """.split()
)
"""English words that tell nothing of what a text is about."""


def words(text: str) -> list[str]:
    """The words of a text, lower-case, without accents, in order.

    Where a script puts no spaces between words, every pair of neighbouring characters counts as one.
    """
    folded = text.replace("’", "'").lower()
    if folded.isascii():
        return _ASCII_WORD.findall(folded)
    # Taken apart, so that accents can go, and put together again, so that Korean syllables and the like stay whole.
    decomposed = unicodedata.normalize("NFKD", folded.casefold())
    found = _WORD.findall(unicodedata.normalize("NFC", _ACCENTS.sub("", decomposed)))
    return [part for word in found for part in (_pairs(word) if _STARTS_UNSPACED.match(word) else (word,))]


def content_words(text: str) -> list[str]:
    """The words that say something, unstemmed."""
    return [word for word in words(text) if word not in STOP_WORDS]


def tokens(text: str) -> list[str]:
    """The content words, stemmed (Snowball English; words of other languages mostly stay as they are)."""
    return [stem(word) for word in words(text) if word not in STOP_WORDS]


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The stem of one lower-case word."""
    # A stemmer must not be used by two threads at once.
    stemmer = getattr(_LOCAL, "stemmer", None)
    if stemmer is None:
        stemmer = _LOCAL.stemmer = Stemmer.Stemmer("english", 0)
    stemmed: str = stemmer.stemWord(word.removesuffix("'s"))
    return stemmed


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]
