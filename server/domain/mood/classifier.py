"""The built-in mood classifier: two small models of words, fitted by `scripts/fit_mood.py`, and rules. No network."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from server.domain.mood.coefficients import Coefficients, coefficients
from server.domain.mood.language import looks_english
from server.domain.mood.lexicon import marks_mood, says_bored, sign_mood
from server.domain.mood.named import corrections
from server.domain.mood.scoring import scores
from server.domain.words import Mood

_LOOKED_AT: Final = 600
"""Characters that are looked at: a mood shows early, and time is bounded so."""

UNSURE: Final = 0.3
"""Below this confidence the answer is neutral."""

_BLIND: Final = 0.2
"""Confidence in "neutral" where there was nothing the classifier could read."""

_MARKED: Final = 0.35
"""Confidence in what exclamation marks alone say."""

_SIGN_WEIGHT: Final = 0.8
"""What one emoji adds to the score of its mood, in logits; up to two more of the same mood add half of it each.

Little, for the fitted models have read it too: with twice as much fewer of the labelled texts with emoji come right."""


@dataclass(frozen=True, slots=True)
class Classified:
    """A mood and how sure the classifier is of it: about the share of such answers that are right, in [0, 1]."""

    mood: Mood
    confidence: float


def classify(text: str, language: str = "en") -> Classified:
    """The mood of a text.

    Words are read in English only: in another language (by `language`, or where the words do not look English), or
    where there are no words, the answer is neutral with a low confidence unless emoji or exclamation marks say
    otherwise. `bored` is found by rules. Sarcasm is not looked for.
    """
    text = text[:_LOOKED_AT]
    signs = sign_mood(text)
    if not language.lower().startswith("en"):
        return _by_signs(text, signs)
    if says_bored(text):
        return Classified("bored", 0.8)
    if not looks_english(text, coefficients().network.words):
        return _by_signs(text, signs)
    if signs is not None and signs[0] == "bored":
        return Classified("bored", 0.6)
    return _by_words(text, signs)


def _by_signs(text: str, signs: tuple[Mood, int] | None) -> Classified:
    if signs is not None:
        mood, count = signs
        return Classified(mood, 0.5 if count == 1 else 0.65)
    marks = marks_mood(text)
    return Classified("neutral", _BLIND) if marks is None else Classified(marks, _MARKED)


def _by_words(text: str, signs: tuple[Mood, int] | None) -> Classified:
    fitted = coefficients()
    found = scores(text, fitted)
    if found is None:
        return _by_signs(text, signs)
    if signs is not None:
        found[fitted.moods.index(signs[0])] += _SIGN_WEIGHT * (1.0 + 0.5 * min(2, signs[1] - 1))
    for mood, change in corrections(text).items():
        found[fitted.moods.index(mood)] += change
    exps = np.exp(found - found.max())
    best = int(exps.argmax())
    confidence = round(_confidence(float(exps[best] / exps.sum()), fitted), 3)
    return Classified("neutral" if confidence < UNSURE else fitted.moods[best], confidence)


def _confidence(share: float, fitted: Coefficients) -> float:
    share = min(share, 1.0 - 1e-6)
    return 1.0 / (1.0 + math.exp(-fitted.slope * math.log(share / (1.0 - share)) - fitted.shift))
