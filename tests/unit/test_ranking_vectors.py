"""The built-in word vectors: words of like meaning are near, and the table is what it says it is."""

from importlib import resources
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.ranking import vectors
from server.domain.ranking.postings import word_hash
from server.domain.text import stem, tokens


def likeness(one: str, other: str) -> float:
    return float(vectors.likeness(vectors.embed(tokens(one))[None], vectors.embed(tokens(other)))[0])


@pytest.mark.parametrize(
    ("word", "near", "far"),
    [
        ("dog", "puppy", "invoice"),
        ("doctor", "physician", "guitar"),
        ("painting", "artist", "tractor"),
        ("sad", "unhappy", "bicycle"),
        ("job", "career", "banana"),
        ("sea", "ocean", "keyboard"),
        ("wedding", "marriage", "engine"),
        ("run", "jog", "library"),
    ],
)
def test_a_synonym_is_nearer_than_a_stranger(word: str, near: str, far: str) -> None:
    assert likeness(word, near) > likeness(word, far) + 0.2


def test_a_text_is_nearer_to_one_of_its_topic_that_shares_no_word() -> None:
    question = "what pets do they keep?"
    assert likeness(question, "The puppy and both kittens sleep in our kitchen") > likeness(
        question, "The train to the coast was late again"
    )


@pytest.mark.parametrize(("word", "kin"), [("puppy", "dog"), ("physician", "doctor"), ("painter", "artist")])
def test_words_of_like_meaning_are_kin(word: str, kin: str) -> None:
    assert word_hash(stem(kin)) in {word for word, _ in vectors.kin(stem(word))}


@pytest.mark.parametrize("word", ["dog", "paint", "hike", "music"])
def test_kin_come_nearest_first_and_never_the_word_itself(word: str) -> None:
    found = vectors.kin(stem(word))
    nearness = [near for _, near in found]
    assert nearness == sorted(nearness, reverse=True)
    assert all(0 < near <= vectors.KIN_UNIT for near in nearness)
    assert word_hash(stem(word)) not in {other for other, _ in found}


@pytest.mark.parametrize("text", ["", "?!", "qwxyzzy", "пошла домой", "猫が好きです"])
def test_a_text_of_unknown_words_is_like_nothing(text: str) -> None:
    assert not vectors.embed(tokens(text)).any()
    assert likeness(text, "my dog") == likeness("my dog", text) == 0


@given(st.lists(st.sampled_from(["dog", "music", "rain", "sister", "qwxyzzy", "job"]), max_size=8), st.randoms())
def test_order_and_repetition_do_not_matter(stems: list[str], random: object) -> None:
    random.shuffle(shuffled := [*stems, *stems])  # type: ignore[attr-defined]
    assert np.array_equal(vectors.embed(stems), vectors.embed(shuffled))


@given(st.lists(st.sampled_from(["dog", "music", "rain", "sister", "job", "cake"]), min_size=1, max_size=6))
def test_a_text_is_as_like_itself_as_can_be(stems: list[str]) -> None:
    vector = vectors.embed(stems)
    (itself,) = vectors.likeness(vector[None], vector)
    assert itself == pytest.approx(1, abs=0.02)
    assert itself <= 1


def test_a_row_is_measured_the_same_wherever_it_stands() -> None:
    rows = np.stack([vectors.embed([word]) for word in ("dog", "music", "rain", "sister", "job", "cake", "sea")])
    asked = vectors.embed(["pet", "song"])
    whole = vectors.likeness(rows, asked)
    assert [vectors.likeness(rows[i : i + 1], asked)[0] for i in range(len(rows))] == whole.tolist()


def test_rare_words_tell_more_than_common_ones() -> None:
    assert vectors.telling(stem("violin")) > vectors.telling("thing")
    assert vectors.telling("qwxyzzy") == 1


def test_the_table_is_small_whole_and_its_source_is_told() -> None:
    data = resources.files("server.domain.ranking").joinpath("words.npz").read_bytes()
    assert len(data) < 4_000_000
    with np.load(BytesIO(data)) as stored:
        stems = stored["stems"].tobytes().decode().split("\n")
        assert stored["vectors"].shape == (len(stems), vectors.DIMENSIONS)
        assert stored["vectors"].dtype == np.int8
        assert stored["kin"].shape == stored["nearness"].shape
        assert stored["kin"].max() < len(stems) == len(set(stems))
        assert len(stored["scales"]) == len(stored["telling"]) == len(stems)
    notice = (Path(__file__).parents[2] / "NOTICE").read_text(encoding="utf-8")
    assert "words.npz" in notice
    assert "all-MiniLM-L6-v2" in notice
