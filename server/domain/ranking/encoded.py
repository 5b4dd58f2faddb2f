"""Ranking with a sentence encoder: vectors of whole texts, where a tenant has them made (docs/adr/0008).

What makes the vectors is not known here. A memory that has none yet is ranked as it is without an encoder: both mixes
give log-odds that were fitted to the same thing, so their scores can stand side by side.
"""

import re
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.domain.ranking.index import RankingIndex

DIMENSIONS: Final = 128
"""Numbers of a vector; what is left of the encoder's own by `rounded`'s caller."""

UNIT: Final = 200
"""What a length of 1 is in the numbers of a vector; hardly one of them is above 127 / 200."""

WEIGHTS: Final[Mapping[str, float]] = {
    "words": 7.80,
    "best_words": -5.40,
    "rarity": 0.12,
    "met": 1.03,
    "kin": 4.12,
    "meaning": 0.15,
    "other_speaker": -2.93,
    "asks": -0.73,
    "answers": 0.62,
    "dated": 0.85,
    "opens": 1.49,
    "few": 0.23,
    "encoder": 4.20,
    "best_encoder": -4.16,
}
"""What each part adds to the log-odds where there is an encoder: those of `parts.WEIGHTS`, fitted anew, and two more.

`encoder`: cosine of message and memory, with half of that of the turn before it in its session and a quarter of that of
the turn after it, as a turn is about what is talked about around it. `best_encoder`: the most that any memory has.
"""

BIAS: Final = -3.57
OF_PREVIOUS: Final = 0.5
OF_FOLLOWING: Final = 0.25

Encoded = NDArray[np.int8]


def rounded(vectors: NDArray[np.float32]) -> Encoded:
    """Vectors of any length but 0, a row each, as ranking takes them: in signed bytes, a length of 1 being UNIT."""
    units = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(np.clip(np.rint(units * UNIT), -127, 127), np.int8)


def question(text: str, contact_name: str | None) -> str:
    """A message as the encoder is to read it: whoever asks about the contact by name means what the contact said."""
    names = (contact_name or "").split()
    return re.sub(rf"\b{re.escape(names[0])}\b", "they", text) if names else text


def encoder_parts(index: RankingIndex, vectors: Encoded, asked: Encoded) -> NDArray[np.float64]:
    """The two parts of the encoder over all memories (2, N); `vectors` (N, D) are the memories', `asked` (D) the
    message's. Zeros stand for a vector that is missing.
    """
    # Whole numbers below 2^24, which float32 adds without error: the same wherever a memory stands in the index.
    products = vectors.astype(np.float32) @ asked.astype(np.float32)
    # Where there is no neighbour, -1 is looked up: the zero at the end.
    own = np.append(products.astype(np.float64) / UNIT**2, 0.0)
    around = (own + OF_PREVIOUS * own[index.previous] + OF_FOLLOWING * own[index.following])[:-1]
    return np.stack([around, np.full(len(around), around.max(initial=0.0))])
