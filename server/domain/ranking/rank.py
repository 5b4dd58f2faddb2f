"""Ranking: which memories matter to a message, best first, with a score in [0, 1] that means something.

**Relevance** is how much of what the message is about a memory says (`lexical`): 0 for nothing of it, about 0.9 where
every word is said once.

**Prior** is what a memory is worth whatever was said:
`0.6 · importance + 0.15 · strength + 0.2 · recency + 0.05 · access`. Strength is what decay has left of it, recency
halves every 30 days since it was said, access is `1 − 2^(−times / 4)`.

With a message: `score = 0.92 · relevance + 0.08 · prior`, so that what has nothing to do with the message stays under
0.08; halved for a memory of the same turn as a better one (a fact and the words it was taken from say the same).
Without: `score = prior`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.domain.ranking.index import HALF_LIVES, RankingIndex
from server.domain.ranking.lexical import Lexical, lexical
from server.domain.words import MEMORY_TYPES, MemoryType

_RELEVANCE_SHARE: Final = 0.92
_PRIOR_SHARE: Final = 1 - _RELEVANCE_SHARE
_RECENCY_HALF_LIFE: Final = 30 * 86_400.0
_ACCESSES: Final = 4.0
_REPEATED: Final = 0.5

_Positions = NDArray[np.intp]
_Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Query:
    """What to rank for. `limit` ≥ 1; `min_importance` in [0, 1]. The names are what the two sides are called.

    Without `as_of` only what is current is ranked; with it, what was true and had been said at that moment. `types`
    and the positions `among` are the only ones that are wanted; all by default.
    """

    text: str | None
    limit: int
    min_importance: float = 0.0
    as_of: datetime | None = None
    explain: bool = False
    contact_name: str | None = None
    reply_name: str | None = None
    types: frozenset[MemoryType] | None = None
    among: frozenset[int] | None = None


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
    """The best memories for the query at `now`, at most `limit`, best first; of equals the newer one first.

    Where fewer than `limit` have to do with the message, the others follow by their prior.
    """
    stamp = now.timestamp()
    found = lexical(index, query.text, query.contact_name, query.reply_name) if query.text else None
    best: list[tuple[int, float]] = []
    if found is not None:
        fit = _eligible(index, query, found.positions)
        score = _RELEVANCE_SHARE * found.relevance[fit] + _PRIOR_SHARE * _prior(index, found.positions[fit], stamp)
        best = _once_a_turn(index, *_best(index, found.positions[fit], score, 3 * query.limit + 8), query.limit)
    if len(best) < query.limit:
        others = np.ones(len(index), np.bool_)
        if found is not None:
            others[found.positions] = False
        rest = np.flatnonzero(others)
        rest = rest[_eligible(index, query, rest)]
        score = _prior(index, rest, stamp) * (_PRIOR_SHARE if query.text else 1.0)
        positions, scores = _best(index, rest, score, query.limit - len(best))
        best += zip(positions.tolist(), scores.tolist(), strict=True)
        # A repeated memory may have come to stand behind one that only fills up.
        best.sort(key=lambda item: -item[1])
    if not query.explain:
        return [Ranked(position, score) for position, score in best]
    return [Ranked(position, score, _parts(index, position, stamp, found)) for position, score in best]


def _eligible(index: RankingIndex, query: Query, at: _Positions) -> NDArray[np.bool_]:
    eligible = index.importance[at] >= query.min_importance
    if query.types is not None:
        wanted = np.array([type_ in query.types for type_ in MEMORY_TYPES])
        eligible &= wanted[index.type[at]]
    if query.among is not None:
        eligible &= np.isin(at, np.fromiter(query.among, np.intp, len(query.among)))
    if query.as_of is None:
        return eligible & index.current[at]
    then = query.as_of.timestamp()
    return eligible & (index.occurred_at[at] <= then) & (index.valid_from[at] <= then) & (then < index.valid_to[at])


def _strength(index: RankingIndex, at: _Positions, stamp: float) -> _Numbers:
    """As `decay.strength_at`, of many at once."""
    age = np.maximum(0.0, stamp - index.strength_at[at])
    return np.asarray(index.strength[at] * np.exp2(-age / HALF_LIVES[index.type[at]]), np.float64)


def _recency(index: RankingIndex, at: _Positions, stamp: float) -> _Numbers:
    return np.exp2(np.minimum(0.0, index.occurred_at[at] - stamp) / _RECENCY_HALF_LIFE)


def _prior(index: RankingIndex, at: _Positions, stamp: float) -> _Numbers:
    accessed = 1 - np.exp2(-index.accesses[at] / _ACCESSES)
    mixed = 0.6 * index.importance[at] + 0.15 * _strength(index, at, stamp)
    mixed = mixed + 0.2 * _recency(index, at, stamp) + 0.05 * accessed
    return np.clip(mixed, 0, 1)


def _best(index: RankingIndex, at: _Positions, score: _Numbers, wanted: int) -> tuple[_Positions, _Numbers]:
    """The best positions and their scores, best first; of equals the newer, then the one of the greater ident."""
    if wanted < len(at):
        # All that tie with the last one stay in, so that which of them is kept is not left to the partition.
        kept = np.flatnonzero(score >= np.partition(score, len(at) - wanted)[len(at) - wanted])
        at, score = at[kept], score[kept]
    # lexsort's last key is the first to count.
    order = np.lexsort((index.ident[at], index.sequence[at], index.occurred_at[at], score))[::-1][:wanted]
    return at[order], score[order]


def _once_a_turn(index: RankingIndex, at: _Positions, score: _Numbers, limit: int) -> list[tuple[int, float]]:
    """What repeats a better memory of its turn counts for less."""
    found: list[tuple[int, float]] = []
    seen: set[int] = set()
    for position, value, turn in zip(at.tolist(), score.tolist(), index.sequence[at].tolist(), strict=True):
        found.append((position, value * _REPEATED if turn in seen else value))
        seen.add(turn)
    # The sort is stable: equals stay newest first.
    found.sort(key=lambda item: -item[1])
    return found[:limit]


def _parts(index: RankingIndex, position: int, stamp: float, found: Lexical | None) -> Parts:
    at = np.array([position])
    return Parts(
        relevance=0.0 if found is None else found.relevance_of(position),
        importance=float(index.importance[position]),
        strength=float(_strength(index, at, stamp)[0]),
        recency=float(_recency(index, at, stamp)[0]),
        matched_terms=() if found is None else found.matched(position),
    )
