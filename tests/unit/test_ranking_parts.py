"""What each part of relevance promises: more of what the message asks for never counts against a memory."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.memory import Memory
from server.domain.ranking.index import RankingIndex
from server.domain.ranking.parts import BIAS, WEIGHTS, relevance
from server.domain.ranking.rank import Query, rank

START = datetime(2031, 5, 4, 18, tzinfo=UTC)
NOW = START + timedelta(days=30)
OTHERS = ("We sailed out of the harbour", "Rain all day", "A quiet evening with soup")


def episode(number: int, text: str, **changes: object) -> Memory:
    """An episode of an exchange and a session of its own."""
    at = START + timedelta(minutes=number)
    memory = Memory(
        id=f"mem_{number:03}", type="episode", content=text, importance=0.5, confidence=1.0, occurred_at=at,
        valid_from=at, created_at=at, session_id=f"s{number}", sequence=2 * number, speaker="contact",
    )  # fmt: skip
    return replace(memory, **changes)  # type: ignore[arg-type]


def corpus(*texts: str) -> list[Memory]:
    return [episode(number, text) for number, text in enumerate((*texts, *OTHERS))]


def added(memories: list[Memory], message: str, position: int = 0) -> dict[str, float]:
    return relevance(RankingIndex.build(memories), message, "Ada", "Bruno").log_odds(position)


def first(memories: list[Memory], message: str) -> int:
    return rank(RankingIndex.build(memories), Query(message, 5, contact_name="Ada", reply_name="Bruno"), NOW)[
        0
    ].position


def test_a_word_of_like_meaning_finds_what_no_common_word_does() -> None:
    assert first(corpus("The puppy chewed my shoes"), "how is the dog?") == 0
    assert added(corpus("The puppy chewed my shoes"), "how is the dog?")["kin"] > 0


def test_the_very_word_counts_more_than_its_kin() -> None:
    memories = corpus("The puppy chewed my shoes", "The dog chewed my shoes")
    assert first(memories, "how is the dog?") == 1


def test_meaning_counts_where_neither_word_nor_kin_is_met() -> None:
    memories = corpus("She went to the hospital for surgery")
    assert (
        added(memories, "is their health alright?")["meaning"]
        > added(memories, "is their health alright?", 1)["meaning"]
    )


def test_what_the_other_one_said_counts_less_when_a_name_is_named() -> None:
    memories = [episode(0, "I like mango"), episode(1, "I like mango", speaker="assistant")]
    assert first(memories, "What does Ada like?") == 0
    assert first(memories, "What does Bruno like?") == 1


def test_of_much_of_a_message_met_somewhere_less_is_worth_less() -> None:
    alone = added(corpus("mango juice"), "mango orchard in the valley")
    beaten = added(corpus("mango juice", "the mango orchard in the valley"), "mango orchard in the valley")
    assert beaten["best_words"] < alone["best_words"] < 0


def test_among_few_memories_each_is_likelier_but_no_more_than_for_25() -> None:
    def few(count: int) -> float:
        return added([episode(i, "mango") for i in range(count)], "mango")["few"]

    assert few(200) < few(100) < few(25) == few(3)


words = st.lists(st.sampled_from(["parrot", "mango", "harbour", "violin", "soup"]), min_size=1, max_size=5)


@given(words, words)
@settings(max_examples=60, deadline=None)
def test_the_parts_add_up_to_the_odds(said: list[str], asked: list[str]) -> None:
    memories = corpus(" ".join(said))
    found = relevance(RankingIndex.build(memories), " ".join(asked), None, None)
    for position in range(len(memories)):
        sums = found.log_odds(position)
        assert sums.keys() == {"bias", *WEIGHTS}
        assert sums["bias"] == BIAS
        assert sum(sums.values()) == pytest.approx(found.odds[position])


@given(words, st.sampled_from(["parrot", "mango", "violin"]))
@settings(max_examples=60, deadline=None)
def test_a_memory_that_holds_one_more_word_of_the_message_is_no_worse(said: list[str], more: str) -> None:
    message = f"{' '.join(said)} {more}"
    without, with_it = "kayak " + " ".join(said[1:]), f"{more} " + " ".join(said[1:])
    memories = corpus(without, with_it)
    assert sum(added(memories, message, 1).values()) >= sum(added(memories, message, 0).values())


@given(st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_of_two_alike_the_more_important_is_never_worse(one: float, other: float) -> None:
    memories = [episode(0, "mango", importance=one), episode(1, "mango", importance=other, occurred_at=START)]
    scores = {r.position: r.score for r in rank(RankingIndex.build(memories), Query("mango", 5), NOW)}
    assert (one - other) * (scores[0] - scores[1]) >= 0


def test_a_score_is_the_sum_of_its_parts() -> None:
    memories = [*corpus("Mango juice"), episode(0, "Likes mango", id="mem_fact", type="preference")]
    for found in rank(RankingIndex.build(memories), Query("mango", 5, explain=True), NOW):
        assert found.parts is not None
        assert 1 / (1 + math.exp(-sum(found.parts.log_odds.values()))) == pytest.approx(found.score)
