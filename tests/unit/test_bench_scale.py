"""The tenants of the benchmark of scale have one shape, and its figures say what is missed."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.benching.scale_cases import cases, nodes
from server.benching.scale_figures import figures
from server.benching.scale_history import histories
from server.benching.scale_run import Taken
from server.benching.scale_sizes import Size, Sizes
from server.domain.warmth import quality
from server.measuring.errors import MeasuringError

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SIZES = Sizes.of(1_000_000, 100_000, 1_000_000, 10_000)


def test_the_small_tenant_is_the_large_one_on_a_smaller_scale() -> None:
    small, large = SIZES.small, SIZES.large
    assert (small.interactions, small.contacts, small.edges) == (10_000, 1_000, 10_000)
    assert small.each == large.each == 9
    assert small.of_busy / small.interactions == pytest.approx(large.of_busy / large.interactions, rel=0.02)


@given(
    interactions=st.integers(100, 10**6), contacts=st.integers(2, 10**5), small=st.integers(50, 10**6),
    edges=st.integers(100, 10**6),
)  # fmt: skip
def test_every_size_that_is_taken_has_just_so_many_interactions_and_none_of_its_contacts_goes_without(
    interactions: int, contacts: int, small: int, edges: int
) -> None:
    try:
        sizes = Sizes.of(interactions, contacts, edges, small)
    except MeasuringError:
        return
    for size in (sizes.small, sizes.large):
        assert size.each >= 1
        assert size.of_busy >= 1
        assert size.each * (size.contacts - 1) + size.of_busy == size.interactions


def test_sizes_that_make_no_sense_are_refused() -> None:
    with pytest.raises(MeasuringError, match="above the large one"):
        Sizes.of(1_000, 10, 1_000, 2_000)
    with pytest.raises(MeasuringError, match="more interactions than contacts"):
        Sizes.of(1_000, 1_000, 1_000, 100)


def test_histories_are_the_same_every_time_in_the_order_of_time_and_as_long_for_everybody() -> None:
    found = histories(50, 9, NOW)
    assert found == histories(50, 9, NOW)
    assert [row["at"] for row in found] == sorted(str(row["at"]) for row in found)
    assert set(Counter(row["pattern"] for row in found).values()) == {9}
    for row in found:
        metadata = row["metadata"]
        assert isinstance(metadata, dict)
        assert row["quality"] == quality(str(row["kind"]), metadata)


def test_nodes_that_are_asked_for_are_in_the_graph() -> None:
    size = Size("t", 10_000, 1_000, 10_000)
    artifacts = {size.artifact_of(edge) for edge in range(size.edges)}
    assert artifacts <= set(range(size.artifacts))
    for node in nodes(size):
        kind, _, rest = node.partition(":")
        number = int(rest.rpartition("-")[2])
        assert number < {"event": size.events, "artifact": size.artifacts, "user": size.users}[kind]


def test_either_tenant_is_asked_the_same_questions() -> None:
    for case in cases(SIZES, NOW):
        assert len(case.small) == len(case.large) > 0
        assert {request.path for request in case.small} == {request.path for request in case.large}


def taken(small_ms: float, large_ms: float) -> Taken:
    return Taken([small_ms] * 9, [large_ms] * 9, 50, 50)


def test_the_plain_question_stands_for_its_group_and_what_is_missed_is_said() -> None:
    told = figures(
        {
            ("list", "newest first"): taken(2.0, 2.2),
            ("list", "oldest first"): taken(2.0, 4.0),
            ("neighbors", "depth 2"): taken(1.0, 12.0),
        },
        SIZES,
    )
    listed, graph = told["list"], told["neighbors"]
    assert isinstance(listed, dict) and isinstance(graph, dict)
    assert (listed["small_p50_ms"], listed["large_p50_ms"], listed["ratio"]) == (2.0, 2.2, 1.1)
    assert listed["worst_ratio"] == 2.0
    assert (graph["edges"], graph["p50_ms"], graph["p95_ms"]) == (1_000_000, 12.0, 12.0)
    assert told["missed"] == [
        "list, oldest first: ratio 2.0 is above 1.5",
        "neighbors: p95 12.0 ms is above 10 ms",
    ]


def test_nothing_is_missed_where_all_is_within_its_bounds() -> None:
    told = figures({("list", "plain"): taken(2.0, 2.9), ("neighbors", "depth 2"): taken(1.0, 9.9)}, SIZES)
    assert told["missed"] == []
