"""Ranking finds what a message is about, says how well, and grows turn by turn as if built at once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.memory import Memory
from server.domain.ranking.index import RankingIndex
from server.domain.ranking.rank import Query, Ranked, rank

START = datetime(2031, 5, 4, 18, tzinfo=UTC)
NOW = START + timedelta(days=30)
WORDS = ["parrot", "mango", "harbour", "violin", "lantern", "glacier", "saffron", "cello", "orchard", "kayak"]


def episode(number: int, text: str, session: str = "s1", **changes: object) -> Memory:
    at = START + timedelta(minutes=number)
    memory = Memory(
        id=f"mem_{number:04}", type="episode", content=text, importance=0.5, confidence=1.0, occurred_at=at,
        valid_from=at, created_at=at, sources=(f"t{number}",), session_id=session, sequence=number,
        speaker="contact" if number % 2 == 0 else "assistant",
    )  # fmt: skip
    return replace(memory, **changes)  # type: ignore[arg-type]


def ranked(memories: list[Memory], text: str | None, limit: int = 10, **query: object) -> list[Ranked]:
    return rank(RankingIndex.build(memories), Query(text, limit, **query), NOW)  # type: ignore[arg-type]


def test_the_memory_that_holds_the_messages_words_comes_first_with_a_high_score() -> None:
    memories = [episode(0, "We sailed out of the harbour", "a"), episode(2, "Her violin needs new strings", "b")]
    best, other = ranked(memories, "did the violin get new strings?")
    assert memories[best.position].content.startswith("Her violin")
    assert best.score > 0.8 > 0.2 > other.score


def test_words_are_found_in_their_other_forms() -> None:
    memories = [episode(0, "I was painting lanterns", "a"), episode(2, "Rain all day", "b")]
    assert memories[ranked(memories, "painted a lantern")[0].position].id == "mem_0000"


def test_a_question_reaches_the_answer_beside_it() -> None:
    memories = [
        episode(0, "What instrument do you play?"), episode(1, "The cello, since I was six"),
        episode(20, "Nothing new here", "other"),
    ]  # fmt: skip
    answer = next(r for r in ranked(memories, "which instrument?") if r.position == 1)
    assert answer.score > 0.2


def test_a_message_about_nothing_known_scores_low() -> None:
    assert all(r.score < 0.1 for r in ranked([episode(0, "We sailed out of the harbour")], "quantum chromodynamics"))


def test_without_a_message_importance_and_recency_decide() -> None:
    memories = [
        episode(0, "Old and small", importance=0.2),
        episode(2, "Allergic to penicillin", type="fact", importance=0.95),
    ]
    assert ranked(memories, None)[0].position == 1


def test_as_of_gives_what_was_true_then() -> None:
    moved = START + timedelta(days=10)
    old = episode(0, "Lives in Lisbon", type="fact", status="superseded", valid_to=moved)
    new = episode(2, "Lives in Oslo", type="fact", valid_from=moved, occurred_at=moved)
    index = RankingIndex.build([old, new])
    then = rank(index, Query("where do they live", 5, as_of=START + timedelta(days=5)), NOW)
    today = rank(index, Query("where do they live", 5), NOW)
    assert ([r.position for r in then], [r.position for r in today]) == ([0], [1])


def test_explain_tells_the_words_that_were_met() -> None:
    (best,) = ranked([episode(0, "The cello, since I was six")], "playing the cello", explain=True)
    assert best.parts is not None
    assert best.parts.matched_terms == ("cello",)


texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join)
histories = st.lists(st.tuples(texts, st.sampled_from(["s1", "s2", "s3"])), min_size=1, max_size=30)


@given(histories, texts, st.integers(1, 100), st.floats(0, 1))
@settings(max_examples=60)
def test_scores_are_between_0_and_1_ordered_and_bounded(
    history: list[tuple[str, str]], message: str, limit: int, least: float
) -> None:
    memories = [episode(i, text, session, importance=(i % 10) / 10) for i, (text, session) in enumerate(history)]
    found = ranked(memories, message, limit, min_importance=least)
    assert len(found) <= limit
    assert all(0 <= r.score <= 1 and memories[r.position].importance >= least - 1e-6 for r in found)
    assert len({r.position for r in found}) == len(found)


@given(histories, st.integers(0, 30), texts)
@settings(max_examples=60)
def test_an_index_that_grew_ranks_like_one_built_at_once(
    history: list[tuple[str, str]], cut: int, message: str
) -> None:
    memories = [episode(i, text, session) for i, (text, session) in enumerate(history)]
    grown = RankingIndex.build(memories[:cut]).grown(memories[cut:])
    at_once = RankingIndex.build(memories)
    query = Query(message, 50)
    assert [(r.position, round(r.score, 5)) for r in rank(grown, query, NOW)] == [
        (r.position, round(r.score, 5)) for r in rank(at_once, query, NOW)
    ]


@given(histories, texts)
@settings(max_examples=30)
def test_an_index_survives_as_bytes(history: list[tuple[str, str]], message: str) -> None:
    index = RankingIndex.build([episode(i, text, session) for i, (text, session) in enumerate(history)])
    again = RankingIndex.from_bytes(index.to_bytes())
    assert rank(again, Query(message, 20), NOW) == rank(index, Query(message, 20), NOW)
    assert np.array_equal(again.following, index.following)


@given(histories)
@settings(max_examples=30)
def test_an_irrelevant_memory_does_not_push_the_best_one_out(history: list[tuple[str, str]]) -> None:
    memories = [episode(i, text, "s1") for i, (text, _) in enumerate(history)]
    target = episode(100, "The telescope showed Saturn", "s9")
    before = ranked([*memories, target], "telescope Saturn", 1)
    after = ranked([*memories, target, episode(200, "parrot mango", "s8")], "telescope Saturn", 1)
    assert before[0].position == after[0].position == len(memories)
