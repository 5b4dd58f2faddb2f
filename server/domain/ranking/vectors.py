"""Word vectors: how alike two texts are in meaning, and which words are kin, from a table of English stems.

The table comes from `scripts/make_vectors.py`. A text's vector is the sum of its stems' vectors at unit length, in
signed bytes; a text none of whose words is in the table (of another language, say) has a vector of zeros, which is
like nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.domain.ranking.postings import word_hash

DIMENSIONS: Final = 64
UNIT: Final = 127
"""What a length of 1 is in bytes. Products of such vectors are whole numbers that float32 adds without error."""

KIN_UNIT: Final = 255
"""The nearness of a word to itself."""

_TELLING_LEAST: Final = 0.2
_TELLING_MOST: Final = 1.5

Vector = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class _Table:
    rows: dict[str, int]
    vectors: NDArray[np.float32]
    telling: list[float]
    hashes: list[int]
    kin: NDArray[np.uint16]
    nearness: NDArray[np.uint8]


def embed(stems: Iterable[str]) -> Vector:
    """The vector of a text given as its stems; one that comes twice counts once. Zeros where none is known."""
    table = _table()
    known = sorted({row for stem in stems if (row := table.rows.get(stem)) is not None})
    if not known:
        return np.zeros(DIMENSIONS, np.int8)
    total = table.vectors[known].sum(axis=0)
    length = float(np.sqrt(np.dot(total, total)))
    return np.rint(total * (UNIT / length)).astype(np.int8) if length else np.zeros(DIMENSIONS, np.int8)


def likeness(vectors: NDArray[np.int8], vector: Vector) -> NDArray[np.float64]:
    """The cosine of each row of `vectors` (N, DIMENSIONS) with a vector, in [-1, 1]; exact, wherever a row stands."""
    if not vector.any():
        return np.zeros(len(vectors))
    products = vectors.astype(np.float32) @ vector.astype(np.float32)
    return np.clip(products.astype(np.float64) / UNIT**2, -1, 1)


def telling(stem: str) -> float:
    """How much a word tells of a text's meaning, about 0.45 to 1.2; 1 for a word that is not in the table."""
    table = _table()
    row = table.rows.get(stem)
    return 1.0 if row is None else table.telling[row]


@lru_cache(maxsize=20_000)
def kin(stem: str) -> tuple[tuple[int, int], ...]:
    """Words that mean nearly the same: their `word_hash` and their nearness, 1 to KIN_UNIT, nearest first."""
    table = _table()
    row = table.rows.get(stem)
    if row is None:
        return ()
    return tuple(
        (table.hashes[other], near)
        for other, near in zip(table.kin[row].tolist(), table.nearness[row].tolist(), strict=True)
        if near
    )


@lru_cache(maxsize=1)
def _table() -> _Table:
    data = resources.files("server.domain.ranking").joinpath("words.npz").read_bytes()
    with np.load(BytesIO(data)) as stored:
        stems = stored["stems"].tobytes().decode().split("\n")
        vectors = stored["vectors"].astype(np.float32) * stored["scales"][:, None]
        telling_ = np.clip(stored["telling"].astype(np.float64), _TELLING_LEAST, _TELLING_MOST) ** 0.5
        return _Table(
            rows={stem: row for row, stem in enumerate(stems)},
            vectors=vectors,
            telling=telling_.tolist(),
            hashes=[word_hash.__wrapped__(stem) for stem in stems],
            kin=stored["kin"],
            nearness=stored["nearness"],
        )
