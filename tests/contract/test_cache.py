"""What the cache port promises, over every adapter."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from uuid import uuid4

import pytest

from app.clock import HandClock
from app.storage.cache import BACKLOG, LOG_LENGTH, Cache
from app.storage.memory import MemoryCache
from app.storage.redis import RedisCache

LIFE = 0.15
"""Seconds that a value lives where a test waits for its end."""


@dataclass(frozen=True)
class Subject:
    """An adapter under test. Names are of this test's own, since the server may have other users."""

    cache: Cache
    clock: HandClock | None
    name: str

    async def until_gone(self, is_gone: Callable[[], Awaitable[bool]]) -> None:
        """Lets `LIFE` pass, by hand where the clock allows it."""
        if self.clock:
            self.clock.turn(LIFE)
            assert await is_gone()
        async with asyncio.timeout(30):
            while not await is_gone():
                await asyncio.sleep(0.01)


@pytest.fixture(params=["memory", "redis"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    clock: HandClock | None = None
    cache: Cache
    if request.param == "memory":
        clock = HandClock()
        cache = MemoryCache(clock)
    else:
        cache = await RedisCache.open(request.getfixturevalue("redis_url"))
    yield Subject(cache, clock, uuid4().hex)
    await cache.close()


async def take(messages: AsyncIterator[bytes], many: int) -> list[bytes]:
    async with asyncio.timeout(30):
        return [await anext(messages) for _ in range(many)]


async def under_way(cache: Cache) -> None:
    """Gives what was begun before several round trips of time."""
    for _ in range(5):
        await asyncio.gather(cache.get("under way"), asyncio.sleep(0))


async def test_a_value_is_given_back_as_it_was_set(subject: Subject) -> None:
    subject.cache.set(subject.name, b"value", 60)
    assert await subject.cache.get(subject.name) == b"value"


async def test_what_was_never_written_is_not_there(subject: Subject) -> None:
    subject.cache.publish(subject.name, b"to nobody")
    assert await subject.cache.get(subject.name) is None
    assert await subject.cache.read(subject.name, 0, 0) == []


async def test_the_last_value_set_is_the_one_kept(subject: Subject) -> None:
    subject.cache.set(subject.name, b"a much longer first value", 60)
    subject.cache.set(subject.name, b"second", 60)
    assert await subject.cache.get(subject.name) == b"second"


async def test_a_deleted_value_is_gone(subject: Subject) -> None:
    subject.cache.set(subject.name, b"value", 60)
    subject.cache.delete(subject.name)
    subject.cache.delete(subject.name)
    assert await subject.cache.get(subject.name) is None


async def test_a_value_that_is_taken_goes_to_one_taker(subject: Subject) -> None:
    subject.cache.set(subject.name, b"value", 60)
    taken = await asyncio.gather(*(subject.cache.take(subject.name) for _ in range(3)))
    assert sorted(taken, key=str) == [None, None, b"value"]
    assert await subject.cache.get(subject.name) is None


@pytest.mark.parametrize(
    "value",
    [b"", bytes(range(256)), b"\r\n$3\r\nabc\r\n", b"\x00" * 7, b"+OK\r\n", bytes(range(256)) * 4_096],
    ids=["empty", "every byte", "like the protocol", "zeros", "like a reply", "1 MiB"],
)
async def test_any_bytes_are_a_value_an_entry_and_a_message(subject: Subject, value: bytes) -> None:
    cache, name = subject.cache, subject.name
    cache.set(name, value, 60)
    cache.append(name + ":log", 1, value, 60)
    assert await cache.get(name) == value
    assert await cache.read(name + ":log", 0, 0) == [(1, value)]
    async with cache.subscribe(name) as messages:
        cache.publish(name, value)
        assert await take(messages, 1) == [value]


@pytest.mark.parametrize("text", ["ключ", "鍵 🗝", "a b", "a\r\nDEL b", "\x00", "\ud800", "", "%d{}"])
async def test_any_text_is_a_name(subject: Subject, text: str) -> None:
    cache, name = subject.cache, subject.name + text
    cache.set(name, b"value", 60)
    cache.append(name + ":log", 1, b"entry", 60)
    assert await cache.get(name) == b"value"
    assert await cache.read(name + ":log", 0, 0) == [(1, b"entry")]
    async with cache.subscribe(name) as messages:
        cache.publish(name, b"message")
        assert await take(messages, 1) == [b"message"]


async def test_a_value_is_gone_when_its_life_is_over(subject: Subject) -> None:
    cache, name = subject.cache, subject.name
    cache.set(name, b"short", LIFE)
    cache.set(name + "2", b"long", 60)
    assert await cache.get(name) == b"short"

    async def is_gone() -> bool:
        return await cache.get(name) is None

    await subject.until_gone(is_gone)
    assert await cache.get(name + "2") == b"long"


async def test_setting_a_value_again_sets_its_life_again(subject: Subject) -> None:
    cache, name = subject.cache, subject.name
    cache.set(name, b"short", LIFE)
    cache.set(name, b"long", 60)
    cache.set(name + "2", b"witness", LIFE)

    async def is_gone() -> bool:
        return await cache.get(name + "2") is None

    await subject.until_gone(is_gone)
    assert await cache.get(name) == b"long"


async def test_a_read_sees_every_write_made_before_it(subject: Subject) -> None:
    for n in range(300):
        subject.cache.set(subject.name, b"%d" % n, 60)
        assert await subject.cache.get(subject.name) == b"%d" % n


async def test_reads_side_by_side_each_get_their_own_answer(subject: Subject) -> None:
    names = [f"{subject.name}:{n}" for n in range(1_000)]
    for name in names:
        subject.cache.set(name, name.encode(), 60)
    assert await asyncio.gather(*map(subject.cache.get, names)) == [name.encode() for name in names]


async def test_a_log_gives_its_entries_in_order_past_a_number(subject: Subject) -> None:
    for n in range(1, 6):
        subject.cache.append(subject.name, n, b"%d" % n, 60)
    assert await subject.cache.read(subject.name, 0, 0) == [(n, b"%d" % n) for n in range(1, 6)]
    assert await subject.cache.read(subject.name, 3, 0) == [(4, b"4"), (5, b"5")]
    assert await subject.cache.read(subject.name, 5, 0) == []
    assert await subject.cache.read(subject.name, 10**30, 0) == []
    subject.cache.append(subject.name, 900, b"after a gap", 60)
    assert await subject.cache.read(subject.name, 7, 0) == [(900, b"after a gap")]


async def test_an_entry_that_is_not_past_the_last_is_ignored(subject: Subject) -> None:
    for n, entry in [(1, b"first"), (2, b"second"), (2, b"again"), (1, b"again"), (3, b"third")]:
        subject.cache.append(subject.name, n, entry, 60)
    assert await subject.cache.read(subject.name, 0, 0) == [(1, b"first"), (2, b"second"), (3, b"third")]


async def test_a_log_keeps_its_newest_entries(subject: Subject) -> None:
    last = 2 * LOG_LENGTH + 1_234
    for n in range(1, last + 1):
        subject.cache.append(subject.name, n, b"%d" % n, 60)
    entries = await subject.cache.read(subject.name, 0, 0)
    assert entries == [(n, b"%d" % n) for n in range(last - len(entries) + 1, last + 1)]
    assert LOG_LENGTH <= len(entries) <= LOG_LENGTH * 1.2


async def test_a_log_lives_on_from_its_last_entry(subject: Subject) -> None:
    cache, name = subject.cache, subject.name
    cache.append(name, 1, b"entry", LIFE)
    cache.append(name, 2, b"entry", 60)
    cache.append(name + "2", 1, b"entry", LIFE)

    async def is_gone() -> bool:
        return not await cache.read(name + "2", 0, 0)

    await subject.until_gone(is_gone)
    assert len(await cache.read(name, 0, 0)) == 2


async def test_a_deleted_log_begins_anew(subject: Subject) -> None:
    subject.cache.append(subject.name, 7, b"before", 60)
    subject.cache.delete(subject.name)
    assert await subject.cache.read(subject.name, 0, 0) == []
    subject.cache.append(subject.name, 1, b"after", 60)
    assert await subject.cache.read(subject.name, 0, 0) == [(1, b"after")]


async def test_an_append_wakes_every_reader_that_waits(subject: Subject) -> None:
    readers = [asyncio.create_task(subject.cache.read(subject.name, after, 30)) for after in (0, 0, 1)]
    await under_way(subject.cache)
    subject.cache.append(subject.name, 1, b"first", 60)
    async with asyncio.timeout(30):
        assert await readers[0] == [(1, b"first")]
        assert await readers[1] == [(1, b"first")]
    subject.cache.append(subject.name, 2, b"second", 60)
    async with asyncio.timeout(30):
        assert await readers[2] == [(2, b"second")]


async def test_a_follower_gets_every_entry_once_and_soon(subject: Subject) -> None:
    async def follow() -> list[bytes]:
        entries: list[tuple[int, bytes]] = []
        while len(entries) < 200:
            entries += await subject.cache.read(subject.name, entries[-1][0] if entries else 0, 30)
        return [entry for _, entry in entries]

    follower = asyncio.create_task(follow())
    for n in range(1, 201):
        subject.cache.append(subject.name, n, b"%d" % n, 60)
        if n % 10 == 0:
            await under_way(subject.cache)
    async with asyncio.timeout(30):
        assert await follower == [b"%d" % n for n in range(1, 201)]


async def test_a_reader_waits_no_longer_than_it_was_told(subject: Subject) -> None:
    subject.cache.append(subject.name, 1, b"entry", 60)
    start = time.monotonic()
    async with asyncio.timeout(30):
        assert await subject.cache.read(subject.name, 1, 0.1) == []
    assert time.monotonic() - start > 0.09


async def test_an_ignored_entry_does_not_end_a_wait(subject: Subject) -> None:
    subject.cache.append(subject.name, 1, b"entry", 60)
    reader = asyncio.create_task(subject.cache.read(subject.name, 1, 30))
    for _ in range(20):
        subject.cache.append(subject.name, 1, b"again", 60)
        await under_way(subject.cache)
    assert not reader.done()
    subject.cache.append(subject.name, 2, b"new", 60)
    async with asyncio.timeout(30):
        assert await reader == [(2, b"new")]


async def test_a_reader_that_is_cancelled_does_not_disturb_others(subject: Subject) -> None:
    readers = [asyncio.create_task(subject.cache.read(subject.name, 0, 30)) for _ in range(5)]
    await under_way(subject.cache)
    for reader in readers[:3]:
        reader.cancel()
    await asyncio.wait(readers[:3])
    subject.cache.append(subject.name, 1, b"entry", 60)
    async with asyncio.timeout(30):
        assert await asyncio.gather(*readers[3:]) == [[(1, b"entry")]] * 2


async def test_every_subscriber_of_a_channel_gets_every_message_in_order(subject: Subject) -> None:
    cache, name = subject.cache, subject.name
    told = [b"%d" % n for n in range(500)]
    async with cache.subscribe(name) as one, cache.subscribe(name) as two, cache.subscribe(name + "!") as other:
        for message in told:
            cache.publish(name, message)
        cache.publish(name + "!", b"else")
        assert await take(one, 500) == told
        assert await take(two, 500) == told
        assert await take(other, 1) == [b"else"]


async def test_a_subscriber_hears_only_what_is_said_while_it_listens(subject: Subject) -> None:
    cache, name = subject.cache, subject.name
    for n in range(30):
        cache.publish(name, b"before")
        await cache.get(name)
        async with cache.subscribe(name) as messages:
            cache.publish(name, b"%d" % n)
            assert await take(messages, 1) == [b"%d" % n]


async def test_a_slow_subscriber_loses_the_oldest_and_holds_up_nobody(subject: Subject) -> None:
    cache, name = subject.cache, subject.name
    async with cache.subscribe(name) as slow, cache.subscribe(name) as quick:
        for start in range(0, 2_500, 100):
            for n in range(start, start + 100):
                cache.publish(name, b"%d" % n)
            assert await take(quick, 100) == [b"%d" % n for n in range(start, start + 100)]
        assert await take(slow, BACKLOG) == [b"%d" % n for n in range(1_500, 2_500)]


async def test_a_cache_in_use_is_available_and_drops_nothing(subject: Subject) -> None:
    subject.cache.set(subject.name, b"value", 60)
    assert await subject.cache.ping()
    assert (subject.cache.available, subject.cache.dropped) == (True, 0)


async def test_closing_ends_subscriptions(subject: Subject) -> None:
    async with subject.cache.subscribe(subject.name) as messages:
        await subject.cache.close()
        async with asyncio.timeout(30):
            assert [message async for message in messages] == []
