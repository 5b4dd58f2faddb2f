"""The cache never hands out what an acknowledged change made stale, whoever dies when."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from server.embedded.stores import EmbeddedStores
from store.cache import ERASED, SnapshotCache
from store.redis_link import RedisLink

TENANT = "tnt_cache"


@pytest.fixture
async def links(stores: EmbeddedStores) -> AsyncIterator[tuple[RedisLink, RedisLink]]:
    """Two processes' ways to one Redis."""
    pair = RedisLink(stores.redis_url), RedisLink(stores.redis_url)
    for link in pair:
        await link.start()
    await pair[0].client.flushall()
    for link in pair:
        link.report_failure()
        await _until(lambda link=link: link.available)
    # The second to come back set the epoch; the first learns of it with its next read.
    await SnapshotCache(pair[0], ttl_seconds=60).version(TENANT, "nobody")
    yield pair
    for link in pair:
        await link.close()


@pytest.fixture
def caches(links: tuple[RedisLink, RedisLink]) -> tuple[SnapshotCache, SnapshotCache]:
    return SnapshotCache(links[0], ttl_seconds=60), SnapshotCache(links[1], ttl_seconds=60)


Caches = tuple[SnapshotCache, SnapshotCache]


async def test_what_one_process_publishes_another_reads(caches: Caches) -> None:
    one, other = caches
    mark = await one.mark(TENANT, "ct_a")
    await one.publish(TENANT, "ct_a", mark, 7, b"seven")
    assert await other.version(TENANT, "ct_a") == 7
    assert await other.snapshot(TENANT, "ct_a") == b"seven"


async def test_a_contact_that_is_being_changed_is_read_from_postgres(caches: Caches) -> None:
    one, other = caches
    await one.publish(TENANT, "ct_b", await one.mark(TENANT, "ct_b"), 1, b"one")
    await one.mark(TENANT, "ct_b")
    assert await other.version(TENANT, "ct_b") is None


async def test_a_change_that_ends_does_not_end_the_mark_of_another(caches: Caches) -> None:
    one, other = caches
    first, second = await one.mark(TENANT, "ct_c"), await other.mark(TENANT, "ct_c")
    await one.publish(TENANT, "ct_c", first, 2, b"two")
    assert await one.version(TENANT, "ct_c") is None
    await other.publish(TENANT, "ct_c", second, 3, b"three")
    assert await one.version(TENANT, "ct_c") == 3


async def test_the_later_version_stands_whatever_is_published_last(caches: Caches) -> None:
    one, other = caches
    first, second = await one.mark(TENANT, "ct_d"), await other.mark(TENANT, "ct_d")
    await other.publish(TENANT, "ct_d", second, 9, b"nine")
    await one.publish(TENANT, "ct_d", first, 8, b"eight")
    assert (await one.version(TENANT, "ct_d"), await one.snapshot(TENANT, "ct_d")) == (9, b"nine")


async def test_a_slow_reader_cannot_fill_an_old_version_over_a_new_one(caches: Caches) -> None:
    one, other = caches
    began, epoch = time.monotonic(), other.epoch
    await one.publish(TENANT, "ct_e", await one.mark(TENANT, "ct_e"), 5, b"new")
    await other.fill(TENANT, "ct_e", 4, b"old", epoch=epoch, began=began)
    assert (await other.version(TENANT, "ct_e"), await other.snapshot(TENANT, "ct_e")) == (5, b"new")


async def test_a_reader_cannot_fill_while_a_change_is_under_way(caches: Caches) -> None:
    one, other = caches
    await one.mark(TENANT, "ct_f")
    await other.fill(TENANT, "ct_f", 4, b"old", epoch=other.epoch, began=time.monotonic())
    assert await other.version(TENANT, "ct_f") is None


async def test_an_erased_contact_cannot_be_filled_in_again(caches: Caches) -> None:
    one, other = caches
    await one.publish(TENANT, "ct_g", await one.mark(TENANT, "ct_g"), ERASED, None)
    await other.fill(TENANT, "ct_g", 4, b"old", epoch=other.epoch, began=time.monotonic())
    assert await other.snapshot(TENANT, "ct_g") is None


async def test_a_read_that_failed_voids_nothing(links: tuple[RedisLink, RedisLink], caches: Caches) -> None:
    one, other = caches
    await one.publish(TENANT, "ct_r", await one.mark(TENANT, "ct_r"), 1, b"kept")
    links[1].report_failure()
    await _until(lambda: links[1].available)
    assert await other.version(TENANT, "ct_r") == await one.version(TENANT, "ct_r") == 1


async def test_whoever_may_have_lost_a_change_voids_what_was_cached(
    links: tuple[RedisLink, RedisLink], caches: Caches
) -> None:
    one, other = caches
    await one.publish(TENANT, "ct_h", await one.mark(TENANT, "ct_h"), 1, b"stale")
    links[1].report_failure()
    # A change that is made while Redis cannot be told of it.
    assert (await other.mark(TENANT, "ct_h")).token == ""
    assert await other.version(TENANT, "ct_h") is None
    await _until(lambda: links[1].available)
    assert await other.version(TENANT, "ct_h") is None
    assert await one.version(TENANT, "ct_h") is None


async def test_checks_of_one_tick_share_one_round_trip(links: tuple[RedisLink, RedisLink], caches: Caches) -> None:
    one, other = caches
    await one.publish(TENANT, "ct_i", await one.mark(TENANT, "ct_i"), 3, None)
    before = (await links[0].client.info("commandstats"))["cmdstat_mget"]["calls"]
    found = await asyncio.gather(*(other.version(TENANT, f"ct_{c}") for c in "iiijk"))
    after = (await links[0].client.info("commandstats"))["cmdstat_mget"]["calls"]
    assert (found, after - before) == ([3, 3, 3, None, None], 1)


async def test_without_redis_every_call_answers_at_once_and_with_nothing(stores: EmbeddedStores) -> None:
    link = RedisLink("redis://127.0.0.1:1/0", timeout_ms=50)
    await link.start()
    cache = SnapshotCache(link, ttl_seconds=60)
    mark = await cache.mark(TENANT, "ct_z")
    await cache.publish(TENANT, "ct_z", mark, 2, b"two")
    assert (mark.token, await cache.version(TENANT, "ct_z"), await cache.snapshot(TENANT, "ct_z")) == ("", None, None)
    await link.close()


async def _until(condition: "object") -> None:
    async with asyncio.timeout(10):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.01)
