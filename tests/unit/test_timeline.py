"""However late something is told, every moment has the one value that was true then."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from server.domain import learning
from server.domain.extraction import extract
from server.domain.extraction.drafts import Known
from server.domain.memory import Memory
from server.domain.turn import Turn

START = datetime(2026, 1, 1, tzinfo=UTC)
CITIES = ("Berlin", "Paris", "Rome", "Lisbon")


def told(order: tuple[int, ...]) -> list[Memory]:
    """Memories after "I live in …" of month 0, 1, 2, … was told in this order."""
    memories: dict[str, Memory] = {}
    for count, month in enumerate(order):
        turn = Turn(START + timedelta(days=30 * month), f"I live in {CITIES[month]}.", session_id=f"s{month}")
        known = tuple(m for m in memories.values() if m.status == "current" and m.type == "fact")
        understood = extract(turn, Known(facts=known))
        made = iter(f"mem_{count}_{n}" for n in range(10))
        learned = learning.learn(
            tuple(memories.values()), (), count, turn, understood, turn.occurred_at, lambda made=made: next(made)
        )
        memories |= learned.changed | {m.id: m for m in learned.added}
    return [m for m in memories.values() if m.attribute == "residence"]


def true_at(memories: list[Memory], at: datetime) -> list[str | None]:
    return [m.value for m in memories if m.valid_from <= at and (m.valid_to is None or at < m.valid_to)]


@given(st.sampled_from(list(permutations(range(4)))))
def test_the_order_of_arrival_does_not_matter(order: tuple[int, ...]) -> None:
    memories = told(order)
    for month, city in enumerate(CITIES):
        assert true_at(memories, START + timedelta(days=30 * month + 15)) == [city]
    assert [m.value for m in memories if m.status == "current"] == ["Lisbon"]
    assert all(m.valid_to is None or m.valid_from < m.valid_to for m in memories)
