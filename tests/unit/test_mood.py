"""The mood classifier as it is committed, and the mood over turns."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.contact import State
from server.domain.mood import Classified, classify, next_mood
from server.domain.words import MOODS, Mood

SAID: list[tuple[str, Mood]] = [
    ("I'm so happy for you, this is wonderful news!", "happy"),
    ("thank you so much, I really love it", "happy"),
    ("My grandmother died and I can't stop crying", "sad"),
    ("I feel so lonely and sad", "sad"),
    ("I'm terrified of the exam, so nervous", "anxious"),
    ("I'm so worried and scared about the results", "anxious"),
    ("This is so annoying, it never works", "frustrated"),
    ("I hate you, what the hell is wrong with you", "angry"),
    ("lol that's hilarious 😂", "playful"),
    ("I'm so excited, can't wait!!", "excited"),
    ("The train leaves from platform four.", "neutral"),
]

BORED = [
    "I'm so bored",
    "bored out of my mind today",
    "this lecture is so boring",
    "nothing to do here, just killing time",
    "ugh the day drags",
    "meh",
    "same old same old",
    "feeling kinda bored",
    "I could die of boredom",
    "work was really boring again",
    "entertain me please",
    "it's like watching paint dry",
    "yawn... another meeting",
    "stuck at home with nothing going on",
    "I'm getting bored of this",
    "weekends are so dull lately, I'm bored",
]

NOT_BORED = [
    "I'm never bored with you",
    "it wasn't boring at all",
    "the drill bored a hole in the wall",
    "my surfboard is new",
    "I boarded the plane",
    "that film is anything but boring",
]


@pytest.mark.parametrize(("text", "mood"), SAID)
def test_a_plain_mood_is_seen(text: str, mood: Mood) -> None:
    assert classify(text).mood == mood


@pytest.mark.parametrize("text", BORED)
def test_boredom_is_seen(text: str) -> None:
    assert classify(text).mood == "bored"


@pytest.mark.parametrize("text", NOT_BORED)
def test_what_only_sounds_like_boredom_is_not(text: str) -> None:
    assert classify(text).mood != "bored"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ich bin so traurig und allein", "de"),
        ("estoy muy feliz con todo esto hoy", "en"),
        ("我今天很难过", "en"),
        ("asdf qwer zxcv uiop hjkl", "en"),
    ],
)
def test_another_language_is_neutral_with_little_confidence(text: str, language: str) -> None:
    found = classify(text, language)
    assert found.mood == "neutral"
    assert found.confidence <= 0.3


def test_emoji_speak_in_every_language() -> None:
    assert classify("Ich kann nicht mehr 😭😭", "de").mood == "sad"
    assert classify("😂").mood == "playful"


@given(st.text(max_size=300))
def test_any_text_gets_a_known_mood_and_a_confidence_within_bounds(text: str) -> None:
    found = classify(text)
    assert found.mood in MOODS
    assert 0.0 <= found.confidence <= 1.0


def test_a_text_is_classified_well_within_a_millisecond() -> None:
    classify("warm up")
    started = time.perf_counter()
    for number in range(300):
        classify(f"This is text {number} and it is about as long as what people write in a chat, give or take.")
    assert (time.perf_counter() - started) / 300 < 0.001


def test_one_flat_turn_does_not_erase_a_strong_mood() -> None:
    sad = State(mood="sad", mood_strength=0.9)
    mood, strength = next_mood(sad, Classified("neutral", 0.8))
    assert mood == "sad"
    assert strength < 0.9


def test_flat_turns_in_a_row_do() -> None:
    state = State(mood="sad", mood_strength=0.9)
    for _ in range(4):
        mood, strength = next_mood(state, Classified("neutral", 0.8))
        state = State(mood=mood, mood_strength=strength)
    assert state.mood == "neutral"


def test_a_weak_mood_gives_way_at_once() -> None:
    assert next_mood(State(mood="happy", mood_strength=0.35), Classified("neutral", 0.6))[0] == "neutral"


def test_another_clear_mood_takes_over() -> None:
    assert next_mood(State(mood="sad", mood_strength=0.9), Classified("happy", 0.7)) == ("happy", 0.7)


_CLASSIFIED = st.builds(Classified, st.sampled_from(MOODS), st.floats(0, 1))


@given(st.lists(_CLASSIFIED, max_size=30))
def test_strength_stays_within_bounds(turns: list[Classified]) -> None:
    state = State()
    for classified in turns:
        mood, strength = next_mood(state, classified)
        assert 0.0 <= strength <= 1.0
        state = State(mood=mood, mood_strength=strength)
