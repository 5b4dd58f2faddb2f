"""Words are met again in their other forms, and in other scripts."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.text import STOP_WORDS, content_words, tokens, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("painting", "painted"), ("kids", "kid"), ("Zoë's", "zoe"), ("café", "CAFE"), ("Straße", "STRASSE"),
        ("ёлка", "Елка"), ("the guitars’", "guitar"), ("مَرحَبًا", "مرحبا"),
    ],
)  # fmt: skip
def test_forms_of_a_word_are_one_token(one: str, other: str) -> None:
    assert tokens(one) == tokens(other) != []


def test_stop_words_and_their_contractions_are_left_out() -> None:
    assert tokens("I don’t think that we’ve been there, isn't it?") == ["think"]
    assert content_words("The boats that were painted") == ["boats", "painted"]


def test_words_of_scripts_with_vowel_signs_stay_whole() -> None:
    assert words("मुझे हिन्दी पसंद है।") == ["मुझे", "हिन्दी", "पसंद", "है"]
    assert words("한국어를 좋아해요") == ["한국어를", "좋아해요"]


def test_scripts_without_spaces_are_met_by_pairs_of_characters() -> None:
    assert set(tokens("東京")) <= set(tokens("去年東京に行きました"))
    assert words("猫") == ["猫"]


def test_nothing_comes_of_nothing() -> None:
    assert tokens("") == tokens("?! … 🎉") == tokens("it is what it is") == []


@given(st.text(max_size=200))
def test_any_text_gives_lower_case_words_without_gaps(text: str) -> None:
    found = words(text)
    assert all(word and not any(c.isspace() for c in word) for word in found)
    assert not set(content_words(text)) & STOP_WORDS


def test_threads_agree_on_stems() -> None:
    texts = [f"running{i} paintings houses{i} happily flying{i}" for i in range(200)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(tokens, texts)) == [tokens(text) for text in texts]
