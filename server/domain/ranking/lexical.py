"""What of a message's words a memory, or a turn beside it, holds.

A BM25 (Robertson and Zaragoza 2009) whose term frequencies are partly borrowed: a turn is about what its session was
about a moment before and after, so an episode lends its words to its neighbours. A word's kin (`vectors.kin`) count as
a part of it. Only memories that hold a word of the message or one of its kin, or are lent one, are looked at.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.domain.ranking.index import RankingIndex
from server.domain.ranking.names import named_speakers
from server.domain.ranking.postings import Found, word_hash
from server.domain.ranking.vectors import KIN_UNIT, kin, telling
from server.domain.text import tokens

K1: Final = 0.5
B: Final = 0.4

_WHOLE: Final = 20
LENT_BY_PREVIOUS: Final = (8, 6, 2, 2)
LENT_BY_FOLLOWING: Final = (4, 4, 0, 1)
"""The share of its term frequencies, in twentieths, that a turn lends to those 1, 2, 3, 4 turns after (before) it."""

MOST_TERMS: Final = 64
"""Of a longer message only its rarest words count, which bounds the time it takes."""

MOST_WITH_KIN: Final = 16
"""A message of more words says what it means with words enough; their kin would only take time."""


@dataclass(frozen=True, slots=True)
class Lexical:
    """What was found for a message of T terms: parallel arrays over C candidates, positions ascending.

    `share` in [0, 1) is how much of the message's words is met, each weighed by how rare it is among the memories and
    how much it tells; `weight` the same as a sum of those weights instead of a share. `met` in [0, 1] is the share of
    the terms met at all. `kin` in [0, 1) is what `share` gains when a word's kin count too. `frequencies` (T, C) are
    those of the terms themselves, those lent by neighbours included.
    """

    positions: NDArray[np.intp]
    share: NDArray[np.float64]
    weight: NDArray[np.float64]
    met: NDArray[np.float64]
    kin: NDArray[np.float64]
    terms: tuple[str, ...]
    frequencies: NDArray[np.float64]

    def matched(self, position: int) -> tuple[str, ...]:
        """The terms that the memory at a position holds or is lent."""
        at = int(np.searchsorted(self.positions, position))
        if at == len(self.positions) or self.positions[at] != position:
            return ()
        return tuple(t for t, f in zip(self.terms, self.frequencies[:, at], strict=True) if f > 0)


@dataclass(frozen=True, slots=True)
class Asked:
    """A message as it is looked for. `terms` are its stems without names; `speaker` whom it names, 0 for neither.

    `found` is where the terms and their kin are held, `counts` in units of KIN_UNIT; kin of term t have row T + t.
    """

    terms: tuple[str, ...]
    speaker: int
    idf: NDArray[np.float64]
    found: Found


def ask(index: RankingIndex, text: str, contact_name: str | None, reply_name: str | None) -> Asked:
    """Looks a message's words and their kin up."""
    terms = list(dict.fromkeys(tokens(text)))
    hashes = [word_hash(term) for term in terms]
    near = _kin(terms, hashes)
    found = index.postings.find(np.array([*hashes, *near], np.uint64))
    if near:
        exact = found.rows < len(terms)
        themselves = Found(found.rows[exact], found.docs[exact], found.counts[exact])
    else:
        themselves = found
    named = named_speakers(index, text, terms, themselves, contact_name, reply_name)
    holding = np.bincount(themselves.rows, minlength=len(terms)).tolist()
    # Few numbers: plain Python is quicker than numpy.
    idf = [math.log1p((len(index) - count + 0.5) / (count + 0.5)) for count in holding]
    chosen = _chosen(idf, holding, named)
    place = {row: number for number, row in enumerate(chosen)}
    # Each looked-up word counts as its own term, or as kin of one; at -1 where the term was not chosen.
    rows = [place.get(row, -1) for row in range(len(terms))]
    parts = [KIN_UNIT] * len(terms)
    for row, nearness in near.values():
        rows.append(place[row] + len(chosen) if row in place else -1)
        parts.append(nearness)
    rows_found = np.array(rows, np.intp)[found.rows]
    counts = np.array(parts, np.int64)[found.rows] * found.counts
    docs = found.docs
    if len(chosen) < len(terms):
        kept = rows_found >= 0
        rows_found, docs, counts = rows_found[kept], docs[kept], counts[kept]
    said_by = set(named.values())
    return Asked(
        terms=tuple(terms[row] for row in chosen),
        speaker=said_by.pop() if len(said_by) == 1 else 0,
        idf=np.array([idf[row] * telling(terms[row]) for row in chosen]),
        found=Found(rows_found, docs, counts),
    )


def lexical(index: RankingIndex, asked: Asked) -> Lexical | None:
    """What the memories hold of a message; None where they hold nothing of it."""
    terms = len(asked.terms)
    if not len(asked.found.docs):
        return None
    positions, frequencies = _frequencies(index, asked.found, 2 * terms)
    own, with_kin = frequencies[:terms], frequencies[:terms] + frequencies[terms:]
    mean_length = max(1.0, int(index.length.sum(dtype=np.int64)) / len(index))
    norm = K1 * (1 - B + B * index.length[positions] / mean_length)
    # Summed term by term, not by BLAS: a memory gains the same to the last bit wherever it stands in the index.
    weight = (own / (own + norm) * asked.idf[:, None]).sum(axis=0)
    wider = (with_kin / (with_kin + norm) * asked.idf[:, None]).sum(axis=0)
    total = float(asked.idf.sum())
    return Lexical(
        positions=positions,
        share=weight / total,
        weight=weight,
        met=(own > 0).sum(axis=0) / terms,
        kin=(wider - weight) / total,
        terms=asked.terms,
        frequencies=own,
    )


def _kin(terms: list[str], hashes: list[int]) -> dict[int, tuple[int, int]]:
    """The kin of terms, by hash: whose kin, and how near. A word that is itself a term is nobody's kin."""
    near: dict[int, tuple[int, int]] = {}
    if len(terms) > MOST_WITH_KIN:
        return near
    for row, term in enumerate(terms):
        for word, nearness in kin(term):
            if word not in near or near[word][1] < nearness:
                near[word] = (row, nearness)
    for word in hashes:
        near.pop(word, None)
    return near


def _chosen(idf: Sequence[float], holding: Sequence[int], named: Collection[int]) -> list[int]:
    """The rows that count, ascending: not names, and of more than MOST_TERMS the rarest that some memory holds."""
    rows = [row for row in range(len(idf)) if row not in named]
    if len(rows) <= MOST_TERMS:
        return rows
    return sorted(sorted(rows, key=lambda row: -idf[row] if holding[row] else 0.0)[:MOST_TERMS])


def _frequencies(index: RankingIndex, found: Found, rows: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Positions of all memories that hold something or are lent it, and their term frequencies (rows, C)."""
    reached, shares = [found.docs], [_WHOLE]
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
    weights = np.multiply.outer(np.array(shares, np.float64), found.counts)
    # Whole numbers until here, so that the order in which they are added does not matter.
    sums = np.bincount(cells.ravel(), weights.ravel(), len(held) * rows) / (_WHOLE * KIN_UNIT)
    return held[1:] - 1, sums.reshape(rows, len(held))[:, 1:]
