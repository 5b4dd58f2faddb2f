"""The energy of a turn."""

import pytest

from server.domain.mood import energy
from server.domain.words import Energy, Mood


@pytest.mark.parametrize(
    ("text", "mood", "level"),
    [
        ("OMG we WON the final!!! 🎉🎉", "excited", "high"),
        ("Can't wait!!", "happy", "high"),
        ("WHY would you do that!!", "angry", "high"),
        ("I had pasta for lunch", "neutral", "medium"),
        ("Sounds good to me", "happy", "medium"),
        ("so tired...", "neutral", "low"),
        ("meh", "bored", "low"),
        ("I just feel empty", "sad", "low"),
    ],
)
def test_energy_follows_words_marks_and_mood(text: str, mood: Mood, level: Energy) -> None:
    assert energy(text, mood) == level


def test_nothing_said_has_no_energy_to_speak_of() -> None:
    assert energy("", "neutral") == "medium"
