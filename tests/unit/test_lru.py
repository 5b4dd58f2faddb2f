"""The in-process cache is bounded by bytes."""

from hypothesis import given
from hypothesis import strategies as st

from store.lru import ByteBoundedLru


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 60))), st.integers(0, 100))
def test_what_is_held_never_exceeds_the_capacity_and_is_counted_right(
    puts: list[tuple[int, int]], capacity: int
) -> None:
    lru: ByteBoundedLru[int, int] = ByteBoundedLru(capacity, lambda value: value)
    for key, size in puts:
        lru.put(key, size)
        held = [lru.get(k) for k in range(6)]
        assert lru.nbytes == sum(v for v in held if v is not None) <= capacity


def test_the_least_recently_used_goes_first() -> None:
    lru: ByteBoundedLru[str, int] = ByteBoundedLru(2, lambda _: 1)
    lru.put("a", 1)
    lru.put("b", 2)
    lru.get("a")
    lru.put("c", 3)
    assert [lru.get(k) for k in "abc"] == [1, None, 3]
