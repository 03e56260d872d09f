"""The in-process cache stays within its bounds, whatever is written to it."""

import asyncio
import tracemalloc
from collections.abc import Callable

import pytest

from app.clock import HandClock
from app.storage.memory import Bounds, MemoryCache

SMALL = Bounds(size=1_000_000, names=2_000)


def write_values(cache: MemoryCache) -> None:
    for n in range(1_000):
        cache.set(f"value:{n}", bytes(10_000), 3_600)


def write_small_values(cache: MemoryCache) -> None:
    for n in range(25_000):
        cache.set(f"value:{n}", bytes(1), 3_600)


def write_one_value_again_and_again(cache: MemoryCache) -> None:
    for n in range(25_000):
        cache.set("value", bytes(n % 10_000), 3_600)


def write_and_delete(cache: MemoryCache) -> None:
    for n in range(25_000):
        cache.set(f"value:{n}", bytes(400), 3_600)
        cache.delete(f"value:{n}")


def write_many_logs(cache: MemoryCache) -> None:
    for n in range(25_000):
        cache.append(f"log:{n % 500}", n + 1, bytes(400), 3_600)


def write_one_long_log(cache: MemoryCache) -> None:
    for n in range(25_000):
        cache.append("log", n + 1, bytes(400), 3_600)


@pytest.mark.parametrize(
    "write",
    [
        write_values,
        write_small_values,
        write_one_value_again_and_again,
        write_and_delete,
        write_many_logs,
        write_one_long_log,
    ],
)
def test_ten_times_the_bound_written_stays_within_the_bound(write: Callable[[MemoryCache], None]) -> None:
    cache = MemoryCache(HandClock(), SMALL)
    tracemalloc.start()
    try:
        write(cache)
        used, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert cache.size <= SMALL.size
    assert used < SMALL.size * 1.3
    assert peak < SMALL.size * 1.5


async def test_what_was_not_used_for_longest_goes_first() -> None:
    cache = MemoryCache(HandClock(), Bounds(names=3))
    for key in "abc":
        cache.set(key, b"value", 60)
    await cache.get("a")
    cache.set("d", b"value", 60)
    assert [key for key in "abcd" if await cache.get(key)] == ["a", "c", "d"]


async def test_what_is_larger_than_the_whole_cache_is_not_kept_and_pushes_nothing_out() -> None:
    cache = MemoryCache(HandClock(), SMALL)
    cache.set("other", b"value", 60)
    cache.set("large", b"small once", 60)
    cache.set("large", bytes(SMALL.size), 60)
    cache.append("log", 1, bytes(SMALL.size), 60)
    assert await cache.get("large") is None
    assert await cache.read("log", 0, 0) == []
    assert await cache.get("other") == b"value"


async def test_a_value_lives_to_the_second_it_was_given() -> None:
    clock = HandClock()
    cache = MemoryCache(clock)
    cache.set("key", b"value", 60)
    clock.turn(59.999)
    assert await cache.get("key") == b"value"
    clock.turn(0.001)
    assert await cache.get("key") is None


async def test_what_has_expired_makes_room_without_being_asked_for() -> None:
    clock = HandClock()
    cache = MemoryCache(clock)
    for n in range(1_000):
        cache.set(f"value:{n}", bytes(100), 30 + n % 7)
        cache.append(f"log:{n}", 1, bytes(100), 30 + n % 7)
    cache.append("log:0", 2, bytes(100), 90)
    clock.turn(60)
    for n in range(600):
        cache.set("key", b"%d" % n, 30)
    assert cache.size < 2_000
    assert len(await cache.read("log:0", 0, 0)) == 2


async def test_readers_and_subscribers_that_leave_leave_nothing_behind() -> None:
    cache = MemoryCache(HandClock())
    readers = [asyncio.create_task(cache.read(f"log:{n % 100}", 0, 0.01)) for n in range(1_000)]
    assert await asyncio.gather(*readers) == [[]] * 1_000
    async with cache.subscribe("channel"):
        pass
    assert not cache._waiting
    assert not cache._inboxes


async def test_closing_ends_a_wait() -> None:
    cache = MemoryCache(HandClock())
    reader = asyncio.create_task(cache.read("log", 0, 30))
    await asyncio.sleep(0)
    await cache.close()
    async with asyncio.timeout(30):
        assert await reader == []
