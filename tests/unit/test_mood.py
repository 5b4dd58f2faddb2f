"""The mood classifier as it is committed, and the mood over turns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.contact import State
from server.domain.mood import Classified, classify, next_mood
from server.domain.mood.coefficients import coefficients
from server.domain.mood.language import looks_english
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
    ("so so so happy today", "happy"),
    ("I'm really really scared of flying", "anxious"),
    ("The meeting is at 10 on Tuesday, room 4.", "neutral"),
    ("haha you crack me up", "playful"),
    ("I miss her so much it hurts", "sad"),
    ("I'm so frustrated", "frustrated"),
    ("ugh, the printer is broken again, so frustrating", "frustrated"),
]

NEGATED: list[tuple[str, Mood]] = [
    ("I'm not happy about this", "happy"),
    ("I am not happy at all with how it went", "happy"),
    ("this isn't funny", "playful"),
    ("I'm not excited about Monday", "excited"),
    ("don't worry, I'm not sad", "sad"),
    ("I'm not angry with you", "angry"),
    ("Not bad at all", "frustrated"),
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
    "meh, nothing to do",
    "so dull",
    "there's nothing left to do this afternoon",
    "yaaawn",
]

NOT_BORED = [
    "I'm never bored with you",
    "it wasn't boring at all",
    "the drill bored a hole in the wall",
    "my surfboard is new",
    "I boarded the plane",
    "that film is anything but boring",
    "it has nothing to do with you",
]


@pytest.mark.parametrize(("text", "mood"), SAID)
def test_a_plain_mood_is_seen(text: str, mood: Mood) -> None:
    assert classify(text).mood == mood


@pytest.mark.parametrize(("text", "denied"), NEGATED)
def test_a_mood_that_is_denied_is_not_told(text: str, denied: Mood) -> None:
    assert classify(text).mood != denied


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
        ("no me gusta nada", "en"),
        ("bonjour mon ami", "en"),
        ("ik ben zo moe vandaag", "en"),
        ("我今天很难过", "en"),
        ("Я так рада!", "en"),
        ("asdf qwer zxcv uiop hjkl", "en"),
        ("I am so happy", "ja"),
    ],
)
def test_another_language_is_neutral_with_little_confidence(text: str, language: str) -> None:
    found = classify(text, language)
    assert found.mood == "neutral"
    assert found.confidence <= 0.3


@pytest.mark.parametrize(
    "text", ["I live in Los Angeles", "love this café", "my naïve boss", "so happy for you, Björn!"]
)
def test_a_foreign_word_or_letter_does_not_make_a_text_foreign(text: str) -> None:
    assert looks_english(text, coefficients().network.words)


def test_emoji_speak_in_every_language() -> None:
    assert classify("Ich kann nicht mehr 😭😭", "de").mood == "sad"
    assert classify("😂").mood == "playful"
    assert classify("❤️❤️❤️").mood == "happy"


def test_an_emoji_is_surer_when_it_is_repeated() -> None:
    assert classify("😡😡😡").confidence > classify("😡").confidence


def test_exclamation_marks_speak_in_every_language_but_softly() -> None:
    found = classify("Wir haben gewonnen!!!", "de")
    assert found.mood == "excited"
    assert found.confidence < 0.5


@pytest.mark.parametrize("text", ["", "   ", "?", "...", "…", "42", "!", "- - -"])
def test_a_text_without_words_or_feeling_is_neutral_with_little_confidence(text: str) -> None:
    found = classify(text)
    assert found.mood == "neutral"
    assert found.confidence <= 0.3


@given(st.text(max_size=300))
def test_any_text_gets_a_known_mood_and_a_confidence_within_bounds(text: str) -> None:
    found = classify(text)
    assert found.mood in MOODS
    assert 0.0 <= found.confidence <= 1.0


def test_a_clear_mood_is_told_with_more_confidence_than_a_faint_one() -> None:
    assert classify("thank you so much, I love it").confidence > classify("well, that is something").confidence


def test_only_the_beginning_of_a_very_long_text_is_looked_at() -> None:
    begun = "I'm so sad and lonely, I can't stop crying. " * 20
    assert classify(begun + "What a wonderful, happy day! " * 2_000) == classify(begun + "Fine. " * 2_000)


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
