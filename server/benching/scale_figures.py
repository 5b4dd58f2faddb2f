"""The figures of `kith bench scale`, and which of them are not as they should be."""

from collections.abc import Mapping
from typing import Final

from rich.console import Console
from rich.table import Table

from server.benching.scale_run import Taken
from server.benching.scale_sizes import Sizes
from server.measuring.percentiles import median, percentile

MOST_RATIO: Final = 1.5
"""An answer from the large tenant may take so many times what one from the small tenant takes."""

MOST_NEIGHBORS_MS: Final = 10.0
"""The 95th percentile of two steps through the large graph."""

_OF_GRAPH: Final = "neighbors"


def figures(taken: Mapping[tuple[str, str], Taken], sizes: Sizes) -> dict[str, object]:
    """By group: the figures of its plain question, and of each of its questions under `cases`.

    `worst_ratio` is the highest of the group; `missed` says in words what is above what it may be.
    """
    told: dict[str, dict[str, object]] = {}
    missed: list[str] = []
    for (group, name), times in taken.items():
        one = _case(times)
        if group == _OF_GRAPH:
            told[group] = _graph(times, sizes)
            if percentile(times.large_ms, 95) > MOST_NEIGHBORS_MS:
                missed.append(f"{group}: p95 {told[group]['p95_ms']} ms is above {MOST_NEIGHBORS_MS:g} ms")
            continue
        if group not in told:
            told[group] = {**one, "worst_ratio": one["ratio"], "cases": {}}
        cases, worst = told[group]["cases"], told[group]["worst_ratio"]
        if isinstance(cases, dict) and isinstance(worst, float):
            cases[name] = one
            told[group]["worst_ratio"] = max(worst, _ratio(times))
        if _ratio(times) > MOST_RATIO:
            missed.append(f"{group}, {name}: ratio {one['ratio']} is above {MOST_RATIO:g}")
    return {**told, "missed": missed}


def _case(times: Taken) -> dict[str, object]:
    return {
        "small_p50_ms": round(median(times.small_ms), 3),
        "large_p50_ms": round(median(times.large_ms), 3),
        "ratio": _ratio(times),
        "small_p95_ms": round(percentile(times.small_ms, 95), 3),
        "large_p95_ms": round(percentile(times.large_ms, 95), 3),
        "small_items": times.small_items,
        "large_items": times.large_items,
    }


def _graph(times: Taken, sizes: Sizes) -> dict[str, object]:
    return {
        "edges": sizes.large.edges,
        "p50_ms": round(median(times.large_ms), 3),
        "p95_ms": round(percentile(times.large_ms, 95), 3),
        "p99_ms": round(percentile(times.large_ms, 99), 3),
        "calls": len(times.large_ms),
        "small_edges": sizes.small.edges,
        "small_p50_ms": round(median(times.small_ms), 3),
        "small_p95_ms": round(percentile(times.small_ms, 95), 3),
    }


def _ratio(times: Taken) -> float:
    return round(median(times.large_ms) / median(times.small_ms), 3) if times.small_ms else 0.0


def print_scale(told: Mapping[str, object]) -> None:
    """The figures for a person at a terminal."""
    console = Console(highlight=False)
    table = Table("", "small ms", "large ms", "ratio", title="Medians, small and large", title_justify="left")
    for group, of_group in told.items():
        cases = of_group.get("cases") if isinstance(of_group, Mapping) else None
        if not isinstance(cases, Mapping):
            continue
        table.add_section()
        for name, one in cases.items():
            table.add_row(f"{group}: {name}", *(str(one[key]) for key in ("small_p50_ms", "large_p50_ms", "ratio")))
    console.print(table)
    for name, of_group in told.items():
        if isinstance(of_group, Mapping) and "cases" not in of_group:
            console.print(f"{name}: " + ", ".join(f"{key} {value}" for key, value in of_group.items()))
    missed = told.get("missed")
    if isinstance(missed, list):
        console.print("\n".join(missed) if missed else "Everything is within its bounds.")
