"""The labelled texts as both models see them, and how answers are scored."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.domain.mood.features import features, tokens

MOODS = ("happy", "neutral", "excited", "playful", "sad", "anxious", "frustrated", "angry")
FOLDS = 4

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Texts with their labels: the hashed features of each for the linear model, the words for the network."""

    features: list[NDArray[np.uint32]]
    words: list[list[str]]
    labels: Ints

    def part(self, chosen: Ints) -> "Rows":
        return Rows([self.features[i] for i in chosen], [self.words[i] for i in chosen], self.labels[chosen])

    def weights(self, power: float) -> Floats:
        """Weights of the rows, 1 on average: (1 / size of the class) to a power, from the data's mix to an even one."""
        found = ((1.0 / np.bincount(self.labels)) ** power)[self.labels]
        return (found / found.mean()).astype(np.float32)


def read(path: Path) -> Rows:
    """Lines of `label<TAB>text`."""
    labels, hashed, words = [], [], []
    # Not splitlines(): a comment may hold a line separator of Unicode.
    for line in filter(str.strip, path.read_text(encoding="utf-8").split("\n")):
        label, text = line.split("\t", 1)
        seen = tokens(text)
        labels.append(MOODS.index(label))
        hashed.append(np.array(sorted(features(text, seen)), np.uint32))
        words.append([word for word in seen if word not in ".;"])
    return Rows(hashed, words, np.array(labels))


def folds(count: int) -> Ints:
    """Which fold each row belongs to."""
    return np.random.default_rng(7).permutation(count) % FOLDS


def macro_f1(labels: Ints, answers: Ints) -> tuple[float, list[float]]:
    """The mean of the moods' F1, and each."""
    scores = []
    for mood in range(len(MOODS)):
        hits = ((labels == mood) & (answers == mood)).sum()
        scores.append(2 * hits / max(1, (labels == mood).sum() + (answers == mood).sum()))
    return float(np.mean(scores)), [round(float(s), 3) for s in scores]


def spread(labels: Ints, answers: Ints, draws: int = 200) -> float:
    """The standard error of macro-F1, by drawing the rows anew."""
    rng = np.random.default_rng(1)
    drawn = (rng.integers(0, len(labels), len(labels)) for _ in range(draws))
    return float(np.std([macro_f1(labels[rows], answers[rows])[0] for rows in drawn]))
