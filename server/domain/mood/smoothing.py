"""The mood of a contact over turns: one flat turn does not erase a strong one."""

from typing import Final

from server.domain.contact import State
from server.domain.mood.classifier import Classified
from server.domain.words import Mood

KEEPS: Final = 0.6
"""What is left of a mood's strength after each flat turn; from full strength two flat turns leave it standing."""

FADED: Final = 0.3
"""A mood weaker than this gives way to neutral."""


def next_mood(state: State, classified: Classified) -> tuple[Mood, float]:
    """The mood and its strength in [0, 1] after a turn that was classified so.

    A mood that shows takes over with its confidence as its strength, joined to what is left when it is the same mood.
    A neutral turn lets the standing mood fade by `KEEPS` and only then replaces it. A weak, other mood does not push
    aside one that is still twice as strong.
    """
    left = state.mood_strength * KEEPS if state.mood != "neutral" else 0.0
    if classified.mood == "neutral":
        return (state.mood, round(left, 4)) if left >= FADED else ("neutral", round(classified.confidence, 4))
    if classified.mood == state.mood:
        joined = 1.0 - (1.0 - left) * (1.0 - classified.confidence)
        return state.mood, round(min(1.0, joined), 4)
    if left > 2.0 * classified.confidence:
        return state.mood, round(left, 4)
    return classified.mood, round(classified.confidence, 4)
