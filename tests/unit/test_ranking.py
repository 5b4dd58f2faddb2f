"""Ranking finds what a message is about, and says how well."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
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
    assert best.score > 0.7 > 0.2 > other.score


def test_words_are_found_in_their_other_forms() -> None:
    memories = [episode(0, "I was painting lanterns", "a"), episode(2, "Rain all day", "b")]
    assert memories[ranked(memories, "painted a lantern")[0].position].id == "mem_0000"


def test_a_question_reaches_the_answer_beside_it() -> None:
    memories = [
        episode(1, "What instrument do you play?"), episode(2, "The cello, since I was six"),
        episode(20, "Nothing new here", "other"), episode(22, "Nothing at all", "other"),
    ]  # fmt: skip
    scores = {r.position: r.score for r in ranked(memories, "which instrument?")}
    assert scores[1] > 2 * max(scores[2], scores[3])


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


def test_what_is_over_by_itself_is_not_told_although_nothing_replaced_it() -> None:
    over = episode(0, "Is going to a concert", type="fact", valid_to=NOW)
    ahead = episode(2, "Is going to a concert", type="fact", valid_to=NOW + timedelta(seconds=1))
    for text in (None, "which concert?"):
        assert [r.position for r in ranked([over, ahead], text)] == [1]
    assert {r.position for r in ranked([over, ahead], None, as_of=NOW - timedelta(seconds=1))} == {0, 1}


def test_explain_tells_the_words_that_were_met() -> None:
    (best,) = ranked([episode(0, "The cello, since I was six")], "playing the cello", explain=True)
    assert best.parts is not None
    assert best.parts.matched_terms == ("cello",)


def test_without_explain_no_parts_are_worked_out() -> None:
    (best,) = ranked([episode(0, "The cello, since I was six")], "playing the cello")
    assert best.parts is None


def test_what_follows_a_question_comes_before_the_question() -> None:
    memories = [episode(1, "Did you take the kayak out?"), episode(2, "We took the kayak out at dawn")]
    assert [r.position for r in ranked(memories, "kayak")] == [1, 0]


def test_turns_of_different_sessions_lend_nothing_to_each_other() -> None:
    memories = [episode(0, "What instrument do you play?", "a"), episode(1, "Since I was six", "b")]
    (answer,) = [r for r in ranked(memories, "which instrument?", explain=True) if r.position == 1]
    assert answer.parts is not None
    assert answer.parts.matched_terms == ()
    assert answer.score < 0.1


def test_a_memory_without_a_session_has_no_neighbours() -> None:
    memories = [replace(episode(i, text), session_id=None) for i, text in enumerate(("An instrument", "Since six"))]
    assert next(r for r in ranked(memories, "instrument") if r.position == 1).score < 0.1


def test_a_date_in_the_message_finds_what_was_said_then() -> None:
    memories = [episode(0, "A quiet day", "a"), episode(2, "A quiet day", "b", occurred_at=START - timedelta(days=200))]
    assert ranked(memories, "what about October 2030?")[0].position == 1


@pytest.mark.parametrize(("name", "first"), [("Ada", 0), ("Bruno", 1)])
def test_a_speakers_name_says_whose_words_are_meant(name: str, first: int) -> None:
    memories = [episode(0, "The mango was mine", "a"), episode(1, "The mango was mine", "b")]
    found = ranked(memories, f"What did {name} say of the mango?", contact_name="Ada Byron", reply_name="Bruno")
    assert found[0].position == first


def test_the_name_by_which_the_contact_calls_the_other_side_is_learnt() -> None:
    greetings = [episode(2 * i, f"Hey Bruno, morning number{i}", f"g{i}") for i in range(6)]
    memories = [*greetings, episode(20, "The mango was mine", "a"), episode(21, "The mango was mine", "b")]
    assert ranked(memories, "What did Bruno say of the mango?")[0].position == 7


def test_of_equals_the_newer_comes_first_wherever_it_stands() -> None:
    old, new = episode(0, "Mango", "a"), episode(2, "Mango", "b", occurred_at=START)
    older = replace(old, occurred_at=START - timedelta(hours=1))
    assert [r.position for r in ranked([older, new], "mango")] == [1, 0]
    assert [r.position for r in ranked([new, older], "mango")] == [0, 1]


def test_the_words_a_fact_was_taken_from_do_not_take_a_second_place() -> None:
    memories = [
        episode(0, "I adopted a parrot", "a"),
        episode(0, "Has a parrot", "a", id="mem_fact", type="fact"),
        episode(4, "Saw a parrot in the park today with my aunt", "b"),
    ]
    found = {r.position for r in ranked(memories, "parrot", 2)}
    assert 2 in found
    assert len(found & {0, 1}) == 1


def test_what_is_left_is_filled_up_with_low_scores() -> None:
    memories = [episode(0, "Mango", "a"), *(episode(i, "Harbour", f"s{i}") for i in range(2, 12, 2))]
    found = ranked(memories, "mango", 4)
    assert found[0].position == 0
    assert len(found) == 4
    assert all(r.score < 0.1 for r in found[1:])


def test_only_the_types_asked_for_come_back() -> None:
    memories = [
        episode(0, "Mango"),
        episode(2, "Likes mango", type="preference"),
        episode(4, "Has a mango", type="fact"),
    ]
    found = ranked(memories, "mango", types=frozenset(("preference",)))
    assert [r.position for r in found] == [1]


def test_only_the_positions_asked_for_come_back() -> None:
    memories = [episode(i, f"A mango and a {word}", str(i)) for i, word in enumerate(WORDS)]
    for text in ("mango", None):
        found = ranked(memories, text, among=frozenset((2, 5)))
        assert {r.position for r in found} == {2, 5}
        assert ranked(memories, text, among=frozenset()) == []


def test_a_message_of_16_kib_still_finds_what_its_rare_words_say() -> None:
    memories = [
        episode(0, "The telescope showed Saturn", "a"),
        *(episode(i, "parrot mango", "b") for i in range(2, 40, 2)),
    ]
    chatter = " ".join(f"filler{i}" for i in range(1_500))
    found = ranked(memories, f"{chatter} parrot telescope saturn", 3)
    assert found[0].position == 0
    assert found[0].score > 2 * found[1].score


def test_as_of_leaves_out_what_was_said_later() -> None:
    memories = [episode(0, "Mango"), episode(2, "Mango", occurred_at=START + timedelta(days=2))]
    found = rank(RankingIndex.build(memories), Query("mango", 5, as_of=START + timedelta(days=1)), NOW)
    assert [r.position for r in found] == [0]


def test_nothing_is_found_where_nothing_is_remembered() -> None:
    assert ranked([], "mango") == ranked([], None) == []
    assert [r.score < 0.1 for r in ranked([episode(0, "Mango")], "?!")] == [True]


texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join)
histories = st.lists(st.tuples(texts, st.sampled_from(["s1", "s2", "s3"])), min_size=1, max_size=30)


@given(histories, texts, st.integers(1, 100), st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_scores_are_between_0_and_1_ordered_and_bounded(
    history: list[tuple[str, str]], message: str, limit: int, least: float
) -> None:
    memories = [episode(i, text, session, importance=(i % 10) / 10) for i, (text, session) in enumerate(history)]
    found = ranked(memories, message, limit, min_importance=least)
    told = [i for r in found for i in (r.position, r.beside) if i is not None]
    eligible = sum(m.importance >= least for m in memories)
    assert len(found) == limit or len(told) == eligible
    assert all(memories[i].importance >= least for i in told)
    assert len(set(told)) == len(told)
    assert all(0 <= r.score <= 1 for r in found)
    assert [r.score for r in found] == sorted((r.score for r in found), reverse=True)


@given(histories, st.integers(0, 30), st.sampled_from(["s1", "s8"]))
@settings(max_examples=50, deadline=None)
def test_an_irrelevant_memory_does_not_push_the_best_one_out(
    history: list[tuple[str, str]], at: int, session: str
) -> None:
    memories = [episode(i, text, session) for i, (text, session) in enumerate(history)]
    target = episode(100, "The telescope showed Saturn", "s9")
    memories.insert(min(at, len(memories)), target)
    before = ranked(memories, "telescope Saturn", 1)
    grown = [*memories, episode(200, "parrot mango", session)]
    after = ranked(grown, "telescope Saturn", 1)
    assert memories[before[0].position] is grown[after[0].position] is target


@given(histories, texts)
@settings(max_examples=40, deadline=None)
def test_a_smaller_limit_gives_the_beginning_of_the_same_answer(history: list[tuple[str, str]], message: str) -> None:
    memories = [episode(2 * i, text, session) for i, (text, session) in enumerate(history)]
    assert ranked(memories, message, 3) == ranked(memories, message, 10)[:3]


@given(histories, texts)
@settings(max_examples=40, deadline=None)
def test_explaining_changes_nothing_and_its_numbers_are_between_0_and_1(
    history: list[tuple[str, str]], message: str
) -> None:
    memories = [episode(i, text, session) for i, (text, session) in enumerate(history)]
    explained = ranked(memories, message, explain=True)
    assert [(r.position, r.score) for r in explained] == [(r.position, r.score) for r in ranked(memories, message)]
    for found in explained:
        assert found.parts is not None
        parts = (found.parts.relevance, found.parts.importance, found.parts.strength, found.parts.recency)
        assert all(0 <= part <= 1 for part in parts)
        assert bool(found.parts.matched_terms) == (found.parts.log_odds["words"] > 0)
        assert 1 / (1 + math.exp(-sum(found.parts.log_odds.values()))) == pytest.approx(found.score)
