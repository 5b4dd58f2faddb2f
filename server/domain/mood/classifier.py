"""The built-in mood classifier: a linear model on words, fitted by `scripts/fit_mood.py`, no network."""

import io
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.domain.mood.features import VERSION, features
from server.domain.mood.lexicon import looks_english, says_bored, sign_mood
from server.domain.words import Mood

UNSURE: Final = 0.3
"""Below this confidence the answer is neutral."""

_BLIND: Final = 0.2
"""Confidence in "neutral" where there was nothing the classifier could read."""

_SIGN_WEIGHT: Final = 1.6
"""What one emoji adds to the score of its mood, in logits; up to two more of the same mood add half of it each."""


@dataclass(frozen=True, slots=True)
class Classified:
    """A mood and how sure the classifier is of it: about the share of such answers that are right, in [0, 1]."""

    mood: Mood
    confidence: float


@dataclass(frozen=True, slots=True)
class _Model:
    moods: tuple[Mood, ...]
    weights: NDArray[np.int8]
    """Buckets by moods, each column in units of its `unit`."""
    units: NDArray[np.float32]
    squares: NDArray[np.float32]
    """The squared scale of each bucket, for the length of a text's vector."""
    offsets: NDArray[np.float32]
    temperature: float


@cache
def _model() -> _Model:
    data = resources.files("server.domain.mood").joinpath("coefficients.npz").read_bytes()
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        if int(stored["version"]) != VERSION:
            raise RuntimeError("The mood coefficients were fitted for other features; run scripts/fit_mood.py.")
        return _Model(
            moods=tuple(str(m) for m in stored["moods"]),  # type: ignore[misc]
            weights=stored["weights"],
            units=stored["units"],
            squares=stored["squares"].astype(np.float32),
            offsets=stored["offsets"],
            temperature=float(stored["temperature"]),
        )


def classify(text: str, language: str = "en") -> Classified:
    """The mood of a text.

    Words are read in English only: in another language (by `language`, or where the words do not look English) the
    answer is neutral with a low confidence unless emoji say otherwise. `bored` is found by rules.
    """
    signs = sign_mood(text)
    if not language.lower().startswith("en"):
        return _by_signs(signs)
    if says_bored(text):
        return Classified("bored", 0.8)
    if not looks_english(text):
        return _by_signs(signs)
    if signs is not None and signs[0] == "bored":
        return Classified("bored", 0.6)
    return _by_words(text, signs)


def _by_signs(signs: tuple[Mood, int] | None) -> Classified:
    if signs is None:
        return Classified("neutral", _BLIND)
    mood, count = signs
    return Classified(mood, 0.5 if count == 1 else 0.65)


def _by_words(text: str, signs: tuple[Mood, int] | None) -> Classified:
    model = _model()
    on = np.fromiter(features(text), dtype=np.intp)
    length = float(np.sqrt(model.squares[on].sum()))
    if length == 0.0:
        return _by_signs(signs)
    scores = model.weights[on].sum(axis=0, dtype=np.int32) * (model.units / length) + model.offsets
    if signs is not None:
        scores[model.moods.index(signs[0])] += _SIGN_WEIGHT * (1.0 + 0.5 * min(2, signs[1] - 1))
    scores /= model.temperature
    shares = np.exp(scores - scores.max())
    best = int(shares.argmax())
    confidence = float(shares[best] / shares.sum())
    if confidence < UNSURE:
        return Classified("neutral", round(confidence, 3))
    return Classified(model.moods[best], round(confidence, 3))
