"""Generator processes: each runs one plan, all begin at the same instant."""

import asyncio
import time
from collections.abc import Sequence
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Final

import uvloop

from server.benching.h1 import H1Connection
from server.benching.h2 import H2Connection
from server.benching.load import PATIENCE_S, Call, drive
from server.benching.plans import Measured, Plan, Request, Target
from server.measuring.errors import MeasuringError

_START_PATIENCE_S: Final = 60.0
_LEAD_S: Final = 0.1


def run(plans: Sequence[Plan]) -> list[Measured]:
    """Runs every plan in a process of its own, side by side; what each measured, in order.

    Raises MeasuringError where one cannot connect or dies. No process outlives the call.
    """
    context = get_context("spawn")
    links: list[Connection] = []
    workers = []
    try:
        for plan in plans:
            ours, theirs = context.Pipe()
            worker = context.Process(target=_work, args=(plan, theirs), daemon=True)
            worker.start()
            theirs.close()
            links.append(ours)
            workers.append(worker)
        for link in links:
            _receive(link, _START_PATIENCE_S)
        begin = time.monotonic() + _LEAD_S
        for link in links:
            link.send(begin)
        longest = max((plan.loop.warm_up + plan.loop.seconds for plan in plans), default=0.0)
        return [_receive(link, longest + 2 * PATIENCE_S) for link in links]
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()


def _receive(link: Connection, patience: float) -> Measured:
    try:
        if not link.poll(patience):
            raise MeasuringError("A load generator does not answer.")
        answer = link.recv()
    except EOFError:
        raise MeasuringError("A load generator died; its error is above.") from None
    if isinstance(answer, str):
        raise MeasuringError(answer)
    return answer if isinstance(answer, Measured) else Measured(0.0)


def _work(plan: Plan, link: Connection) -> None:
    """The life of a generator process: connect, tell so, wait for the instant, drive, hand over."""

    async def life() -> Measured | str:
        try:
            call, close = await _connect(plan.target)
        except OSError as error:
            return f"{plan.target.host}:{plan.target.port} cannot be reached ({type(error).__name__})."
        link.send(Measured(0.0))
        begin = await asyncio.to_thread(link.recv)
        measured = await drive(call, plan.requests, plan.loop, begin)
        for connection in close:
            connection.close()
        return measured

    link.send(uvloop.run(life()))


async def _connect(target: Target) -> tuple[Call, list[H1Connection] | list[H2Connection]]:
    """A way to call that spreads over all connections in turn."""
    if target.wire == "rest_h1":
        h1 = [await H1Connection.open(target) for _ in range(target.connections)]
        return _spread([connection.call for connection in h1]), h1
    loop = asyncio.get_running_loop()
    h2 = [
        (await loop.create_connection(lambda: H2Connection(target), target.host, target.port))[1]
        for _ in range(target.connections)
    ]
    return _spread([connection.call for connection in h2]), h2


def _spread(calls: Sequence[Call]) -> Call:
    turn = count()

    async def call(request: Request) -> str:
        return await calls[next(turn) % len(calls)](request)

    return call
