"""Relevance: how much of what a message is about a memory, or a turn beside it, says.

A BM25 (Robertson and Zaragoza 2009) whose term frequencies are partly borrowed: a turn is about what its session was
about a moment before and after, so an episode lends its words to its neighbours. Only memories that hold a word of
the message, or are lent one, are looked at.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.domain.ranking.index import RankingIndex
from server.domain.ranking.names import named_speakers
from server.domain.ranking.postings import Found, word_hash
from server.domain.text import tokens

K1: Final = 0.5
B: Final = 0.25
LENT_BY_PREVIOUS: Final = (0.4, 0.3, 0.1, 0.1)
LENT_BY_FOLLOWING: Final = (0.2, 0.2, 0.0, 0.05)
"""The share of its term frequencies that a turn lends to those 1, 2, 3, 4 turns after (before) it."""

SPEAKER_BOOST: Final = 1.4
"""A message that names one of the two speakers is more likely about what that one said."""

ASKING: Final = 0.85
ANSWERING: Final = 1.2
"""A turn that ends with a question tells less than what follows one."""

MOST_TERMS: Final = 64
"""Of a longer message only its rarest words count, which bounds the time it takes."""

_PLAIN_TERMS: Final = 8
"""Up to so many words a memory may well hold most of them; of a longer message no memory holds all."""


@dataclass(frozen=True, slots=True)
class Lexical:
    """What was found for a message: parallel arrays over C candidates, positions ascending.

    `relevance` is in [0, 1]: 0 where nothing was met, about 0.9 where every word is said once. `frequencies` (T, C)
    are of the message's T `terms`, those lent by neighbours included.
    """

    positions: NDArray[np.intp]
    relevance: NDArray[np.float64]
    terms: tuple[str, ...]
    frequencies: NDArray[np.float64]

    def relevance_of(self, position: int) -> float:
        """The relevance of the memory at a position."""
        at = self._place(position)
        return 0.0 if at is None else float(self.relevance[at])

    def matched(self, position: int) -> tuple[str, ...]:
        """The terms that the memory at a position holds or is lent."""
        at = self._place(position)
        if at is None:
            return ()
        return tuple(t for t, f in zip(self.terms, self.frequencies[:, at], strict=True) if f > 0)

    def _place(self, position: int) -> int | None:
        at = int(np.searchsorted(self.positions, position))
        return at if at < len(self.positions) and self.positions[at] == position else None


def lexical(index: RankingIndex, text: str, contact_name: str | None, reply_name: str | None) -> Lexical | None:
    """The memories that a message has to do with; None where there are none."""
    terms = list(dict.fromkeys(tokens(text)))
    found = index.postings.find(np.array([word_hash(t) for t in terms], np.uint64))
    if not len(found.docs):
        return None
    size = len(index)
    named = named_speakers(index, text, terms, found, contact_name, reply_name)
    holding = np.bincount(found.rows, minlength=len(terms))
    idf = np.log1p((size - holding + 0.5) / (holding + 0.5))
    chosen = _chosen(idf, holding, named)
    if len(chosen) < len(terms):
        found = _among(found, chosen, len(terms))
        terms, idf = [terms[row] for row in chosen], idf[chosen]
    if not len(found.docs):
        return None
    positions, frequencies = _frequencies(index, found, len(terms))
    norm = K1 * (1 - B + B * index.length[positions] / max(1.0, int(index.length.sum(dtype=np.int64)) / size))
    # Summed term by term, not by BLAS: a memory gains the same to the last bit wherever it stands in the index.
    share = (frequencies / (frequencies + norm) * idf[:, None]).sum(axis=0) / idf.sum()
    if len(said_by := set(named.values())) == 1:
        share = np.where(index.speaker[positions] == said_by.pop(), share, share / SPEAKER_BOOST)
    share *= np.where(index.asks[positions], ASKING, 1.0)
    # Where there is no turn before, -1 is looked up and not used.
    before = index.previous[positions]
    share *= np.where((before >= 0) & index.asks[before], ANSWERING, 1.0)
    # Bent upwards: a memory that says every word once, the usual best, has two thirds of the most there could be. A
    # long message is bent more, as what it is about stands between words that it only uses.
    relevance = 1 - (1 - np.clip(share, 0, 1)) ** (2 * max(1.0, len(terms) / _PLAIN_TERMS))
    return Lexical(positions, relevance, tuple(terms), frequencies)


def _chosen(idf: NDArray[np.float64], holding: NDArray[np.intp], named: Collection[int]) -> NDArray[np.intp]:
    """The rows that count, ascending: not names, and of more than MOST_TERMS the rarest that some memory holds."""
    rows = np.array([row for row in range(len(idf)) if row not in named], np.intp)
    if len(rows) <= MOST_TERMS:
        return rows
    rarity = np.where(holding[rows] > 0, -idf[rows], 0.0)
    return np.sort(rows[np.argsort(rarity, kind="stable")[:MOST_TERMS]])


def _among(found: Found, chosen: NDArray[np.intp], terms: int) -> Found:
    """What was found of the chosen rows, numbered anew."""
    place = np.full(terms, -1, np.intp)
    place[chosen] = np.arange(len(chosen))
    rows = place[found.rows]
    kept = rows >= 0
    return Found(rows[kept], found.docs[kept], found.counts[kept])


def _frequencies(index: RankingIndex, found: Found, terms: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Positions of all memories that hold a term or are lent one, and their term frequencies (T, C)."""
    reached, shares = [found.docs], [1.0]
    # A turn's words reach the turns after it as "previous", those before it as "following".
    for links, lent in ((index.following, LENT_BY_PREVIOUS), (index.previous, LENT_BY_FOLLOWING)):
        at = found.docs
        for share in lent:
            at = links[at]
            if share:
                reached.append(at)
                shares.append(share)
    # Row 0 collects what walked off the end of a session, at -1; it is dropped.
    places = np.stack(reached) + 1
    met = np.zeros(len(index) + 1, np.bool_)
    met[places] = True
    met[0] = True
    held = np.flatnonzero(met)
    compact = np.empty(len(index) + 1, np.intp)
    compact[held] = np.arange(len(held))
    cells = compact[places] + found.rows * len(held)
    weights = np.multiply.outer(np.array(shares), found.counts)
    sums = np.asarray(np.bincount(cells.ravel(), weights.ravel(), len(held) * terms), np.float64)
    return held[1:] - 1, sums.reshape(terms, len(held))[:, 1:]
