"""The labelled texts as both models see them, and how answers are scored."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.domain.mood.features import features, tokens

MOODS = ("happy", "neutral", "excited", "playful", "sad", "anxious", "frustrated", "angry")
TAUGHT = 0.8
"""How much of what is wanted of a row is its teacher's answer; the rest is its label."""
TEACHER_TEMPERATURE = 1.5

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Texts with their labels: the hashed features of each for the linear model, the words for the network."""

    features: list[NDArray[np.uint32]]
    words: list[list[str]]
    labels: Ints
    wanted: Floats
    """What the models are to answer: the share of each mood, in each row."""

    def part(self, chosen: Ints) -> "Rows":
        features, words = [self.features[i] for i in chosen], [self.words[i] for i in chosen]
        return Rows(features, words, self.labels[chosen], self.wanted[chosen])

    def taught(self, logits: Floats) -> "Rows":
        """The same rows, of which a teacher's answers are wanted more than the labels (Hinton et al. 2015)."""
        wanted = TAUGHT * shares(logits / TEACHER_TEMPERATURE) + (1 - TAUGHT) * self.wanted
        return replace(self, wanted=wanted.astype(np.float32))

    def weights(self, power: float) -> Floats:
        """Weights of the rows, 1 on average: (1 / size of the class) to a power, from the data's mix to an even one."""
        found = ((1.0 / np.bincount(self.labels)) ** power)[self.labels]
        return (found / found.mean()).astype(np.float32)


def labelled(path: Path) -> tuple[list[str], Ints]:
    """The texts and labels of a file of lines `label<TAB>text`."""
    # Not splitlines(): a comment may hold a line separator of Unicode.
    lines = [line.split("\t", 1) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    return [text for _, text in lines], np.array([MOODS.index(label) for label, _ in lines])


def read(path: Path) -> Rows:
    texts, labels = labelled(path)
    seen = [tokens(text) for text in texts]
    hashed = [np.array(sorted(features(*one)), np.uint32) for one in zip(texts, seen, strict=True)]
    words = [[word for word in one if word not in ".;"] for one in seen]
    return Rows(hashed, words, labels, np.eye(len(MOODS), dtype=np.float32)[labels])


def shares(logits: Floats) -> Floats:
    """The share of each mood, in each row."""
    exps = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: Floats = exps / exps.sum(axis=1, keepdims=True)
    return found


def held_out(count: int) -> NDArray[np.bool_]:
    """The quarter of the rows that neither the teacher nor the first fit sees."""
    return np.random.default_rng(7).permutation(count) % 4 == 0


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
