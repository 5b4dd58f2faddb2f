"""The index grows and shrinks turn by turn, and always ranks like one that was built at once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.memory import Memory
from server.domain.ranking.index import RankingIndex, indexed_tokens
from server.domain.ranking.postings import Postings, word_hash
from server.domain.ranking.rank import Query, rank
from server.domain.words import MEMORY_TYPES

START = datetime(2031, 5, 4, 18, tzinfo=UTC)
NOW = START + timedelta(days=30)
WORDS = ["parrot", "mango", "harbour", "violin", "lantern", "glacier", "saffron", "cello", "orchard?", "kayak"]

texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join)


@st.composite
def histories(draw: st.DrawFn) -> list[Memory]:
    """Memories of some turns, in the order in which they were made."""
    memories = []
    for number in range(draw(st.integers(1, 25))):
        # Several have one time, so that ties are met.
        at = START + timedelta(minutes=number // 4)
        memories.append(
            Memory(
                id=f"mem_{number:03}", type=draw(st.sampled_from((*MEMORY_TYPES, "episode", "episode"))),
                content=draw(texts), importance=draw(st.sampled_from((0.2, 0.5, 0.9))), confidence=1.0,
                occurred_at=at, valid_from=at, created_at=at, sequence=number // 2,
                session_id=draw(st.sampled_from(("a", "b", "c", None))),
                speaker=draw(st.sampled_from(("contact", "assistant", None))),
            )
        )  # fmt: skip
    return memories


def answer(index: RankingIndex, memories: Sequence[Memory], message: str | None) -> list[tuple[str, float]]:
    found = rank(index, Query(message, 10, contact_name="Ada"), NOW)
    return [(memories[i].id, r.score) for r in found for i in (r.position, r.beside) if i is not None]


@given(histories(), st.lists(st.integers(1, 5), max_size=12), texts | st.none())
@settings(max_examples=80, deadline=None)
def test_growing_turn_by_turn_ranks_like_building_at_once(
    history: list[Memory], steps: list[int], message: str | None
) -> None:
    index, at = RankingIndex.build([]), 0
    for step in (*steps, len(history)):
        index, at = index.grown(history[at : at + step]), at + step
    assert answer(index, history, message) == answer(RankingIndex.build(history), history, message)


@given(histories(), st.sets(st.integers(0, 24)), st.integers(0, 25), texts | st.none())
@settings(max_examples=80, deadline=None)
def test_removing_and_adding_ranks_like_building_at_once(
    history: list[Memory], gone: set[int], cut: int, message: str | None
) -> None:
    before, added = history[:cut], history[cut:]
    removed = {m.id for i, m in enumerate(before) if i in gone} | {"mem_unknown"}
    left = [*(m for m in before if m.id not in removed), *added]
    index = RankingIndex.build(before).updated(added, removed)
    assert len(index) == len(left)
    assert answer(index, left, message) == answer(RankingIndex.build(left), left, message)


@given(histories(), texts, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_where_a_fact_stands_does_not_change_the_answer(history: list[Memory], message: str, random: object) -> None:
    episodes = [m for m in history if m.type == "episode"]
    others = [m for m in history if m.type != "episode"]
    one, two = [*episodes, *others], [*others, *episodes]
    assert answer(RankingIndex.build(one), one, message) == answer(RankingIndex.build(two), two, message)


@given(histories(), st.integers(0, 25), texts)
@settings(max_examples=40, deadline=None)
def test_an_index_survives_as_bytes(history: list[Memory], cut: int, message: str) -> None:
    index = RankingIndex.build(history[:cut]).grown(history[cut:])
    again = RankingIndex.from_bytes(index.to_bytes())
    assert answer(again, history, message) == answer(index, history, message)
    assert again.nbytes == index.nbytes
    assert answer(again.updated([], {history[0].id}), history[1:], message) == answer(
        RankingIndex.build(history[1:]), history[1:], message
    )


def of(number: int, text: str, **changes: object) -> Memory:
    at = START + timedelta(minutes=number)
    memory = Memory(
        id=f"mem_{number:04}", type="episode", content=text, importance=0.5, confidence=1.0, occurred_at=at,
        valid_from=at, created_at=at, session_id="s", sequence=number,
    )  # fmt: skip
    return replace(memory, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b + b"\0", lambda _: b"", lambda _: b"\xff" * 40])
def test_damaged_bytes_are_refused(damage: object) -> None:
    data = RankingIndex.build([of(0, "parrot")]).to_bytes()
    with pytest.raises(ValueError):
        RankingIndex.from_bytes(damage(data))  # type: ignore[operator]


def test_bytes_of_another_format_are_refused() -> None:
    data = RankingIndex.build([of(0, "parrot")]).to_bytes()
    with pytest.raises(ValueError, match="another format"):
        RankingIndex.from_bytes(data.replace(b"[4,[", b"[2,[", 1))


def test_a_long_tail_is_merged_and_finds_the_same() -> None:
    history = [of(i, f"parrot number{i} mango harbour violin") for i in range(300)]
    index = RankingIndex.build(history[:1])
    for memory in history[1:]:
        index = index.grown([memory])
    assert len(index.postings.docs) > 0
    assert len(index.postings.tail_docs) < 700
    wanted = np.array([word_hash("mango"), word_hash("number17"), word_hash("nowhere")], np.uint64)
    found = index.postings.find(wanted)
    assert np.bincount(found.rows, minlength=3).tolist() == [300, 1, 0]
    assert np.array_equal(np.sort(found.docs[found.rows == 0]), np.arange(300))


def test_a_grown_index_leaves_the_one_it_grew_from_as_it_was() -> None:
    history = [of(0, "parrot"), of(1, "mango")]
    first = RankingIndex.build(history)
    before = first.to_bytes()
    first.grown([of(2, "harbour")])
    first.updated([of(3, "violin")], {"mem_0000"})
    first.changed({1: replace(history[1], importance=0.9)})
    assert first.to_bytes() == before


def test_turns_lend_across_the_seam_between_bulk_and_tail() -> None:
    history = [of(0, "Which instrument do you play?"), of(2, "Mostly weekends, for the neighbours")]
    index = RankingIndex.build(history[:1]).grown(history[1:])
    found = rank(index, Query("instrument", 5, explain=True), NOW)
    assert all(r.parts is not None and r.parts.matched_terms == ("instrument",) for r in found)
    assert len(found) == 2


def test_the_date_of_what_it_tells_is_among_a_memorys_words() -> None:
    told = of(0, "Went sailing", event_start=datetime(2029, 12, 24, tzinfo=UTC))
    assert {"decemb", "24", "2029", "sail"} <= set(indexed_tokens(told))
    assert {"may", "4", "2031"} <= set(indexed_tokens(of(0, "Went sailing")))


def test_no_documents_find_nothing() -> None:
    assert len(Postings.build([]).find(np.array([1, 2], np.uint64)).docs) == 0
