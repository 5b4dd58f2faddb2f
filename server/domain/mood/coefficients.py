"""The fitted numbers of the mood classifier, as `scripts/fit_mood.py` stores them in `coefficients.npz`."""

import io
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from server.domain.mood.features import VERSION
from server.domain.words import Mood

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Linear:
    """A linear model on hashed features, each scaled by how well it tells the moods apart, a text at unit length."""

    keys: NDArray[np.uint32]
    """The hashes of the features that count, ascending."""
    weights: NDArray[np.int8]
    """A row for each key, a column for each mood in units of its `units`."""
    units: Floats
    squares: Floats
    """The squared scale of each feature, for the length of a text's vector."""


@dataclass(frozen=True, slots=True)
class Convolution:
    """A small network: a vector for each word, filters over three words in a row, the most and the sum of each."""

    words: dict[str, int]
    """The row of each word in `vectors`; rows 0 and 1 are the margin of a text and an unknown word."""
    vectors: NDArray[np.int8]
    units: Floats
    """What one step of `vectors` is worth, for each dimension."""
    filters: Floats
    """Three times dimensions, by filters: what a filter takes of the word before, of the word, of the word after."""
    thresholds: Floats
    out: Floats
    """Twice the filters by moods: of the most each filter gave, then of its sum over the square root of the words."""


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Both models, and how their answers become one: linear + share times network + offsets, the highest wins."""

    moods: tuple[Mood, ...]
    linear: Linear
    network: Convolution
    share: float
    offsets: Floats
    slope: float
    shift: float
    """Confidence has these log-odds: slope times the log-odds of the winner's share, plus shift."""


@cache
def coefficients() -> Coefficients:
    """What is committed beside this module. Raises RuntimeError if it was fitted for other features."""
    data = resources.files("server.domain.mood").joinpath("coefficients.npz").read_bytes()
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        if int(stored["version"]) != VERSION:
            raise RuntimeError("The mood coefficients were fitted for other features; run scripts/fit_mood.py.")
        words = bytes(stored["words"]).decode().split("\n")
        return Coefficients(
            moods=tuple(str(mood) for mood in stored["moods"]),  # type: ignore[misc]
            linear=Linear(
                keys=stored["keys"],
                weights=stored["weights"],
                units=stored["units"],
                squares=stored["squares"].astype(np.float32),
            ),
            network=Convolution(
                words={word: row for row, word in enumerate(words, start=2)},
                vectors=stored["vectors"],
                units=stored["vector_units"],
                filters=stored["filters"].astype(np.float32),
                thresholds=stored["thresholds"],
                out=stored["out"].astype(np.float32),
            ),
            share=float(stored["share"]),
            offsets=stored["offsets"],
            slope=float(stored["calibration"][0]),
            shift=float(stored["calibration"][1]),
        )
