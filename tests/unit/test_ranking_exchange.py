"""Both halves of an exchange are told together, where there is room."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.memory import Memory
from server.domain.ranking.exchange import ROOM, sources_of_both
from server.domain.ranking.index import RankingIndex
from server.domain.ranking.rank import Query, Ranked, rank

START = datetime(2031, 5, 4, 18, tzinfo=UTC)
NOW = START + timedelta(days=30)
WORDS = ["parrot", "mango", "harbour", "violin", "lantern", "glacier?"]


def half(number: int, text: str, **changes: object) -> Memory:
    """Number 2k is the contact's message of exchange k, 2k + 1 the answer."""
    at = START + timedelta(minutes=number // 2)
    memory = Memory(
        id=f"mem_{number:03}", type="episode", content=text, importance=0.5, confidence=1.0, occurred_at=at,
        valid_from=at, created_at=at, sources=(f"t{number}",), session_id="s", sequence=number,
        speaker="contact" if number % 2 == 0 else "assistant",
    )  # fmt: skip
    return replace(memory, **changes)  # type: ignore[arg-type]


def ranked(memories: list[Memory], message: str, limit: int = 10, **query: object) -> list[Ranked]:
    return rank(RankingIndex.build(memories), Query(message, limit, **query), NOW)  # type: ignore[arg-type]


def test_an_answer_takes_its_question_along() -> None:
    memories = [half(0, "Which instrument do you play?"), half(1, "The violin, since I was six")]
    (found,) = ranked(memories, "violin")
    assert (found.position, found.beside) == (1, 0)


def test_turns_of_two_exchanges_stay_apart() -> None:
    memories = [half(1, "The violin, since I was six"), half(2, "Mine was the harp")]
    assert [r.beside for r in ranked(memories, "violin")] == [None, None]


def test_a_fact_takes_nothing_along() -> None:
    memories = [half(0, "I play the violin"), half(0, "Plays the violin", id="mem_fact", type="fact"), half(1, "Nice")]
    assert {r.beside for r in ranked(memories, "violin") if r.position == 1} == {None}


def test_what_is_not_wanted_does_not_come_along() -> None:
    memories = [half(0, "Which instrument?", importance=0.1), half(1, "The violin, since I was six")]
    assert [r.beside for r in ranked(memories, "violin", min_importance=0.3)] == [None]
    hidden = [half(0, "Which instrument?", status="deleted"), half(1, "The violin, since I was six")]
    assert [r.beside for r in ranked(hidden, "violin")] == [None]
    later = [half(0, "Which instrument?", occurred_at=NOW), half(1, "The violin, since I was six")]
    assert [r.beside for r in ranked(later, "violin", as_of=START + timedelta(days=1))] == [None]


def test_a_long_half_stays_away() -> None:
    memories = [half(0, "instrument " * (ROOM // 4)), half(1, "The violin, since I was six")]
    assert ranked(memories, "violin", 1)[0].beside is None


def test_the_sources_of_both_halves_are_in_the_order_they_were_said_the_first_of_each_before_the_others() -> None:
    message, answer = half(0, "Which instrument?", sources=("a", "b")), half(1, "The violin")
    assert sources_of_both(message, answer) == sources_of_both(answer, message) == ("a", "t1", "b")


texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=30).map(" ".join)


@given(st.lists(texts, min_size=1, max_size=40), texts, st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_halves_that_come_along_keep_to_the_room_and_nothing_is_told_twice(
    history: list[str], message: str, limit: int
) -> None:
    memories = [half(number, text) for number, text in enumerate(history)]
    found = ranked(memories, message, limit)
    told = [i for r in found for i in (r.position, r.beside) if i is not None]
    assert len(told) == len(set(told))
    assert len(found) == limit or len(told) == len(memories)
    if any(r.beside is not None for r in found):
        alone = sum(len(memories[r.position].content) for r in found)
        assert sum(len(memories[i].content) for i in told) <= max(ROOM * limit, alone)
