"""Redis goes away while it is used, comes back, hangs, refuses: nobody waits for it, and it mends by itself."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import psutil
import pytest
from redis.asyncio import Redis

from app.errors import CacheUnavailable
from app.storage.redis import RedisCache
from tests.valkey import Valkey

SOON = 20.0
"""Seconds within which all must be over that waits for a Redis that is gone, on a busy machine too; it would be minutes
if nobody looked at the time."""

ROUNDS = 50
"""Rounds of the event loop that what must not wait for Redis may take; a wait of a millisecond is hundreds."""

BACK = 30.0
"""Seconds within which the cache must be back after Redis: it tries again at most 5 s after the last attempt."""


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[RedisCache]:
    cache = await RedisCache.open(url)
    try:
        yield cache
    finally:
        await cache.close()


@asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    start = time.monotonic()
    yield
    assert time.monotonic() - start < seconds


@asynccontextmanager
async def without_waiting() -> AsyncIterator[None]:
    """What is done inside never waits for anything: it is over before the loop has come round."""
    rounds = 0

    def came_round() -> None:
        nonlocal rounds
        rounds += 1
        again[0] = loop.call_soon(came_round)

    loop = asyncio.get_running_loop()
    again = [loop.call_soon(came_round)]
    yield
    again[0].cancel()
    assert rounds <= ROUNDS


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(BACK):
        while not await condition():
            await asyncio.sleep(0.02)


async def works(cache: RedisCache) -> bool:
    cache.set("works", b"yes", 60)
    try:
        return await cache.get("works") == b"yes"
    except CacheUnavailable:
        return False


async def assert_away(cache: RedisCache) -> None:
    """A first read raises soon, every later one at once, and so do writes return."""
    async with within(SOON):
        with pytest.raises(CacheUnavailable):
            await cache.get("key")
    before = cache.dropped
    async with without_waiting():
        for n in range(100):
            cache.set("key", b"value", 60)
            cache.append("log", n + 1, b"entry", 60)
            cache.publish("channel", b"message")
            cache.delete("key")
    async with without_waiting():
        for read in (cache.get("key"), cache.read("log", 0, 30), cache.ping()):
            with pytest.raises(CacheUnavailable):
                await read
    assert not cache.available
    assert cache.dropped - before == 400


async def test_without_redis_at_the_start_it_opens_and_redis_may_come_later(valkey: Valkey) -> None:
    valkey.kill()
    async with opened(valkey.url) as cache, cache.subscribe("channel") as messages:
        await assert_away(cache)
        valkey.restart()
        await until(lambda: works(cache))
        assert await hears(cache, messages)


async def test_redis_killed_in_use_fails_nothing_and_is_used_again_when_it_is_back(valkey: Valkey) -> None:
    async with opened(valkey.url) as cache, cache.subscribe("channel") as messages:
        for _ in range(2):
            assert await hears(cache, messages)
            valkey.kill()
            await assert_away(cache)
            valkey.restart()
            await until(lambda: works(cache))
        assert await hears(cache, messages)
        assert cache.available


async def test_redis_hanging_is_the_same_as_redis_gone(valkey: Valkey) -> None:
    async with opened(valkey.url) as cache, cache.subscribe("channel") as messages:
        assert await works(cache)
        valkey.hang()
        await assert_away(cache)
        async with within(SOON), cache.subscribe("another"):
            pass
        valkey.resume()
        await until(lambda: works(cache))
        assert await hears(cache, messages)


async def test_redis_hanging_at_the_start_delays_it_little(valkey: Valkey) -> None:
    valkey.hang()
    async with within(SOON), opened(valkey.url) as cache:
        await assert_away(cache)


async def test_a_hang_that_nobody_runs_into_is_noticed_too(valkey: Valkey) -> None:
    async with opened(valkey.url) as cache:
        valkey.hang()
        async with asyncio.timeout(BACK):
            while cache.available:
                await asyncio.sleep(0.05)


async def test_a_waiting_reader_is_told_when_redis_is_killed(valkey: Valkey) -> None:
    async with opened(valkey.url) as cache:
        readers = [asyncio.create_task(cache.read("log", 0, 30)) for _ in range(3)]
        for _ in range(10):
            await cache.get("key")
        valkey.kill()
        async with within(SOON):
            assert [type(e) for e in await asyncio.gather(*readers, return_exceptions=True)] == [CacheUnavailable] * 3


async def test_closing_while_redis_hangs_is_quick_and_leaves_nothing_open(valkey: Valkey) -> None:
    before = (len(asyncio.all_tasks()), connections())
    cache = await RedisCache.open(valkey.url)
    valkey.hang()
    cache.set("key", bytes(12_000_000), 60)
    for n in range(1_000):
        cache.append("log", n + 1, b"entry", 60)
    async with within(SOON):
        await cache.close()
    await asyncio.sleep(0)
    assert (len(asyncio.all_tasks()), connections()) == before
    assert cache.dropped == 1_001


async def test_a_server_that_refuses_writes_counts_as_away_until_it_takes_them(valkey: Valkey) -> None:
    async with opened(valkey.url) as cache, Redis.from_url(valkey.url) as operator:
        await operator.config_set("maxmemory", "1")
        cache.set("key", b"value", 60)
        await until(lambda: unavailable(cache))
        assert cache.dropped >= 1
        await operator.config_set("maxmemory", "0")
        await until(lambda: works(cache))


async def test_the_log_says_once_that_it_went_and_once_that_it_came_back(
    valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with opened(valkey.url) as cache:
        caplog.clear()
        cache.set("a-key", b"a-text", 60)
        valkey.kill()
        await assert_away(cache)
        await asyncio.sleep(0.6)  # time for an attempt that must not be told
        valkey.restart()
        await until(lambda: works(cache))
    said = [record.getMessage() for record in caplog.records if record.name != "asyncio"]
    assert len(said) == 2
    assert said[0].startswith("the cache is away: ")
    assert said[1] == "the cache is back"
    assert "a-" not in caplog.text


async def hears(cache: RedisCache, messages: AsyncIterator[bytes]) -> bool:
    """Whether a subscriber gets what is published now; its channel may take a moment to be back."""
    async with asyncio.timeout(BACK):
        listening = asyncio.ensure_future(anext(messages))
        while not listening.done():
            cache.publish("channel", b"message")
            await asyncio.wait([listening], timeout=0.02)
        first = listening.result()
        await cache.get("key")
    return first == b"message"


async def unavailable(cache: RedisCache) -> bool:
    return not cache.available


def connections() -> int:
    return len(psutil.Process().net_connections())
