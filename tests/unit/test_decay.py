"""What is not looked at fades; what is so fades slower than what happened."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.decay import HALF_LIFE_DAYS, strength_at
from server.domain.memory import Memory
from server.domain.ranking.index import RankingIndex
from server.domain.ranking.rank import Query, rank
from server.domain.words import MEMORY_TYPES, MemoryType

START = datetime(2031, 5, 4, 18, tzinfo=UTC)


def memory(type_: MemoryType = "episode") -> Memory:
    return Memory(
        id="mem_1", type=type_, content="Kites by the lake", importance=0.5, confidence=1.0, occurred_at=START,
        valid_from=START, created_at=START,
    )  # fmt: skip


@pytest.mark.parametrize("type_", MEMORY_TYPES)
def test_strength_halves_with_every_half_life(type_: MemoryType) -> None:
    life = timedelta(days=HALF_LIFE_DAYS[type_])
    assert strength_at(memory(type_), START) == 1.0
    assert strength_at(memory(type_), START + life) == pytest.approx(0.5)
    assert strength_at(memory(type_), START + 3 * life) == pytest.approx(0.125)


def test_an_episode_halves_in_30_days_and_a_fact_fades_slowest() -> None:
    assert HALF_LIFE_DAYS["episode"] == 30
    assert max(HALF_LIFE_DAYS, key=lambda type_: HALF_LIFE_DAYS[type_]) == "fact"


def test_an_access_renews_it() -> None:
    late = START + timedelta(days=60)
    assert strength_at(replace(memory(), strength=1.0, strength_at=late), late) == 1.0


@given(st.lists(st.floats(-10, 4000), min_size=2), st.floats(0, 1), st.sampled_from(MEMORY_TYPES))
def test_it_never_grows_by_itself(days: list[float], strength: float, type_: MemoryType) -> None:
    kept = replace(memory(type_), strength=strength)
    over_time = [strength_at(kept, START + timedelta(days=d)) for d in sorted(days)]
    assert all(0 <= later <= earlier <= 1 for earlier, later in pairwise(over_time))


@given(st.floats(0, 1000), st.sampled_from(MEMORY_TYPES))
def test_ranking_knows_the_same_strength(days: float, type_: MemoryType) -> None:
    now = START + timedelta(days=days)
    (found,) = rank(RankingIndex.build([memory(type_)]), Query(None, 1, explain=True), now)
    assert found.parts is not None
    assert found.parts.strength == pytest.approx(strength_at(memory(type_), now), abs=1e-6)
