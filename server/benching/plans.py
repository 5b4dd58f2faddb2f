"""What a load consists of, and what it measured. Plain values that travel between processes."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Wire = Literal["grpc", "rest_h1", "rest_h2"]
"""gRPC over HTTP/2, or REST over HTTP/1.1 or HTTP/2; all in clear text."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request. gRPC: `/package.Service/Method` and a serialised message. REST: the path with its query."""

    path: str
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go, how, and with which headers. `connections` are opened by each generator process."""

    wire: Wire
    host: str
    port: int
    headers: tuple[tuple[str, str], ...] = ()
    connections: int = 4


@dataclass(frozen=True, slots=True)
class ClosedLoop:
    """`in_flight` callers, each sending its next request when the last was answered: the highest rate there is.

    The first `warm_up` seconds are not measured.
    """

    in_flight: int
    seconds: float
    warm_up: float = 1.0


@dataclass(frozen=True, slots=True)
class OpenLoop:
    """`rate` requests a second on a fixed schedule, whether or not the earlier ones were answered.

    Latency counts from the moment a request was due, so that a stall is charged to all who would have met it
    (no coordinated omission).
    """

    rate: float
    seconds: float
    warm_up: float = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What one generator process does: the requests, in turn, over and over."""

    target: Target
    requests: tuple[Request, ...]
    loop: ClosedLoop | OpenLoop


@dataclass(slots=True)
class Measured:
    """Latencies in ms of what was answered well, errors by their code, and the seconds measured."""

    seconds: float
    latencies_ms: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    @property
    def rps(self) -> float:
        """Good answers a second."""
        return len(self.latencies_ms) / self.seconds if self.seconds else 0.0


def together(parts: list[Measured]) -> Measured:
    """What processes that ran side by side measured."""
    whole = Measured(max((part.seconds for part in parts), default=0.0))
    for part in parts:
        whole.latencies_ms.extend(part.latencies_ms)
        whole.errors.update(part.errors)
    return whole
