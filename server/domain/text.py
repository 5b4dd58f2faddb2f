"""Words of a text, as memories are indexed and searched by them: folded, stemmed, without stop words."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

import Stemmer

_WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_STEMMER: Final = Stemmer.Stemmer("english", 20_000)

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
    """The words of a text, lower-case, without accents, in order; works for any script that separates words."""
    folded = text.replace("’", "'").lower()
    if not folded.isascii():
        decomposed = unicodedata.normalize("NFKD", folded)
        folded = "".join(c for c in decomposed if not unicodedata.combining(c))
    return _WORD.findall(folded)


def content_words(text: str) -> list[str]:
    """The words that say something, unstemmed."""
    return [word for word in words(text) if word not in STOP_WORDS]


def tokens(text: str) -> list[str]:
    """The content words, stemmed (Snowball English; words of other languages mostly stay as they are)."""
    return [stem(word) for word in words(text) if word not in STOP_WORDS]


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The stem of one lower-case word."""
    stemmed: str = _STEMMER.stemWord(word.removesuffix("'s"))
    return stemmed
