"""The energy of a turn, from how it is written and the mood it shows."""

import re
from typing import Final

from server.domain.mood.lexicon import EMOJI_MOODS
from server.domain.words import Energy, Mood

_OF_MOOD: Final[dict[Mood, float]] = {
    "excited": 1.0,
    "angry": 0.8,
    "playful": 0.5,
    "happy": 0.3,
    "frustrated": 0.2,
    "anxious": 0.1,
    "neutral": 0.0,
    "sad": -0.7,
    "bored": -0.9,
}
_HIGH: Final = 0.8
_LOW: Final = -0.4

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_SHOUT: Final = re.compile(r"\b[^\W\d_a-z]{3,}\b")
_DRAWN_OUT: Final = re.compile(r"([^\W\d_])\1{2,}")
_WORN_OUT: Final = re.compile(
    r"\b(?:tired|exhaust\w+|sleepy|drained|worn out|burn(?:ed|t)? out|wiped|can't be "
    r"bothered|meh|whatever|ugh+|no energy|"
    r"need (?:a nap|sleep|rest)|barely awake|low[- ]key|slow day|lazy)\b",
    re.IGNORECASE,
)
_FULL_OF_IT: Final = re.compile(
    r"\b(?:can't wait|let's go+|so excited|pumped|hyped|woo+(?:hoo)?|yay+|omg|ready "
    r"to|on fire|energi[sz]ed|stoked)\b",
    re.IGNORECASE,
)


def energy(text: str, mood: Mood = "neutral") -> Energy:
    """Low, medium or high.

    A sum of parts, each bounded: the mood (-0.9 to 1), exclamation marks (0.25 each to 0.75), capitals (0.35 a word to
    0.7), drawn-out letters 0.2, lively emoji (0.15 each to 0.45), words of drive (+0.6) or of tiredness (-0.8), pace
    (short sentences in a long text +0.2), trailing dots -0.3, and a bare word or two without any of this -0.3.
    High from 0.8, low to -0.4.
    """
    words = len(_WORD.findall(text))
    exclamations = text.count("!")
    emoji = sum(EMOJI_MOODS.get(sign) in ("excited", "playful", "happy", "angry") for sign in text)
    shouts = len(_SHOUT.findall(text)) if words > 1 else 0
    score = _OF_MOOD[mood]
    score += min(0.75, 0.25 * exclamations)
    score += min(0.7, 0.35 * shouts)
    score += 0.2 if _DRAWN_OUT.search(text) else 0.0
    score += min(0.45, 0.15 * emoji)
    score += 0.6 if _FULL_OF_IT.search(text) else 0.0
    score -= 0.8 if _WORN_OUT.search(text) else 0.0
    score -= 0.3 if text.rstrip().endswith(("...", "…")) else 0.0
    sentences = len(re.findall(r"[.!?]+", text))
    score += 0.2 if words >= 15 and sentences and words / sentences <= 7 else 0.0
    if words <= 2 and not exclamations and not emoji:
        score -= 0.3
    if score >= _HIGH:
        return "high"
    return "low" if score <= _LOW else "medium"
