"""The two ways of driving load, over whatever answers a request with `ok` or with what went wrong."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import cycle
from typing import Final

from server.benching.plans import ClosedLoop, Measured, OpenLoop, Request

Call = Callable[[Request], Awaitable[str]]
"""Sends a request and returns `ok`, or the code of the error."""

PATIENCE_S: Final = 10.0
"""After so long without an answer a request counts as an error `timeout`."""


async def drive(call: Call, requests: Sequence[Request], loop: ClosedLoop | OpenLoop, begin: float) -> Measured:
    """Drives the load from `begin`, an instant of `time.monotonic`, until its end."""
    if isinstance(loop, ClosedLoop):
        return await closed(call, requests, loop, begin)
    return await opened(call, requests, loop, begin)


async def closed(call: Call, requests: Sequence[Request], loop: ClosedLoop, begin: float) -> Measured:
    """So many callers, each one call at a time; see ClosedLoop. Counts what was answered in the measured time."""
    measured = Measured(loop.seconds)
    first = begin + loop.warm_up
    end = first + loop.seconds
    upcoming = cycle(requests)

    async def caller() -> None:
        while (sent := time.monotonic()) < end:
            outcome = await _patiently(call, next(upcoming))
            answered = time.monotonic()
            if first <= answered < end:
                _note(measured, outcome, answered - sent)

    await asyncio.sleep(max(0.0, begin - time.monotonic()))
    await asyncio.gather(*(caller() for _ in range(loop.in_flight)))
    return measured


async def opened(call: Call, requests: Sequence[Request], loop: OpenLoop, begin: float) -> Measured:
    """A fixed schedule; see OpenLoop. Counts what was due in the measured time, and waits for its answers."""
    measured = Measured(loop.seconds)
    first = begin + loop.warm_up
    upcoming = cycle(requests)

    async def one(due: float, request: Request) -> None:
        outcome = await _patiently(call, request)
        if due >= first:
            _note(measured, outcome, time.monotonic() - due)

    async with asyncio.TaskGroup() as sent:
        for number in range(int((loop.warm_up + loop.seconds) * loop.rate)):
            due = begin + number / loop.rate
            wait = due - time.monotonic()
            # Behind the schedule nothing is skipped: it is sent at once, and its lateness is part of its latency.
            if wait > 0:
                await asyncio.sleep(wait)
            sent.create_task(one(due, next(upcoming)))
    return measured


async def _patiently(call: Call, request: Request) -> str:
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await call(request)
    except TimeoutError:
        return "timeout"


def _note(measured: Measured, outcome: str, seconds: float) -> None:
    if outcome == "ok":
        measured.latencies_ms.append(seconds * 1000)
    else:
        measured.errors[outcome] += 1
