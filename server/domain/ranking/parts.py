"""The parts of relevance: numbers about a message and each memory, and the logistic mix that makes one of them.

    relevance = 1 / (1 + exp(−(BIAS + Σ weight · part)))

is the probability that the memory holds what the message is after. The weights were fitted by `scripts/fit_ranking.py`
on conversations with labelled questions (docs/adr/0008-word-vectors.md), so of memories of relevance p about p
were evidence there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.domain.ranking.index import EPISODE, RankingIndex
from server.domain.ranking.lexical import Asked, Lexical, ask, lexical
from server.domain.ranking.vectors import embed, likeness

WEIGHTS: Final[Mapping[str, float]] = {
    "words": 9.4,
    "best_words": -6.6,
    "rarity": 0.14,
    "met": 1.1,
    "kin": 5.5,
    "meaning": 1.3,
    "other_speaker": -2.8,
    "asks": -0.7,
    "answers": 0.8,
    "dated": 0.7,
    "opens": 1.35,
}
"""What each part adds to the log-odds.

`words`: share of the message's words that are met, in [0, 1). `best_words`: the most that any memory has of it: where
one has it all, half of it is less. `rarity`: the same as a sum of weights, not a share. `met`: share of the terms met
at all. `kin`: what kin of the words add. `meaning`: cosine of the word vectors. `other_speaker`: the message names one
of the two, and the other said it. `asks`, `answers`: ends with a question; follows one. `dated`: speaks of a time.
`opens`: the first turn of a session.
"""

BIAS: Final = -5.4


@dataclass(frozen=True, slots=True)
class Relevance:
    """How a message fits all N memories: `odds` are log-odds (N), `columns` the parts by name (N each)."""

    odds: NDArray[np.float64]
    columns: Mapping[str, NDArray[np.float64]]
    lexical: Lexical | None


def relevance(index: RankingIndex, text: str, contact_name: str | None, reply_name: str | None) -> Relevance:
    """How each memory of an index fits a message."""
    asked = ask(index, text, contact_name, reply_name)
    found = lexical(index, asked)
    columns = parts(index, asked, found)
    odds = np.full(len(index), BIAS)
    for name, weight in WEIGHTS.items():
        odds += weight * columns[name]
    return Relevance(odds, columns, found)


def parts(index: RankingIndex, asked: Asked, found: Lexical | None) -> dict[str, NDArray[np.float64]]:
    """The parts by name, each over all memories."""
    size = len(index)
    columns = {name: np.zeros(size) for name in ("words", "rarity", "met", "kin")}
    if found is not None:
        columns["words"][found.positions] = found.share
        columns["rarity"][found.positions] = found.weight
        columns["met"][found.positions] = found.met
        columns["kin"][found.positions] = found.kin
    columns["best_words"] = np.full(size, columns["words"].max(initial=0.0))
    columns["meaning"] = likeness(index.vectors, embed(asked.terms))
    columns["other_speaker"] = ((index.speaker != asked.speaker) & (asked.speaker > 0)).astype(np.float64)
    columns["asks"] = index.asks.astype(np.float64)
    # Where there is no turn before, -1 is looked up and not used.
    before = index.previous[:-1]
    columns["answers"] = ((before >= 0) & index.asks[before]).astype(np.float64)
    columns["dated"] = index.dated.astype(np.float64)
    columns["opens"] = ((before < 0) & (index.type == EPISODE)).astype(np.float64)
    return columns
