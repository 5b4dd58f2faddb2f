"""The parts of relevance: numbers about a message and each memory, and the logistic mix that makes one of them.

    relevance = 1 / (1 + exp(−(BIAS + Σ weight · part)))

is the probability that the memory holds what the message is after. The weights were fitted by `scripts/fit_ranking.py`
on conversations with labelled questions (docs/adr/0008-static-vectors.md), so of memories of relevance p about p
were evidence there.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.domain.ranking import encoded
from server.domain.ranking.index import EPISODE, RankingIndex
from server.domain.ranking.lexical import Asked, Lexical, ask, lexical
from server.domain.ranking.vectors import embed, likeness

WEIGHTS: Final[Mapping[str, float]] = {
    "words": 9.11,
    "best_words": -6.63,
    "rarity": 0.14,
    "met": 1.21,
    "kin": 5.31,
    "meaning": 1.39,
    "other_speaker": -2.84,
    "asks": -0.68,
    "answers": 0.79,
    "dated": 0.77,
    "opens": 1.32,
    "few": 0.38,
}
"""What each part adds to the log-odds.

`words`: share of the message's words that are met, in [0, 1). `best_words`: the most that any memory has of it: where
one has it all, half of it is less. `rarity`: the same as a sum of weights, not a share. `met`: share of the terms met
at all. `kin`: what kin of the words add. `meaning`: cosine of the word vectors. `other_speaker`: the message names one
of the two, and the other said it. `asks`, `answers`: ends with a question; follows one. `dated`: speaks of a time.
`opens`: the first turn of a session. `few`: −ln(memories / 1,000), as among few each is likelier the one that is meant;
no more than for 25, the fewest that were measured.
"""

_MANY: Final = 1_000
_FEWEST: Final = 25

BIAS: Final = -5.52


_WEIGHTS: Final = np.array(list(WEIGHTS.values()))[:, None]
_ENCODED_WEIGHTS: Final = np.array(list(encoded.WEIGHTS.values()))[:, None]


@dataclass(frozen=True, slots=True)
class Relevance:
    """How a message fits N memories: `odds` (N) are log-odds, `columns` (P, N) the parts in the order of WEIGHTS.

    `encoded` (N) tells which memories were ranked with the encoder; their parts are in the order of `encoded.WEIGHTS`.
    """

    odds: NDArray[np.float64]
    columns: NDArray[np.float64]
    lexical: Lexical | None
    encoded: NDArray[np.bool_] | None = None

    def log_odds(self, position: int) -> dict[str, float]:
        """What each part adds for the memory at a position; together its `odds`."""
        with_encoder = self.encoded is not None and bool(self.encoded[position])
        weights, bias = (encoded.WEIGHTS, encoded.BIAS) if with_encoder else (WEIGHTS, BIAS)
        values = self.columns[: len(weights), position].tolist()
        added = {name: weight * value for (name, weight), value in zip(weights.items(), values, strict=True)}
        return {"bias": bias, **added}


def relevance(
    index: RankingIndex,
    text: str,
    contact_name: str | None,
    reply_name: str | None,
    vector: NDArray[np.int8] | None = None,
) -> Relevance:
    """How each memory of an index fits a message; `vector` is the encoder's of `encoded.question`, where there is one.

    Raises ValueError for a vector of another length than those of the memories.
    """
    asked = ask(index, text, contact_name, reply_name)
    found = lexical(index, asked)
    columns = parts(index, asked, found)
    # Summed part by part, not by BLAS: a memory gains the same to the last bit wherever it stands in the index.
    odds = (columns * _WEIGHTS).sum(axis=0) + BIAS
    if vector is None or index.encoded is None:
        return Relevance(odds, columns, found)
    has_vector = np.asarray(index.encoded.any(axis=1))
    columns = np.concatenate([columns, encoded.encoder_parts(index, index.encoded, vector)])
    with_encoder = (columns * _ENCODED_WEIGHTS).sum(axis=0) + encoded.BIAS
    return Relevance(np.where(has_vector, with_encoder, odds), columns, found, has_vector)


def parts(index: RankingIndex, asked: Asked, found: Lexical | None) -> NDArray[np.float64]:
    """The parts in the order of WEIGHTS, each over all memories (P, N)."""
    columns = np.zeros((len(WEIGHTS), len(index)))
    words, best_words, rarity, met, kin, meaning, other_speaker, asks, answers, dated, opens, few = columns
    if found is not None:
        at = found.positions
        words[at], rarity[at], met[at], kin[at] = found.share, found.weight, found.met, found.kin
        best_words[:] = found.share.max()
    meaning[:] = likeness(index.vectors, embed(asked.terms))
    if asked.speaker:
        other_speaker[:] = index.speaker != asked.speaker
    # Where there is no turn before, -1 is looked up and not used.
    before = index.previous[:-1]
    asks[:] = index.asks
    answers[:] = index.asks[before] & (before >= 0)
    dated[:] = index.dated
    opens[:] = (before < 0) & (index.type == EPISODE)
    few[:] = math.log(_MANY / max(len(index), _FEWEST))
    return columns
