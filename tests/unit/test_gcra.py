"""The generic cell rate algorithm: a burst at once, then the sustained rate, and no more over any window."""

from hypothesis import given
from hypothesis import strategies as st

from store.limits import Limit, gcra

LIMIT = Limit("Read", per_second=10, burst=5)


def test_a_burst_is_allowed_at_once_and_then_one_per_interval() -> None:
    allowed, full_at, wait = gcra(0.0, 100.0, LIMIT, 8)
    assert allowed == 5
    assert round(wait, 6) == 0.1
    assert gcra(full_at, 100.05, LIMIT, 1)[0] == 0
    assert gcra(full_at, 100.1, LIMIT, 1)[0] == 1


def test_after_a_quiet_time_there_is_a_burst_again_and_not_more() -> None:
    _, full_at, _ = gcra(0.0, 100.0, LIMIT, 5)
    assert gcra(full_at, 1000.0, LIMIT, 100)[0] == 5


@given(
    st.lists(st.tuples(st.floats(0, 0.5), st.integers(1, 10)), max_size=60),
    st.sampled_from([(10.0, 5), (0.5, 1), (3.0, 20), (1000.0, 1)]),
)
def test_no_window_ever_allows_more_than_the_burst_and_its_share(
    arrivals: list[tuple[float, int]], rate: tuple[float, int]
) -> None:
    limit = Limit("Read", *rate)
    now, full_at = 1000.0, 0.0
    granted: list[tuple[float, int]] = []
    for gap, wanted in arrivals:
        now += gap
        allowed, full_at, _ = gcra(full_at, now, limit, wanted)
        granted.append((now, allowed))
    for start in range(len(granted)):
        total = 0
        for at, allowed in granted[start:]:
            total += allowed
            assert total <= limit.burst + (at - granted[start][0]) * limit.per_second + 1e-3


@given(st.floats(0.1, 1000), st.integers(1, 100), st.integers(1, 300))
def test_who_waits_as_long_as_it_is_told_is_allowed(per_second: float, burst: int, wanted: int) -> None:
    limit = Limit("Read", per_second, burst)
    allowed, full_at, wait = gcra(0.0, 50.0, limit, wanted)
    assert allowed == min(wanted, burst)
    assert gcra(full_at, 50.0 + wait + 1e-6, limit, 1)[0] == 1


def test_small_limits_are_asked_for_one_by_one() -> None:
    assert LIMIT.lease == 1
    assert Limit("Read", per_second=2000, burst=4000).lease == 40
