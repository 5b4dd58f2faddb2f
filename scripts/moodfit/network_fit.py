"""Fits the network: word vectors, filters over three words, the most and the sum of each; Adam, with dropout.

After Kim 2014, "Convolutional Neural Networks for Sentence Classification". The vectors start as those of a sentence
encoder and move slowly, so that words that are rare here keep the neighbours they came with.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from moodfit.rows import MOODS, Floats, Ints, Rows
from server.domain.mood.scoring import rows_of

DIMENSIONS = 64
FILTERS = 96
EPOCHS = 8
BATCH = 32
RATE = 1.5e-3
VECTORS_RATE = 0.3
"""How fast the vectors move, relative to the rest."""
START = 0.25
"""The standard deviation that the vectors start with."""
LOST_WORDS, LOST_PARTS, LOST_FILTERS = 0.05, 0.3, 0.5
"""Shares dropped in fitting: of words, of the parts of vectors, of what the filters gave."""
DECAY = 0.01
RARE_CLASS_POWER = 0.3
WORD_SEEN_AT_LEAST = 3
SHARE = 0.6
"""What the network's logits count beside the linear model's; from 0.4 to 1 it makes no difference worth the name."""


@dataclass(frozen=True)
class NetworkFit:
    words: dict[str, int]
    parts: dict[str, Floats]

    def logits(self, rows: Rows) -> Floats:
        texts = [np.array(rows_of(words, self.words) or [1]) for words in rows.words]
        return np.concatenate([_forward(self.parts, _padded([text]))["logits"] for text in texts])


def vocabulary(rows: Rows) -> dict[str, int]:
    """The words that occur often enough, and their rows; 0 is the margin, 1 is for unknown words."""
    counts = Counter(word for words in rows.words for word in words)
    known = sorted(word for word, count in counts.items() if count >= WORD_SEEN_AT_LEAST)
    return {word: row for row, word in enumerate(known, start=2)}


def fit(rows: Rows, encoded: dict[str, Floats], seed: int = 0) -> NetworkFit:
    """`encoded` has the encoder's vector of every word of `vocabulary(rows)`."""
    rng = np.random.default_rng(seed)
    words = vocabulary(rows)
    parts = {
        "vectors": _start(words, encoded),
        "filters": rng.normal(0, (2 / (3 * DIMENSIONS)) ** 0.5, (3 * DIMENSIONS, FILTERS)),
        "thresholds": np.zeros(FILTERS),
        "out": rng.normal(0, 0.05, (2 * FILTERS, len(MOODS))),
        "bias": np.zeros(len(MOODS)),
    }
    parts = {name: part.astype(np.float32) for name, part in parts.items()}
    texts = [np.array(rows_of(read, words) or [1]) for read in rows.words]
    weight = rows.weights(RARE_CLASS_POWER)
    steps = EPOCHS * (len(texts) // BATCH)
    adam = _Adam(parts)
    for _ in range(EPOCHS):
        for batch in _batches(texts, rng):
            left = 1 - adam.taken / steps
            rate = RATE * min(1.0, (adam.taken + 1) / 100) * max(0.0, left)
            adam.step(
                _gradients(parts, _padded([texts[i] for i in batch]), rows.wanted[batch], weight[batch], rng), rate
            )
    return NetworkFit(words, parts)


def _start(words: dict[str, int], encoded: dict[str, Floats]) -> Floats:
    """The encoder's vectors, centred, on their first principal axes."""
    full = np.stack([encoded[word] for word in words])
    full = full - full.mean(axis=0)
    axes = np.linalg.svd(full.T @ full)[0][:, :DIMENSIONS]
    turned = full @ axes
    return np.concatenate((np.zeros((2, DIMENSIONS)), turned / turned.std() * START))


def _batches(texts: list[Ints], rng: np.random.Generator) -> list[Ints]:
    """Batches of texts of like length, in random order."""
    order, found = rng.permutation(len(texts)), []
    for start in range(0, len(order), BATCH * 32):
        chunk = order[start : start + BATCH * 32]
        chunk = chunk[np.argsort([len(texts[i]) for i in chunk], kind="stable")]
        found += [chunk[i : i + BATCH] for i in range(0, len(chunk) - BATCH + 1, BATCH)]
    return [found[i] for i in rng.permutation(len(found))]


def _padded(texts: list[Ints]) -> Ints:
    found = np.zeros((len(texts), max(map(len, texts))), np.int64)
    for row, text in enumerate(texts):
        found[row, : len(text)] = text
    return found


def _forward(parts: dict[str, Floats], ids: Ints, lost: dict[str, Floats] | None = None) -> dict[str, Floats]:
    lost = lost or {}
    there = (ids > 0).astype(np.float32)[:, :, None]
    vectors = parts["vectors"][ids] * there * lost.get("parts", np.float32(1))
    edge = np.zeros_like(vectors[:, :1])
    framed = np.concatenate((edge, vectors, edge), axis=1)
    windows = np.concatenate((framed[:, :-2], framed[:, 1:-1], framed[:, 2:]), axis=2)
    heard = np.maximum(windows @ parts["filters"] + parts["thresholds"], 0) * there
    root = np.sqrt(there.sum(axis=1))
    pooled = np.concatenate((heard.max(axis=1), heard.sum(axis=1) / root), axis=1)
    pooled = pooled * lost.get("filters", np.float32(1))
    logits = pooled @ parts["out"] + parts["bias"]
    return {"there": there, "windows": windows, "heard": heard, "root": root, "pooled": pooled, "logits": logits}


def _kept(rng: np.random.Generator, shape: tuple[int, ...], lost: float) -> Floats:
    return (rng.random(shape, np.float32) >= lost).astype(np.float32) / np.float32(1 - lost)


def _gradients(
    parts: dict[str, Floats], ids: Ints, wanted: Floats, weight: Floats, rng: np.random.Generator
) -> dict[str, Floats]:
    ids = np.where((ids > 0) & (rng.random(ids.shape) < LOST_WORDS), 1, ids)
    lost = {
        "parts": _kept(rng, (*ids.shape, DIMENSIONS), LOST_PARTS),
        "filters": _kept(rng, (len(ids), 2 * FILTERS), LOST_FILTERS),
    }
    saw = _forward(parts, ids, lost)
    exps = np.exp(saw["logits"] - saw["logits"].max(axis=1, keepdims=True))
    error = (exps / exps.sum(axis=1, keepdims=True) - wanted) * (weight / weight.sum())[:, None]
    to_pooled = (error @ parts["out"].T) * lost["filters"]
    to_heard = np.repeat((to_pooled[:, FILTERS:] / saw["root"])[:, None, :], ids.shape[1], axis=1)
    most = saw["heard"].argmax(axis=1)[:, None, :]
    so_far = np.take_along_axis(to_heard, most, axis=1)
    np.put_along_axis(to_heard, most, so_far + to_pooled[:, None, :FILTERS], axis=1)
    to_heard *= saw["heard"] > 0
    flat = to_heard.reshape(-1, FILTERS)
    to_windows = (flat @ parts["filters"].T).reshape(*ids.shape, 3 * DIMENSIONS)
    before, here, after = np.split(to_windows, 3, axis=2)
    to_vectors = here.copy()
    to_vectors[:, :-1] += before[:, 1:]
    to_vectors[:, 1:] += after[:, :-1]
    to_vectors *= saw["there"] * lost["parts"]
    return {
        "vectors": _summed_by(ids.ravel(), to_vectors.reshape(-1, DIMENSIONS), len(parts["vectors"])),
        "filters": saw["windows"].reshape(-1, 3 * DIMENSIONS).T @ flat,
        "thresholds": flat.sum(axis=0),
        "out": saw["pooled"].T @ error,
        "bias": error.sum(axis=0),
    }


def _summed_by(rows: Ints, values: Floats, count: int) -> Floats:
    order = np.argsort(rows, kind="stable")
    present, starts = np.unique(rows[order], return_index=True)
    found = np.zeros((count, values.shape[1]), np.float32)
    found[present] = np.add.reduceat(values[order], starts, axis=0)
    return found


class _Adam:
    """Kingma and Ba 2015, with the decay of weights apart from it (Loshchilov and Hutter 2019)."""

    def __init__(self, parts: dict[str, Floats]) -> None:
        self.parts = parts
        self.means = {name: np.zeros_like(part) for name, part in parts.items()}
        self.squares = {name: np.zeros_like(part) for name, part in parts.items()}
        self.taken = 0

    def step(self, gradients: dict[str, Floats], rate: float) -> None:
        self.taken += 1
        for name, gradient in gradients.items():
            mean, square, part = self.means[name], self.squares[name], self.parts[name]
            mean *= 0.9
            mean += 0.1 * gradient
            square *= 0.999
            square += 0.001 * gradient * gradient
            change = mean / (np.sqrt(square / (1 - 0.999**self.taken)) + 1e-8)
            part -= rate * (VECTORS_RATE if name == "vectors" else 1.0) / (1 - 0.9**self.taken) * change
            if name in ("filters", "out"):
                part *= 1 - rate * DECAY
