"""Ranking: which memories matter to a message, best first, with a score in [0, 1] that means something.

**Prior** is what a memory is worth whatever was said:
`0.6 · importance + 0.15 · strength + 0.2 · recency + 0.05 · access`. Strength is what decay has left of it, recency
halves every 30 days since it was said, access is `1 − 2^(−times / 4)`.

With a message, the score is the probability that the memory holds what the message is after: the log-odds of `parts`
and `0.5 · (prior − 0.5)`, added up. A memory of the same turn as a better one (a fact and the words it was taken from
say the same) loses 1.5 of its log-odds. Without a message: `score = prior`.

A turn is often understood only with the other half of its exchange, the question before an answer. Where there is
room, it takes that half along (`beside`), which then takes no place of its own.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.domain.ranking.exchange import ROOM, Placed, together
from server.domain.ranking.index import HALF_LIVES, RankingIndex
from server.domain.ranking.parts import relevance
from server.domain.words import MEMORY_TYPES, MemoryType

_PRIOR_WEIGHT: Final = 0.5
_PRIOR_MIDDLE: Final = 0.5
_RECENCY_HALF_LIFE: Final = 30 * 86_400.0
_ACCESSES: Final = 4.0
_REPEATED: Final = 1.5
_SPARE: Final = 8
"""How many more than are wanted, three times, are looked at, as some repeat others or come along with them."""

_Positions = NDArray[np.intp]
_Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Query:
    """What to rank for. `limit` ≥ 1; `min_importance` in [0, 1]. The names are what the two sides are called.

    Without `as_of` only what is current is ranked; with it, what was true and had been said at that moment. `types`
    and the positions `among` are the only ones that are wanted; all by default. `vector` is what the sentence encoder
    makes of the message, where the memories have such vectors too.
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
    vector: NDArray[np.int8] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Parts:
    """How a score came about; each number is in [0, 1] but those of `log_odds`.

    `relevance` is what the score would be if the memory's prior were middling and it repeated nothing; 0 without a
    message. `log_odds` are what the parts add to the log-odds of the score, by the names of `parts.WEIGHTS` (or
    `encoded.WEIGHTS`, where a sentence encoder helped), "bias", "prior" and "repeats"; empty without a message.
    """

    relevance: float
    importance: float
    strength: float
    recency: float
    matched_terms: tuple[str, ...] = ()
    log_odds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A memory's position in the index and its score in [0, 1]; `parts` where they were asked for.

    `beside` is the position of the other half of its exchange, which is to be told with it.
    """

    position: int
    score: float
    beside: int | None = None
    parts: Parts | None = None


def rank(index: RankingIndex, query: Query, now: datetime) -> list[Ranked]:
    """The best memories for the query at `now`, at most `limit`, best first; of equals the newer one first."""
    stamp = now.timestamp()
    eligible = _eligible(index, query, stamp)
    prior = _prior(index, stamp)
    if not query.text or not len(index):
        best = _best(index, eligible, prior, query.limit)
        if not query.explain:
            return [Ranked(position, value) for position, value in best]
        explained = _explained(index, [position for position, _ in best], stamp)
        return [Ranked(position, value, parts=parts) for (position, value), parts in zip(best, explained, strict=True)]
    fits = relevance(index, query.text, query.contact_name, query.reply_name, query.vector)
    odds = fits.odds + _PRIOR_WEIGHT * (prior - _PRIOR_MIDDLE)
    found = placed(index, odds, eligible, query.limit)
    if not query.explain:
        return [Ranked(place.position, _probability(place.value), place.beside) for place in found]
    ranked = []
    for place, parts in zip(found, _explained(index, [place.position for place in found], stamp), strict=True):
        at = place.position
        sums = fits.log_odds(at)
        sums["prior"] = _PRIOR_WEIGHT * (float(prior[at]) - _PRIOR_MIDDLE)
        sums["repeats"] = place.value - float(odds[at])
        parts = replace(
            parts,
            relevance=_probability(float(fits.odds[at])),
            matched_terms=() if fits.lexical is None else fits.lexical.matched(at),
            log_odds=sums,
        )
        ranked.append(Ranked(at, _probability(place.value), place.beside, parts))
    return ranked


def placed(
    index: RankingIndex, odds: _Numbers, eligible: NDArray[np.bool_], limit: int, room: int = ROOM
) -> list[Placed]:
    """The best `limit` of the eligible by their log-odds, with their other halves in `room` characters a memory."""
    candidates = _once_a_turn(index, _best(index, eligible, odds, 3 * limit + _SPARE))
    return together(index, candidates, eligible, limit, room)


def _eligible(index: RankingIndex, query: Query, stamp: float) -> NDArray[np.bool_]:
    eligible = index.importance >= query.min_importance
    if query.types is not None:
        wanted = np.array([type_ in query.types for type_ in MEMORY_TYPES])
        eligible &= wanted[index.type]
    if query.among is not None:
        chosen = np.zeros(len(index), np.bool_)
        chosen[np.fromiter(query.among, np.intp, len(query.among))] = True
        eligible &= chosen
    if query.as_of is None:
        # What held only until a day that has passed is over, whether or not maintenance has said so yet.
        return eligible & index.current & (stamp < index.valid_to)
    then = query.as_of.timestamp()
    return eligible & (index.occurred_at <= then) & (index.valid_from <= then) & (then < index.valid_to)


def _strength(index: RankingIndex, stamp: float) -> _Numbers:
    """As `decay.strength_at`, of all at once."""
    age = np.maximum(0.0, stamp - index.strength_at)
    return np.asarray(index.strength * np.exp2(-age / HALF_LIVES[index.type]), np.float64)


def _recency(index: RankingIndex, stamp: float) -> _Numbers:
    return np.exp2(np.minimum(0.0, index.occurred_at - stamp) / _RECENCY_HALF_LIFE)


def _prior(index: RankingIndex, stamp: float) -> _Numbers:
    accessed = 1 - np.exp2(-index.accesses / _ACCESSES)
    mixed = 0.6 * index.importance + 0.15 * _strength(index, stamp)
    mixed = mixed + 0.2 * _recency(index, stamp) + 0.05 * accessed
    return np.clip(mixed, 0, 1)


def _best(index: RankingIndex, eligible: NDArray[np.bool_], values: _Numbers, wanted: int) -> list[tuple[int, float]]:
    """The best positions and their values, best first; of equals the newer, then the one of the greater ident."""
    at: _Positions = np.flatnonzero(eligible)
    value = values[at]
    if wanted < len(at):
        # All that tie with the last one stay in, so that which of them is kept is not left to the partition.
        kept = np.flatnonzero(value >= np.partition(value, len(at) - wanted)[len(at) - wanted])
        at, value = at[kept], value[kept]
    # lexsort's last key is the first to count.
    order = np.lexsort((index.ident[at], index.sequence[at], index.occurred_at[at], value))[::-1][:wanted]
    return list(zip(at[order].tolist(), value[order].tolist(), strict=True))


def _once_a_turn(index: RankingIndex, best: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """What repeats a better memory of its turn counts for less."""
    found: list[tuple[int, float]] = []
    seen: set[int] = set()
    turns = index.sequence[[position for position, _ in best]].tolist() if best else []
    for (position, value), turn in zip(best, turns, strict=True):
        found.append((position, value - _REPEATED if turn in seen else value))
        seen.add(turn)
    # The sort is stable: equals stay newest first.
    found.sort(key=lambda item: -item[1])
    return found


def _probability(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))


def _explained(index: RankingIndex, positions: Sequence[int], stamp: float) -> list[Parts]:
    """The parts of some memories that have nothing to do with a message."""
    strength, recency = _strength(index, stamp), _recency(index, stamp)
    return [
        Parts(
            relevance=0.0,
            importance=float(index.importance[at]),
            strength=float(strength[at]),
            recency=float(recency[at]),
        )
        for at in positions
    ]
