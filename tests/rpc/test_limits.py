"""Rate limits hold over all processes, and go on without Redis."""

import asyncio
import time
from collections.abc import Awaitable
from typing import Any

import grpc
from kith.context.v1 import context_pb2

from server.embedded.stores import EmbeddedStores
from store.limits import Limit, Limiter
from store.redis_link import RedisLink
from tests.rpc.access_server import Process, key, process, refusal, settings_for

READ = context_pb2.GetContactContextRequest(contact_id="ct_1")


async def _allowed(calls: "list[Awaitable[Any]]") -> int:
    answers = await asyncio.gather(*calls, return_exceptions=True)
    refused = [a for a in answers if isinstance(a, grpc.aio.AioRpcError)]
    assert all(error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED for error in refused)
    return len(answers) - len(refused)


def _reads(server: Process, secret: str, count: int) -> "list[Awaitable[Any]]":
    return [server.context.GetContactContext(READ, metadata=key(secret)) for _ in range(count)]


async def test_two_processes_share_one_limit_per_tenant(stores: EmbeddedStores, database_name: str) -> None:
    settings = settings_for(stores, database_name, rate_limits="GetContactContext=0.5/10")
    async with process(settings) as one, process(settings) as two:
        first, second = await one.make_tenant("tnt_1"), await one.make_tenant("tnt_2")
        assert await _allowed(_reads(one, first, 15) + _reads(two, first, 15)) == 10
        assert await _allowed(_reads(two, second, 15)) == 10


async def test_a_refusal_says_when_to_come_back(stores: EmbeddedStores, database_name: str) -> None:
    settings = settings_for(stores, database_name, rate_limits="GetContactContext=0.2/1")
    async with process(settings) as server:
        secret = await server.make_tenant("tnt_wait")
        await server.context.GetContactContext(READ, metadata=key(secret))
        refused = await refusal(server.context.GetContactContext(READ, metadata=key(secret)))
        assert (refused.code, refused.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED")
        assert refused.retry_seconds is not None
        assert 4 < refused.retry_seconds <= 5
        assert refused.trailing["retry-after"] == "5"


async def test_who_waits_as_told_is_let_in(stores: EmbeddedStores, database_name: str) -> None:
    settings = settings_for(stores, database_name, rate_limits="GetContactContext=5/1")
    async with process(settings) as server:
        secret = await server.make_tenant("tnt_patient")
        await server.context.GetContactContext(READ, metadata=key(secret))
        refused = await refusal(server.context.GetContactContext(READ, metadata=key(secret)))
        assert refused.retry_seconds is not None
        await asyncio.sleep(refused.retry_seconds + 0.01)
        await server.context.GetContactContext(READ, metadata=key(secret))


async def test_other_rpcs_of_the_tenant_have_limits_of_their_own(stores: EmbeddedStores, database_name: str) -> None:
    settings = settings_for(stores, database_name, rate_limits="GetContactContext=0.1/1")
    async with process(settings) as server:
        secret = await server.make_tenant("tnt_own")
        assert await _allowed(_reads(server, secret, 3)) == 1
        request = context_pb2.IngestInteractionRequest(contact_id="ct_1", user_message="hi")
        await server.context.IngestInteraction(request, metadata=key(secret))


async def test_calls_of_one_tick_ask_redis_once(stores: EmbeddedStores) -> None:
    link = RedisLink(stores.redis_url)
    await link.start()
    try:
        limiter, limit = Limiter(link), Limit("Tick", 1, 100)
        await limiter.ask("tnt_w", limit)
        before = int((await link.client.info("commandstats"))["cmdstat_evalsha"]["calls"])
        answers = await asyncio.gather(*(limiter.ask("tnt_tick", limit) for _ in range(120)))
        after = int((await link.client.info("commandstats"))["cmdstat_evalsha"]["calls"])
        assert after - before == 1
        assert sum(wait == 0 for wait in answers) == 100
    finally:
        await link.close()


async def test_a_large_limit_is_leased_and_never_exceeded_by_many_processes(stores: EmbeddedStores) -> None:
    link = RedisLink(stores.redis_url)
    await link.start()
    try:
        limit = Limit("Large", 1000, 2000)
        limiters = [Limiter(link) for _ in range(3)]
        began, allowed = time.monotonic(), 0
        for _ in range(60):
            for limiter in limiters:
                for _ in range(30):
                    wait = limiter.take("tnt_large", limit)
                    allowed += (await limiter.ask("tnt_large", limit) if wait is None else wait) == 0
        assert allowed <= 2000 + (time.monotonic() - began) * 1000 + 1
        assert allowed >= 2000
    finally:
        await link.close()


async def test_without_redis_each_process_limits_by_itself_and_nobody_waits(
    stores: EmbeddedStores, database_name: str
) -> None:
    settings = settings_for(stores, database_name, rate_limits="GetContactContext=0.5/10")
    async with process(settings) as server:
        secret = await server.make_tenant("tnt_alone")
        await server.context.GetContactContext(READ, metadata=key(secret))
        stores.stop_redis(kill=True)
        try:
            began = time.monotonic()
            assert await _allowed(_reads(server, secret, 15)) == 10
            assert time.monotonic() - began < 1
        finally:
            stores.start_redis()
        deadline = time.monotonic() + 5
        while not server.redis.available:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
