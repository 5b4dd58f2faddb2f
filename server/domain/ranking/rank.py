"""Ranking: which memories matter to a message, best first, with a score in [0, 1] that means something.

**Relevance** is a BM25 (Robertson and Zaragoza 2009) whose term frequencies are partly borrowed: a turn is about what
its session was about a moment before and after, so an episode lends its words to its neighbours. It is divided by the
most that any memory could score, and bent by `x · (2 − x)`, so that every word said once gives about 0.9 and none 0.

**Prior** is what a memory is worth whatever was said: importance, strength (decay since the last access), recency.

With a message: `score = 0.92 · relevance + 0.08 · prior`. Without: `score = prior`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from server.domain.ranking.index import RankingIndex
from server.domain.text import STOP_WORDS, stem, tokens, words

K1: Final = 0.5
B: Final = 0.25
LENT_BY_PREVIOUS: Final = (0.4, 0.3, 0.1, 0.1)
LENT_BY_FOLLOWING: Final = (0.2, 0.2, 0.0, 0.05)
"""The share of its term frequencies that a turn lends to those 1, 2, 3, 4 turns away."""

SPEAKER_BOOST: Final = 1.3
"""A message that names one of the two speakers is more likely about what that one said."""

_RELEVANCE_SHARE: Final = 0.92
_RECENCY_HALF_LIFE: Final = 30 * 86_400.0
_REPEATED: Final = 0.5
"""A fact and the words that it was taken from say the same; whoever reads both learns little from the second."""

_CAPITALISED: Final = re.compile(r"\b[A-Z][a-z]+\b")


@dataclass(frozen=True, slots=True)
class Query:
    """What to rank for. `limit` ≥ 1; `min_importance` in [0, 1]. `contact_name` is how the contact is called."""

    text: str | None
    limit: int
    min_importance: float = 0.0
    as_of: datetime | None = None
    explain: bool = False
    contact_name: str | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """How a score came about; each number is in [0, 1]."""

    relevance: float
    importance: float
    strength: float
    recency: float
    matched_terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A memory's position in the index and its score in [0, 1]; `parts` where they were asked for."""

    position: int
    score: float
    parts: Parts | None = None


def rank(index: RankingIndex, query: Query, now: datetime) -> list[Ranked]:
    """The best memories for the query at `now`, at most `limit`, best first; of equals the later one first."""
    eligible = _eligible(index, query)
    if not eligible.any():
        return []
    stamp = now.timestamp()
    lexical = _lexical(index, query) if query.text else None
    if lexical is not None and not lexical.matched.any():
        lexical = None
    if lexical is None:
        score = _prior(index, stamp)
        relevance = np.zeros(len(index), np.float32)
        if query.text:
            score = score * np.float32(1 - _RELEVANCE_SHARE)
    else:
        relevance = lexical.relevance
        score = _RELEVANCE_SHARE * relevance + (1 - _RELEVANCE_SHARE) * _prior(index, stamp)
    best = _best(index, np.where(eligible, score, -1.0), query.limit, once_a_turn=lexical is not None)
    if not query.explain:
        return [Ranked(i, found) for i, found in best]
    return [Ranked(i, found, _parts(index, i, stamp, float(relevance[i]), lexical)) for i, found in best]


def _eligible(index: RankingIndex, query: Query) -> NDArray[np.bool_]:
    # Importance is kept in 32 bits; a bound of 0.3 must not drop a memory of 0.3.
    eligible = index.importance >= np.float32(query.min_importance) - np.float32(1e-6)
    if query.as_of is None:
        return eligible & index.current
    at = query.as_of.timestamp()
    return eligible & (index.occurred_at <= at) & (index.valid_from <= at) & (at < index.valid_to)


@dataclass(frozen=True, slots=True)
class _Lexical:
    relevance: NDArray[np.float32]
    matched: NDArray[np.bool_]
    terms: tuple[str, ...]
    frequencies: NDArray[Any]


def _lexical(index: RankingIndex, query: Query) -> _Lexical | None:
    text = query.text or ""
    named = _named_speakers(index, query, text)
    terms = tuple(t for t in dict.fromkeys(tokens(text)) if t not in named)
    if not terms:
        return None
    size = len(index)
    rows: list[NDArray[np.int64]] = []
    docs: list[NDArray[np.int32]] = []
    shares: list[NDArray[np.float64]] = []
    idf = np.empty(len(terms))
    for row, term in enumerate(terms):
        found, counts = index.postings.of(term)
        idf[row] = np.log1p((size - len(found) + 0.5) / (len(found) + 0.5))
        for reached, share in _lend(index, found, counts.astype(np.float64)):
            rows.append(np.full(len(reached), row, np.int64))
            docs.append(reached)
            shares.append(share)
    keys = np.concatenate(rows) * size + np.concatenate(docs)
    frequencies = np.bincount(keys, np.concatenate(shares), len(terms) * size).reshape(len(terms), size)
    norm = K1 * (1 - B + B * index.length / max(1.0, float(index.length.mean())))
    gained = idf @ (frequencies * (K1 + 1) / (frequencies + norm))
    relevance = gained / (idf.sum() * (K1 + 1))
    for speaker in set(named.values()):
        relevance = np.where(index.speaker == speaker, relevance * SPEAKER_BOOST, relevance)
    share = np.clip(relevance, 0, 1)
    # Bent upwards: a memory that says every word once, the usual best, has two thirds of the most there could be.
    return _Lexical((share * (2 - share)).astype(np.float32), gained > 0, terms, frequencies)


def _lend(
    index: RankingIndex, docs: NDArray[np.int32], counts: NDArray[np.float64]
) -> Sequence[tuple[NDArray[np.int32], NDArray[np.float64]]]:
    """The documents themselves, and those that they lend a share of their counts to."""
    reached = [(docs, counts)]
    # A turn's words reach the turns after it as "previous", those before it as "following".
    for links, lent in ((index.following, LENT_BY_PREVIOUS), (index.previous, LENT_BY_FOLLOWING)):
        at, count = docs, counts
        for share in lent:
            onward = links[at]
            there = onward >= 0
            at, count = onward[there], count[there]
            if not len(at):
                break
            if share:
                reached.append((at, count * share))
    return reached


def _named_speakers(index: RankingIndex, query: Query, text: str) -> dict[str, int]:
    """Stems of names in the message that are one of the two speakers', and which one's (1 contact, 2 assistant)."""
    named: dict[str, int] = {}
    own = {stem(word) for word in words(query.contact_name or "")[:1]}
    for word in _CAPITALISED.findall(text):
        lowered = word.lower()
        if lowered in STOP_WORDS:
            continue
        name = stem(lowered)
        if name in own:
            named[name] = 1
        elif _is_addressee(index, name):
            named[name] = 2
    return named


def _is_addressee(index: RankingIndex, name: str) -> bool:
    """Whether the contact calls the other side by this name: people say the other's name, hardly ever their own."""
    docs, _ = index.postings.of(name)
    if len(docs) < 4:
        return False
    speakers = index.speaker[docs[index.episode[docs]]]
    by_contact, by_assistant = int((speakers == 1).sum()), int((speakers == 2).sum())
    return by_contact >= 4 and by_contact >= 6 * by_assistant


def _strength(index: RankingIndex, stamp: float) -> NDArray[np.float32]:
    age = np.maximum(0.0, stamp - index.strength_at)
    faded: NDArray[np.float32] = (index.strength * np.exp2(-age / index.half_life)).astype(np.float32)
    return faded


def _recency(index: RankingIndex, stamp: float) -> NDArray[np.float32]:
    fresh: NDArray[np.float32] = np.exp2(-np.maximum(0.0, stamp - index.occurred_at) / _RECENCY_HALF_LIFE).astype(
        np.float32
    )
    return fresh


def _prior(index: RankingIndex, stamp: float) -> NDArray[np.float32]:
    accessed = 1 - np.exp2(-index.accesses / 4)
    mixed: NDArray[np.float32] = (
        0.6 * index.importance + 0.15 * _strength(index, stamp) + 0.2 * _recency(index, stamp) + 0.05 * accessed
    ).astype(np.float32)
    return np.clip(mixed, 0, 1)


def _best(
    index: RankingIndex, score: NDArray[np.floating[Any]], limit: int, *, once_a_turn: bool
) -> list[tuple[int, float]]:
    """Positions and scores, best first. With `once_a_turn`, what repeats a better memory of its turn counts for less."""
    wanted = min(len(index), 3 * limit + 8)
    candidates = np.argpartition(-score, wanted - 1)[:wanted]
    # lexsort's last key is the first to count.
    ordered = candidates[np.lexsort((-candidates, -score[candidates]))]
    found: list[tuple[int, float]] = []
    seen: set[int] = set()
    for i in ordered:
        if score[i] < 0:
            break
        turn = int(index.sequence[i])
        found.append((int(i), float(score[i]) * (_REPEATED if once_a_turn and turn in seen else 1.0)))
        seen.add(turn)
    found.sort(key=lambda item: (-item[1], -item[0]))
    return found[:limit]


def _parts(index: RankingIndex, i: int, stamp: float, relevance: float, lexical: _Lexical | None) -> Parts:
    matched: tuple[str, ...] = ()
    if lexical is not None:
        matched = tuple(t for t, f in zip(lexical.terms, lexical.frequencies[:, i], strict=True) if f > 0)
    return Parts(
        relevance=relevance,
        importance=float(index.importance[i]),
        strength=float(_strength(index, stamp)[i]),
        recency=float(_recency(index, stamp)[i]),
        matched_terms=matched,
    )
