"""How the answers of both models become one: the network's share, offsets of the moods, and the temperature."""

import numpy as np

from moodfit.rows import MOODS, Floats, Ints, macro_f1

BINS = 10


def best_offsets(logits: Floats, labels: Ints) -> Floats:
    """Offsets of the moods that give the best macro-F1, by coordinate ascent."""
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


def crossed_answers(logits: Floats, labels: Ints, seed: int) -> Ints:
    """Answers with offsets that were chosen on the other half of the rows: what to believe of their score."""
    half = np.random.default_rng(seed).permutation(len(labels)) % 2
    answers = np.zeros(len(labels), np.int64)
    for one in (0, 1):
        offsets = best_offsets(logits[half != one], labels[half != one])
        answers[half == one] = (logits[half == one] + offsets).argmax(axis=1)
    return answers


def best_temperature(scores: Floats, labels: Ints) -> float:
    """The temperature at which the chosen mood's share best matches how often it is right."""
    right = scores.argmax(axis=1) == labels

    def cost(temperature: float) -> float:
        sure = np.clip(confidence(scores, temperature), 1e-6, 1 - 1e-6)
        return float(-np.where(right, np.log(sure), np.log(1 - sure)).mean())

    return float(min(np.arange(0.3, 3.0, 0.02), key=cost))


def confidence(scores: Floats, temperature: float) -> Floats:
    """The share of the chosen mood."""
    shares = np.exp((scores - scores.max(axis=1, keepdims=True)) / temperature)
    sure: Floats = 1.0 / shares.sum(axis=1)
    return sure


def reliability(sure: Floats, right: Ints) -> tuple[float, list[tuple[float, float, float, int]]]:
    """The expected calibration error, and for each bin its floor, mean confidence, share right, and size."""
    table = []
    error = 0.0
    at = np.minimum((sure * BINS).astype(int), BINS - 1)
    for number in range(BINS):
        inside = at == number
        if inside.any():
            said, was = float(sure[inside].mean()), float(right[inside].mean())
            table.append((number / BINS, said, was, int(inside.sum())))
            error += abs(said - was) * inside.mean()
    return float(error), table
