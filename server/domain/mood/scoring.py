"""What the two fitted models say of a text: a score for each mood, in logits."""

import numpy as np

from server.domain.mood.coefficients import Coefficients, Convolution, Floats, Linear
from server.domain.mood.features import features, stem, tokens

_MAX_TOKENS = 40
"""Tokens that the network looks at; it was fitted on comments, which seldom have more.

At 42 rows of 64 numbers by 96 filters each product below stays under the 2^18 multiplications from which OpenBLAS
wakes its threads, which costs more than the product on a busy machine."""


def scores(text: str, fitted: Coefficients) -> Floats | None:
    """The score of each mood; None where nothing of the text was met when the models were fitted."""
    read = tokens(text)
    words = [word for word in read if word not in ".;"]
    if not words:
        return None
    linear = linear_scores(features(text, read), fitted.linear)
    if linear is None:
        return None
    network = network_scores(rows_of(words, fitted.network.words), fitted.network)
    summed: Floats = linear + fitted.share * network + fitted.offsets
    return summed


def linear_scores(on: set[int], model: Linear) -> Floats | None:
    """What the linear model says of the features that are on; None if it knows none of them."""
    asked = np.fromiter(on, np.uint32, len(on))
    asked.sort()  # ascending, each search starts where the last one ended: half the time
    at = model.keys.searchsorted(asked)
    at[at == len(model.keys)] = 0
    at = at[model.keys[at] == asked]
    length = float(np.sqrt(model.squares[at].sum()))
    if length == 0.0:
        return None
    found: Floats = model.weights[at].sum(axis=0, dtype=np.int32) * (model.units / np.float32(length))
    return found


def rows_of(words: list[str], known: dict[str, int]) -> list[int]:
    """The row of each word in the network's vectors: its own, else that of its stem, else that of unknown words."""
    return [known.get(word) or known.get(stem(word)) or 1 for word in words[:_MAX_TOKENS]]


def network_scores(rows: list[int], model: Convolution) -> Floats:
    """What the network says of words given by their rows."""
    vectors = model.vectors[[0, *rows, 0]] * model.units
    size = vectors.shape[1]
    before, here, after = (vectors @ model.filters[k : k + size] for k in (0, size, 2 * size))
    heard = np.maximum(before[:-2] + here[1:-1] + after[2:] + model.thresholds, 0.0)
    pooled = np.concatenate((heard.max(axis=0), heard.sum(axis=0) / np.float32(len(rows) ** 0.5)))
    found: Floats = pooled @ model.out
    return found
