"""How the answers of both models become one: offsets of the moods, and the confidence calibrated."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from moodfit.rows import MOODS, Floats, Ints, macro_f1, shares

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


def surest_shares(scores: Floats) -> Floats:
    """The share of the chosen mood."""
    found: Floats = shares(scores).max(axis=1)
    return found


def best_calibration(sure: Floats, right: Ints) -> tuple[float, float]:
    """Slope and shift of the share's log-odds at which it says how often the answer is right (Platt 1999)."""

    def cost(line: NDArray[np.float64]) -> float:
        odds = line[0] * log_odds(sure) + line[1]
        return float((np.logaddexp(0, odds) - right * odds).mean())

    slope, shift = minimize(cost, [1.0, 0.0]).x
    return float(slope), float(shift)


def calibrated(sure: Floats, slope: float, shift: float) -> Floats:
    found: Floats = 1 / (1 + np.exp(-slope * log_odds(sure) - shift))
    return found


def log_odds(shares: Floats) -> Floats:
    kept = np.clip(shares, 1e-6, 1 - 1e-6)
    found: Floats = np.log(kept / (1 - kept))
    return found


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
