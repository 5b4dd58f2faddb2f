"""The load loops, on calls of known duration."""

import asyncio
import time

from server.benching.load import closed, opened
from server.benching.plans import ClosedLoop, Measured, OpenLoop, Request, together
from server.measuring.percentiles import percentile

ONE = (Request("/one"),)


async def test_an_open_loop_charges_a_stall_to_all_who_were_due_in_it() -> None:
    stalled_until = time.monotonic() + 0.25

    async def call(request: Request) -> str:
        # Everybody waits for the stall to end, as behind a server that does nothing for a while.
        await asyncio.sleep(max(0.0, stalled_until - time.monotonic()))
        return "ok"

    measured = await opened(call, ONE, OpenLoop(rate=100, seconds=0.5, warm_up=0.0), time.monotonic())
    late = [ms for ms in measured.latencies_ms if ms > 50]
    assert len(measured.latencies_ms) == 50
    assert 15 <= len(late) <= 25
    assert percentile(measured.latencies_ms, 99) > 200


async def test_an_open_loop_keeps_its_rate_however_slow_the_answers_are() -> None:
    sent: list[float] = []

    async def call(request: Request) -> str:
        sent.append(time.monotonic())
        await asyncio.sleep(0.2)
        return "ok"

    begin = time.monotonic()
    await opened(call, ONE, OpenLoop(rate=200, seconds=0.3, warm_up=0.0), begin)
    assert len(sent) == 60
    assert sent[-1] - begin < 0.4


async def test_an_open_loop_that_fell_behind_counts_its_own_lateness() -> None:
    async def call(request: Request) -> str:
        time.sleep(0.02)  # noqa: ASYNC251 - the generator itself is held up
        return "ok"

    measured = await opened(call, ONE, OpenLoop(rate=100, seconds=0.2, warm_up=0.0), time.monotonic())
    assert len(measured.latencies_ms) == 20
    assert max(measured.latencies_ms) > 150


async def test_a_closed_loop_has_never_more_than_its_callers_in_flight() -> None:
    now = most = 0

    async def call(request: Request) -> str:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.005)
        now -= 1
        return "ok"

    measured = await closed(call, ONE, ClosedLoop(in_flight=4, seconds=0.2, warm_up=0.05), time.monotonic())
    assert most == 4
    assert 80 < measured.rps <= 810


async def test_what_is_sent_in_the_warm_up_is_not_measured() -> None:
    async def call(request: Request) -> str:
        return "ok"

    begin = time.monotonic()
    measured = await opened(call, ONE, OpenLoop(rate=100, seconds=0.1, warm_up=0.2), begin)
    assert len(measured.latencies_ms) == 10


async def test_errors_are_counted_by_code_and_not_as_answers() -> None:
    outcomes = iter(["ok", "grpc 8", "grpc 8", "429"] * 100)

    async def call(request: Request) -> str:
        return next(outcomes)

    measured = await opened(call, ONE, OpenLoop(rate=200, seconds=0.2, warm_up=0.0), time.monotonic())
    assert len(measured.latencies_ms) == 10
    assert measured.errors == {"grpc 8": 20, "429": 10}


def test_processes_that_ran_side_by_side_add_up() -> None:
    whole = together([Measured(2.0, [1.0, 2.0]), Measured(2.0, [3.0, 4.0])])
    assert whole.rps == 2.0
    assert sorted(whole.latencies_ms) == [1.0, 2.0, 3.0, 4.0]
