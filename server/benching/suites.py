"""The benchmarks: which loads are run in which order, and what their figures are called.

What is compared is run in turns (A B A B …) and told as medians, so that a machine that slows down slows both.
"""

import os
import platform
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from server.benching.echo import echo
from server.benching.generators import run
from server.benching.payloads import Payloads
from server.benching.plans import ClosedLoop, Measured, OpenLoop, Plan, Request, Target, together
from server.embedded.ports import LOOPBACK
from server.measuring.errors import MeasuringError
from server.measuring.percentiles import median, percentile

Say = Callable[[str], None]
"""Told what is being measured now."""

W = TypeVar("W")
_SEED: Final = 7


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured. `in_flight` callers and `connections` are shared out among the generator processes.

    The kernel deals connections out to the server's processes by chance: with a few, one process may get nearly all.
    """

    in_flight: int = 32
    rounds: int = 3
    round_seconds: float = 4.0
    rate: float = 200.0
    sla_seconds: float = 20.0
    generators: int = 1
    connections: int = 32
    warm_up: float = 1.0


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything a benchmark needs: the target with its key, what to send it, and how long.

    `server_processes` is how many share the product's port; the echo gets as many.
    """

    target: Target
    payloads: Payloads
    effort: Effort
    server_processes: int
    say: Say

    def against_echo(self, name: str, warm: Sequence[Request], spread: Sequence[Request]) -> dict[str, object]:
        """The product beside the echo on `warm`, requests to few contacts; then the SLA's load on `spread`."""
        with echo(self.payloads.context_answer, self.payloads.ingest_answer, self.server_processes) as port:
            targets = {"echo": replace(self.target, host=LOOPBACK, port=port, headers=()), name: self.target}
            self.say("warming up")
            self._closed(self.target, warm)
            highest = self._in_turns(targets, lambda target: self._closed(target, warm), "highest rate")
            rps = {which: median(m.rps for m in runs) for which, runs in highest.items()}
            half = rps[name] / 2
            _must_answer(highest[name])
            at_half = self._in_turns(
                targets, lambda target: self._opened(target, warm, half, self.effort.round_seconds), "half load"
            )
        p95 = {which: median(percentile(m.latencies_ms, 95) for m in runs) for which, runs in at_half.items()}
        return {
            "echo_rps": round(rps["echo"], 1),
            f"{name}_rps": round(rps[name], 1),
            "ratio_rps": _ratio(rps[name], rps["echo"]),
            "half_load_rps": round(half, 1),
            "echo_p95_ms": round(p95["echo"], 3),
            f"{name}_p95_ms": round(p95[name], 3),
            "ratio_p95": _ratio(p95[name], p95["echo"]),
            "errors": _errors([*highest[name], *at_half[name]]),
            "sla": self.sla(name, spread),
            "measured": self.conditions(),
        }

    def sla(self, name: str, spread: Sequence[Request]) -> dict[str, object]:
        """Latencies at the offered rate over all contacts, counted from when each request was due."""
        self.say(f"{name} at {self.effort.rate:g} a second")
        measured = self._opened(self.target, spread, self.effort.rate, self.effort.sla_seconds)
        return _latencies(self.effort.rate, measured)

    def mix(self, loads: Mapping[str, tuple[Sequence[Request], float]]) -> dict[str, object]:
        """Several loads at once, each with its own share of the offered rate."""
        self.say(f"all together at {self.effort.rate:g} a second")
        effort = self.effort
        plans = [
            Plan(self.target, tuple(requests), OpenLoop(effort.rate * share, effort.sla_seconds, effort.warm_up))
            for requests, share in loads.values()
        ]
        figures = {
            name: _latencies(self.effort.rate * share, measured)
            for (name, (_, share)), measured in zip(loads.items(), run(plans), strict=True)
        }
        return {"offered_rps": self.effort.rate, **figures, "measured": self.conditions()}

    def through_gateway(self, ways: Mapping[str, tuple[Target, Sequence[Request]]]) -> dict[str, object]:
        """The same question asked each way in turn; the first way is what the others are compared with."""
        self.say("warming up")
        for target, requests in ways.values():
            self._closed(target, requests)
        runs = self._in_turns(ways, lambda way: self._closed(*way), "highest rate")
        rps = {name: median(m.rps for m in of_way) for name, of_way in runs.items()}
        p95 = {name: median(percentile(m.latencies_ms, 95) for m in w) for name, w in runs.items()}
        direct, *others = ways
        for name in ways:
            _must_answer(runs[name])
        return {
            **{f"{name}_rps": round(rps[name], 1) for name in ways},
            **{f"ratio_{name}": _ratio(rps[name], rps[direct]) for name in others},
            **{f"{name}_p95_ms": round(p95[name], 3) for name in ways},
            "errors": {name: _errors(of_way) for name, of_way in runs.items()},
            "measured": self.conditions(),
        }

    def conditions(self) -> dict[str, object]:
        """What the figures were measured with."""
        return {
            "cores": os.cpu_count(),
            "machine": platform.machine(),
            "python": platform.python_version(),
            "generator": "raw HTTP/2 and HTTP/1.1 over uvloop, on the same machine",
            "generators": self.effort.generators,
            "server_processes": self.server_processes,
            "in_flight": self.effort.in_flight,
            "rounds": self.effort.rounds,
            "round_seconds": self.effort.round_seconds,
            "contacts": self.payloads.shape.contacts,
            "memories": self.payloads.shape.memories,
        }

    def _in_turns(
        self, ways: Mapping[str, W], measure: Callable[[W], Measured], what: str
    ) -> dict[str, list[Measured]]:
        runs: dict[str, list[Measured]] = {name: [] for name in ways}
        for number in range(self.effort.rounds):
            for name, way in ways.items():
                self.say(f"{what}, round {number + 1} of {self.effort.rounds}: {name}")
                runs[name].append(measure(way))
        return runs

    def _closed(self, target: Target, requests: Sequence[Request]) -> Measured:
        count = self.effort.generators
        callers = max(1, self.effort.in_flight // count)
        loop = ClosedLoop(callers, self.effort.round_seconds, self.effort.warm_up)
        # On HTTP/1.1 every caller needs a connection of its own.
        connections = callers if target.wire == "rest_h1" else max(1, self.effort.connections // count)
        return self._shared_out(replace(target, connections=connections), requests, [loop] * count)

    def _opened(self, target: Target, requests: Sequence[Request], rate: float, seconds: float) -> Measured:
        count = self.effort.generators
        connections = max(1, self.effort.connections // count)
        loops = [OpenLoop(rate / count, seconds, self.effort.warm_up)] * count
        return self._shared_out(replace(target, connections=connections), requests, loops)

    def _shared_out(
        self, target: Target, requests: Sequence[Request], loops: Sequence[ClosedLoop | OpenLoop]
    ) -> Measured:
        # Each generator has every request, in an order of its own: none keeps a contact to itself.
        plans = []
        for number, loop in enumerate(loops):
            order = list(requests)
            random.Random(_SEED + number).shuffle(order)  # noqa: S311 - repeatable on purpose
            plans.append(Plan(target, tuple(order), loop))
        return together(run(plans))


def _latencies(rate: float, measured: Measured) -> dict[str, object]:
    return {
        "offered_rps": rate,
        "answered_rps": round(measured.rps, 1),
        **{f"p{p}_ms": round(percentile(measured.latencies_ms, p), 3) for p in (50, 95, 99)},
        "errors": sum(measured.errors.values()),
        **({"errors_by_code": dict(measured.errors)} if measured.errors else {}),
    }


def _errors(runs: Sequence[Measured]) -> dict[str, int]:
    return dict(sum((m.errors for m in runs), Counter()))


def _must_answer(runs: Sequence[Measured]) -> None:
    """A rate of which most are errors is none."""
    good, bad = sum(len(m.latencies_ms) for m in runs), sum(sum(m.errors.values()) for m in runs)
    if bad > good:
        raise MeasuringError(
            f"{bad} of {good + bad} requests failed: {_errors(runs)}. (`grpc 8` and 429 are the rate limit: start the "
            "stack with KITH_RATE_LIMITS='*=100000/100000'.)"
        )


def _ratio(value: float, of: float) -> float:
    return round(value / of, 3) if of else 0.0
