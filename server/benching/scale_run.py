"""Asks the questions of `kith bench scale`, one at a time, the small tenant and the large one in turn.

Both are asked within milliseconds of each other, in a random order, over and over: whatever slows the machine down
slows both, and their ratio stays. Rate limits hold here too: what they refuse is asked again later, and only the
answer counts.
"""

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Final

import grpc
from google.protobuf.message import Message

from server.benching.h2 import H2Connection
from server.benching.plans import Request, Target
from server.benching.scale_cases import Case
from server.measuring.connection import open_channel
from server.measuring.errors import MeasuringError

_CONNECTIONS: Final = 8
"""To either tenant: the kernel deals connections out to the server's processes by chance."""

_REFUSED: Final = "grpc 8"
_PAUSE_S: Final = 0.25
_PATIENCE_S: Final = 30.0
_SEED: Final = 5


@dataclass(frozen=True, slots=True)
class Asker:
    """Where either tenant is asked."""

    small: Target
    large: Target


@dataclass(slots=True)
class Taken:
    """How long the answers to one question took, in ms, and how many items an answer has."""

    small_ms: list[float] = field(default_factory=list)
    large_ms: list[float] = field(default_factory=list)
    small_items: int = 0
    large_items: int = 0


async def measure(
    asker: Asker, cases: Sequence[Case], rounds: int, calls: int, say: Callable[[str], None]
) -> dict[tuple[str, str], Taken]:
    """`rounds` times every question, `calls` times each to either tenant; by group and name.

    Raises MeasuringError where a question is not answered, or a large answer is empty.
    """
    taken = {(case.group, case.name): Taken() for case in cases}
    chance = random.Random(_SEED)  # noqa: S311 - repeatable
    with await _connected(asker.small) as small, await _connected(asker.large) as large:
        streams = {}
        for case in cases:
            say(f"warming up: {case.group}, {case.name}")
            of_case = taken[case.group, case.name]
            of_case.small_items = await _items(asker.small, case.small[0], case.answer)
            of_case.large_items = await _items(asker.large, case.large[0], case.answer)
            streams[case.group, case.name] = cycle(case.small), cycle(case.large)
            for _ in range(_CONNECTIONS):
                await _timed(small, case.small[0])
                await _timed(large, case.large[0])
        for number in range(rounds):
            for which, (of_small, of_large) in streams.items():
                say(f"round {number + 1} of {rounds}: {', '.join(which)}")
                for _ in range(calls):
                    pair = [
                        (small, next(of_small), taken[which].small_ms),
                        (large, next(of_large), taken[which].large_ms),
                    ]
                    chance.shuffle(pair)
                    for connections, request, times in pair:
                        times.append(await _timed(connections, request))
    return taken


async def _timed(connections: Iterator[H2Connection], request: Request) -> float:
    while True:
        connection = next(connections)
        sent = time.perf_counter()
        outcome = await asyncio.wait_for(connection.call(request), _PATIENCE_S)
        took = time.perf_counter() - sent
        if outcome == "ok":
            return took * 1000
        if outcome != _REFUSED:
            raise MeasuringError(f"{request.path} is not answered: {outcome}.")
        await asyncio.sleep(_PAUSE_S)


async def _connected(target: Target) -> "_Connections":
    loop = asyncio.get_running_loop()
    made = []
    for _ in range(_CONNECTIONS):
        _, connection = await loop.create_connection(lambda: H2Connection(target), target.host, target.port)
        made.append(connection)
    return _Connections(made)


class _Connections:
    """Connections, in turn without end; closed with the block."""

    def __init__(self, made: list[H2Connection]) -> None:
        self._made = made

    def __enter__(self) -> Iterator[H2Connection]:
        return cycle(self._made)

    def __exit__(self, *_: object) -> None:
        for connection in self._made:
            connection.close()


async def _items(target: Target, request: Request, answer: type[Message]) -> int:
    """How many items the answer to a request has, in its first list. The generator of load looks at none."""
    async with open_channel(f"{target.host}:{target.port}") as channel:
        call = channel.unary_unary(request.path, bytes, answer.FromString)
        try:
            found = await call(request.body, metadata=target.headers, timeout=_PATIENCE_S)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED:
                raise
            await asyncio.sleep(1)
            found = await call(request.body, metadata=target.headers, timeout=_PATIENCE_S)
    listed = next(f for f in found.DESCRIPTOR.fields if f.is_repeated)
    return len(getattr(found, listed.name))
