"""Fits the coefficients of the built-in mood classifier.

    python scripts/fit_mood.py TRAIN.tsv [--check DEV.tsv]

Rows are `label<TAB>text`. Multinomial logistic regression on hashed features that are scaled by how well they tell
the moods apart (log-count ratios, after Wang and Manning 2012, "Baselines and Bigrams"), each text at unit length,
L2-regularised, fitted by L-BFGS with numpy alone. Offsets of the classes (for macro-F1) and the temperature
(for calibrated confidence) come from cross-validation on the training rows, never from the check rows.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.domain.mood.features import BUCKETS, VERSION, features

MOODS = ("happy", "neutral", "excited", "playful", "sad", "anxious", "frustrated", "angry")
TARGET = Path(__file__).parents[1] / "server" / "domain" / "mood" / "coefficients.npz"

RARE_CLASS_POWER = 0.3
"""Rows weigh (1 / size of their class) to this power: between the data's own mix (0) and an even one (1)."""
L2 = 1e-5
FLOOR = 0.2
"""Scale of a feature that tells nothing."""
SEEN_AT_LEAST = 2
FOLDS = 4

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Texts as flat lists of buckets, with the labels."""

    buckets: list[NDArray[np.int64]]
    labels: Ints

    def part(self, chosen: Ints) -> "Rows":
        return Rows([self.buckets[i] for i in chosen], self.labels[chosen])


def read(path: Path) -> Rows:
    labels, buckets = [], []
    for line in path.read_text(encoding="utf-8").splitlines():
        label, text = line.split("\t", 1)
        labels.append(MOODS.index(label))
        buckets.append(np.array(features(text), dtype=np.int64))
    return Rows(buckets, np.array(labels))


def scales(rows: Rows) -> Floats:
    """How much each bucket counts: its strongest log-count ratio over the moods, trusted more the more it was seen."""
    counts = np.zeros((BUCKETS, len(MOODS)))
    for buckets, label in zip(rows.buckets, rows.labels, strict=True):
        counts[buckets, label] += 1
    sizes = np.bincount(rows.labels, minlength=len(MOODS))
    seen = counts.sum(axis=1, keepdims=True)
    inside = (counts + 1) / (sizes + 2)
    outside = (seen - counts + 1) / (len(rows.labels) - sizes + 2)
    trust = np.sqrt(seen) / (1 + np.sqrt(seen))
    scale = FLOOR + np.sqrt((np.log(inside / outside) ** 2 * trust).max(axis=1))
    scale[seen[:, 0] < SEEN_AT_LEAST] = 0.0
    narrow: Floats = scale.astype(np.float32)
    return narrow


class Design:
    """The rows as a sparse matrix, in both orders, so that both products are sums over runs."""

    def __init__(self, rows: Rows, scale: Floats) -> None:
        lengths = np.array([len(b) for b in rows.buckets])
        self.columns = np.concatenate(rows.buckets)
        self.starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        row_of = np.repeat(np.arange(len(lengths)), lengths)
        values = scale[self.columns]
        norms = np.sqrt(np.add.reduceat(values**2, self.starts)) + 1e-9
        self.values = (values / norms[row_of]).astype(np.float32)[:, None]
        order = np.argsort(self.columns, kind="stable")
        self.by_column_rows = row_of[order]
        self.by_column_values = self.values[order]
        self.present, self.column_starts = np.unique(self.columns[order], return_index=True)

    def logits(self, weights: Floats) -> Floats:
        sums: Floats = np.add.reduceat(weights[self.columns] * self.values, self.starts, axis=0)
        return sums

    def gradient(self, residuals: Floats) -> Floats:
        out = np.zeros((BUCKETS, residuals.shape[1]), np.float32)
        out[self.present] = np.add.reduceat(
            residuals[self.by_column_rows] * self.by_column_values, self.column_starts, axis=0
        )
        return out


def fit(rows: Rows, scale: Floats) -> Floats:
    design = Design(rows, scale)
    wanted = np.eye(len(MOODS), dtype=np.float32)[rows.labels]
    sizes = np.bincount(rows.labels, minlength=len(MOODS))
    row_weights = (1.0 / sizes) ** RARE_CLASS_POWER
    weight = row_weights[rows.labels].astype(np.float32)[:, None]
    weight /= weight.sum()

    def loss(weights: Floats) -> tuple[float, Floats]:
        logits = design.logits(weights)
        logits -= logits.max(axis=1, keepdims=True)
        exps = np.exp(logits)
        sums = exps.sum(axis=1, keepdims=True)
        value = -(weight * wanted * (logits - np.log(sums))).sum() + L2 / 2 * np.vdot(weights, weights)
        return float(value), design.gradient((exps / sums - wanted) * weight) + L2 * weights

    return lbfgs(loss, np.zeros((BUCKETS, len(MOODS)), np.float32))


def lbfgs(loss: Callable[[Floats], tuple[float, Floats]], point: Floats, steps: int = 80, memory: int = 8) -> Floats:
    """Minimises a smooth function; Nocedal and Wright, Numerical Optimization, algorithm 7.4."""
    value, gradient = loss(point)
    pairs: list[tuple[Floats, Floats]] = []
    for _ in range(steps):
        direction = gradient.copy()
        alphas = []
        for moved, change in reversed(pairs):
            alpha = np.vdot(moved, direction) / np.vdot(change, moved)
            alphas.append(alpha)
            direction -= alpha * change
        if pairs:
            moved, change = pairs[-1]
            direction *= np.vdot(moved, change) / np.vdot(change, change)
        else:
            direction /= np.sqrt(np.vdot(gradient, gradient))
        for (moved, change), alpha in zip(pairs, reversed(alphas), strict=True):
            direction += (alpha - np.vdot(change, direction) / np.vdot(change, moved)) * moved
        slope, stride = -float(np.vdot(gradient, direction)), 1.0
        while True:
            new_value, new_gradient = loss(point - stride * direction)
            if new_value <= value + 1e-4 * stride * slope or stride < 1e-4:
                break
            stride /= 2
        moved, change = -stride * direction, new_gradient - gradient
        if np.vdot(moved, change) > 1e-10:
            pairs = [*pairs, (moved, change)][-memory:]
        gain = (value - new_value) / abs(value)
        point, value, gradient = point + moved, new_value, new_gradient
        if gain < 1e-5:
            break
    return point


def macro_f1(labels: Ints, answers: Ints) -> tuple[float, list[float]]:
    scores = []
    for mood in range(len(MOODS)):
        hits = ((labels == mood) & (answers == mood)).sum()
        scores.append(2 * hits / max(1, (labels == mood).sum() + (answers == mood).sum()))
    return float(np.mean(scores)), [round(float(s), 3) for s in scores]


def unseen_logits(rows: Rows) -> Floats:
    """Logits of each row from a fit that did not see it."""
    fold_of = np.random.default_rng(7).permutation(len(rows.labels)) % FOLDS
    logits = np.zeros((len(rows.labels), len(MOODS)), np.float32)
    for fold in range(FOLDS):
        inside, outside = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
        part = rows.part(inside)
        scale = scales(part)
        logits[outside] = Design(rows.part(outside), scale).logits(fit(part, scale))
    return logits


def best_offsets(logits: Floats, labels: Ints) -> Floats:
    """Offsets of the classes that give the best macro-F1, by coordinate ascent."""
    offsets = np.zeros(len(MOODS), np.float32)
    best = macro_f1(labels, logits.argmax(axis=1))[0]
    for step in (0.4, 0.2, 0.1, 0.2, 0.1):
        for mood in range(len(MOODS)):
            for change in (-step, step):
                tried = offsets.copy()
                tried[mood] += change
                score = macro_f1(labels, (logits + tried).argmax(axis=1))[0]
                if score > best + 1e-4:
                    best, offsets = score, tried
    return offsets


def best_temperature(scores: Floats, labels: Ints) -> float:
    """The temperature at which the chosen class's share best matches how often it is right."""
    chosen = scores.argmax(axis=1)
    right = chosen == labels

    def cost(temperature: float) -> float:
        shares = np.exp((scores - scores.max(axis=1, keepdims=True)) / temperature)
        sure = np.clip(1.0 / shares.sum(axis=1), 1e-6, 1 - 1e-6)
        return float(-np.where(right, np.log(sure), np.log(1 - sure)).mean())

    return float(min(np.arange(0.5, 3.0, 0.05), key=cost))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", type=Path)
    parser.add_argument("--check", type=Path)
    options = parser.parse_args()
    rows = read(options.train)
    started = time.monotonic()
    logits = unseen_logits(rows)
    offsets = best_offsets(logits, rows.labels)
    temperature = best_temperature(logits + offsets, rows.labels)
    print("cross-validated", macro_f1(rows.labels, (logits + offsets).argmax(axis=1)), "temperature", temperature)  # noqa: T201
    scale = scales(rows)
    weights = fit(rows, scale) * scale[:, None]
    units = (np.abs(weights).max(axis=0) / 127).astype(np.float32)
    np.savez_compressed(
        TARGET,
        version=np.int64(VERSION),
        moods=np.array(MOODS),
        weights=np.round(weights / units).astype(np.int8),
        units=units,
        squares=(scale**2).astype(np.float16),
        offsets=offsets,
        temperature=np.float64(temperature),
    )
    print(f"{TARGET.name}: {TARGET.stat().st_size / 1e6:.2f} MB, {time.monotonic() - started:.0f} s")  # noqa: T201
    if options.check:
        check(options.check)


def check(path: Path) -> None:
    """Scores the committed classifier as a whole on rows it was not fitted on."""
    from server.domain.mood.classifier import classify  # noqa: PLC0415

    pairs = [line.split("\t", 1) for line in path.read_text(encoding="utf-8").splitlines()]
    started = time.perf_counter()
    answers = [classify(text) for _, text in pairs]
    spent = (time.perf_counter() - started) / len(pairs)
    names = [*MOODS, "bored"]
    labels = np.array([names.index(label) for label, _ in pairs])
    chosen = np.array([names.index(a.mood) for a in answers])
    print("check", macro_f1(labels, chosen), f"{spent * 1e6:.0f} µs a text, bored {(chosen == 8).sum()}")  # noqa: T201
    sure = np.array([a.confidence for a in answers])
    for low in np.arange(0.2, 1.0, 0.1):
        inside = (sure >= low) & (sure < low + 0.1)
        if inside.any():
            share = (labels[inside] == chosen[inside]).mean()
            print(f"  confidence {low:.1f}: right {share:.2f} of {inside.sum()}")  # noqa: T201


if __name__ == "__main__":
    main()
