"""How often the built-in classifier tells the labelled mood."""

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from server.domain.mood import classify
from server.domain.words import MOODS
from server.measuring.errors import MeasuringError

Labelled = tuple[str, str]
"""The mood, and the text that shows it."""


def read(path: Path) -> list[Labelled]:
    """The lines `label<TAB>text` of a file. Raises MeasuringError that names a malformed line."""
    rows: list[Labelled] = []
    for number, line in enumerate(_lines(path), start=1):
        label, tab, text = line.partition("\t")
        if not tab or label not in MOODS:
            raise MeasuringError(f"{path}:{number} is not a mood, a tab and a text.")
        rows.append((label, text))
    return rows


def evaluate(rows: Sequence[Labelled]) -> dict[str, object]:
    """Macro-F1 over the moods that occur as labels, the scores of each, and what a text costs.

    The cost is time on the core, not on the clock: what else the machine does is not the classifier's.

    A mood that is told but never a label costs precision nowhere, but recall of the label it stood in for.
    """
    told, took = [], []
    for _, text in rows:
        began = time.thread_time()
        told.append(classify(text).mood)
        took.append(time.thread_time() - began)
    by_label = scores([label for label, _ in rows], told)
    return {
        "n": len(rows),
        "macro_f1": round(sum(s["f1"] for s in by_label.values()) / max(1, len(by_label)), 4),
        "by_label": by_label,
        "us_per_text": round(sum(took) / max(1, len(took)) * 1e6, 1),
        "within_1_ms": round(sum(seconds < 0.001 for seconds in took) / max(1, len(took)), 4),
    }


def scores(labels: Sequence[str], told: Sequence[str]) -> dict[str, dict[str, float]]:
    """How many texts bear each label, and its precision, recall and F1, in the contract's order."""
    borne, said = Counter(labels), Counter(told)
    right = Counter(label for label, mood in zip(labels, told, strict=True) if label == mood)
    return {
        label: {
            "n": borne[label],
            "precision": round(right[label] / said[label], 4) if said[label] else 0.0,
            "recall": round(right[label] / borne[label], 4),
            # F1 = 2PR/(P+R) = 2·right/(told + borne), which also holds where nothing was told.
            "f1": round(2 * right[label] / (said[label] + borne[label]), 4),
        }
        for label in MOODS
        if borne[label]
    }


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise MeasuringError(f"{path} cannot be read: {error.strerror}.") from error
    # Not splitlines(): a comment may hold a line separator of Unicode.
    return [line for line in text.split("\n") if line.strip()]
