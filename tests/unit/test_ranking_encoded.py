"""Ranking with a sentence encoder's vectors, and without them."""

import math

import numpy as np
import pytest

from server.domain.memory import Memory
from server.domain.ranking import encoded, parts
from server.domain.ranking.encoded import DIMENSIONS, rounded
from server.domain.ranking.index import RankingIndex
from server.domain.ranking.rank import Query, Ranked, rank
from tests.unit.memories import START, a_memory

RANDOM = np.random.default_rng(3)
TEXTS = (
    "I adopted a small dog from the shelter", "The bakery opens at six", "My brother plays the cello",
    "We planted tomatoes behind the shed", "I am learning to sail this summer", "The flat needs a new boiler",
)  # fmt: skip
MESSAGE = "Is the puppy well?"


def vectors(count: int) -> np.ndarray:
    return rounded(RANDOM.normal(size=(count, DIMENSIONS)).astype(np.float32))


def memories(*texts: str) -> list[Memory]:
    return [a_memory(text, type="episode", session_id="s", speaker="contact") for text in texts]


def found(index: RankingIndex, vector: np.ndarray | None, **more: object) -> list[Ranked]:
    return rank(index, Query(MESSAGE, 6, vector=vector, explain=True, **more), START)


def test_without_an_encoder_nothing_changes_to_the_last_bit() -> None:
    held = memories(*TEXTS)
    plain = RankingIndex.build(held)
    made = vectors(len(held))
    with_vectors = plain.with_encoded(DIMENSIONS, dict(enumerate(made)))
    before = found(plain, None)
    assert found(with_vectors, None) == before
    assert found(plain, made[0]) == before
    assert found(plain.with_encoded(DIMENSIONS, {}), made[0]) == before


def test_what_means_the_same_is_found_though_no_word_is_shared() -> None:
    held = memories(*TEXTS)
    made = vectors(len(held))
    index = RankingIndex.build(held).with_encoded(DIMENSIONS, dict(enumerate(made)))
    for wanted in range(len(held)):
        assert found(index, made[wanted])[0].position == wanted


def test_a_memory_that_has_no_vector_yet_scores_as_without_an_encoder() -> None:
    held = memories(*TEXTS)
    plain = RankingIndex.build(held)
    made = vectors(len(held))
    index = plain.with_encoded(DIMENSIONS, {1: made[1], 3: made[3]})
    before = {one.position: one for one in found(plain, None)}
    now = {one.position: one for one in found(index, made[3])}
    assert all((now[at].score == before[at].score) == (at not in (1, 3)) for at in now)
    assert "encoder" in now[3].parts.log_odds
    assert now[0].parts == before[0].parts


def test_explained_parts_add_up_to_the_score() -> None:
    held = memories(*TEXTS)
    made = vectors(len(held))
    for one in found(RankingIndex.build(held).with_encoded(DIMENSIONS, dict(enumerate(made))), made[2]):
        assert set(one.parts.log_odds) == {*encoded.WEIGHTS, "bias", "prior", "repeats"}
        assert 1 / (1 + math.exp(-sum(one.parts.log_odds.values()))) == pytest.approx(one.score)


def test_the_encoders_mix_has_the_parts_of_the_plain_one_in_their_order_and_its_own_behind() -> None:
    assert list(encoded.WEIGHTS) == [*parts.WEIGHTS, "encoder", "best_encoder"]


def test_vectors_stay_with_their_memories_as_the_index_grows_shrinks_and_travels() -> None:
    held = memories(*TEXTS)
    made = dict(enumerate(vectors(len(held))))
    index = RankingIndex.build(held[:4]).with_encoded(DIMENSIONS, {i: made[i] for i in range(4)})
    grown = index.updated(held[4:], {held[1].id})
    kept = [held[0], *held[2:]]
    again = RankingIndex.build(kept).with_encoded(DIMENSIONS, {0: made[0], 1: made[2], 2: made[3]})
    assert (grown.encoded == again.encoded).all()
    travelled = RankingIndex.from_bytes(grown.to_bytes())
    for other in (again, travelled):
        assert found(other, made[2]) == found(grown, made[2])
    assert grown.nbytes - RankingIndex.build(kept).nbytes == pytest.approx(DIMENSIONS * len(kept), abs=200)
    empty = RankingIndex.build([]).with_encoded(DIMENSIONS, {})
    assert empty.grown(held).encoded.shape == (len(held), DIMENSIONS)


def test_whoever_names_the_contact_asks_for_what_it_said() -> None:
    assert encoded.question("Where does Ada live?", "Ada Quill") == "Where does they live?"
    assert encoded.question("Adapt it, Ada.", "Ada") == "Adapt it, they."
    assert encoded.question("Where?", None) == encoded.question("Where?", "  ") == "Where?"
