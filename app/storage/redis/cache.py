"""The cache port over Redis: it comes and goes, and nobody waits for it."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from typing import Any, Self

from app.errors import CacheUnavailable
from app.storage.cache import LOG_LENGTH, LONGEST_WAIT
from app.storage.inbox import Inbox
from app.storage.redis.feed import Feed
from app.storage.redis.lane import Lane, check
from app.storage.redis.wire import LOST, NO_SCRIPT, Address, Link, Script, connected, pack

_SHORTEST_PAUSE = 0.5
_LONGEST_PAUSE = 5.0
"""Seconds between attempts to connect, doubling from the shortest to the longest."""

_BEAT = 2.0
"""Seconds between questions whether Redis is still there, for the times when nobody else asks."""

_PAGE = 500
"""Entries of a log asked for at once: redis-py takes 13 microseconds for each, and nothing else runs meanwhile."""

_PREFIX = b"masterx:"
_LARGEST = 2**63
_PING = pack(b"PING")

log = logging.getLogger("masterx.cache")


class RedisCache:
    """The cache port for many processes, on two connections each, however many readers wait.

    A reader that waits for a log listens to a channel of that log, which each append tells; so waiting costs a
    subscription, not a connection. 10,000 reads may be under way at once, further ones raise. While Redis is away
    writes are dropped and reads raise at once; one task tries to connect again, so no request ever does.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._channel_prefix = b"%b%d:" % (_PREFIX, address.database)  # channels know no databases
        self._lane = Lane()
        self._feed = Feed()
        self._tried = asyncio.Event()
        self._is_away = False
        self._is_closing = False
        self._keeper = asyncio.create_task(self._keep())

    @classmethod
    async def open(cls, url: str) -> Self:
        """Gives a cache after the first attempt to connect, whatever came of it; `SettingsError` for a wrong URL."""
        cache = cls(Address.of(url))
        await cache._tried.wait()
        return cache

    @property
    def available(self) -> bool:
        return self._lane.is_open

    @property
    def dropped(self) -> int:
        return self._lane.dropped

    def set(self, key: str, value: bytes, ttl: float) -> None:
        self._lane.tell(pack(b"SET", _name(key), value, b"PX", _milliseconds(ttl)))

    def delete(self, key: str) -> None:
        self._lane.tell(pack(b"DEL", _name(key)))

    async def get(self, key: str) -> bytes | None:
        value: bytes | None = await self._lane.ask(pack(b"GET", _name(key)))
        return value

    async def take(self, key: str) -> bytes | None:
        value: bytes | None = await self._lane.ask(pack(b"GETDEL", _name(key)))
        return value

    def append(self, log: str, n: int, entry: bytes, ttl: float) -> None:
        head, tail = _appending(self._channel_prefix, log, ttl)
        number = _number(n)
        self._lane.tell(
            b"%b$%d\r\n%b\r\n$1\r\ne\r\n$%d\r\n%b\r\n%b" % (head, len(number), number, len(entry), entry, tail)
        )

    async def read(self, log: str, after: int, wait: float) -> list[tuple[int, bytes]]:
        entries = await self._past(log, after)
        if entries or wait <= 0:
            return entries
        deadline = asyncio.get_running_loop().time() + min(wait, LONGEST_WAIT)
        async with self._feed.listen(_log_channel(self._channel_prefix, log), brief=True) as inbox:
            while not (entries := await self._past(log, after)) and await _stirred(inbox, deadline):
                pass
        return entries

    def publish(self, channel: str, message: bytes) -> None:
        self._lane.tell(pack(b"PUBLISH", self.channel(channel), message))

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncGenerator[AsyncIterator[bytes], None]:
        async with self._feed.listen(self.channel(channel)) as inbox:
            yield inbox

    async def run(self, script: Script, keys: Sequence[str], args: Sequence[bytes]) -> Any:
        """What a script gives, which runs as one step; it sees every write made before."""
        rest = (b"%d" % len(keys), *map(_name, keys), *args)
        said = await self._lane.ask(pack(b"EVALSHA", script.sha, *rest))
        return await self._lane.ask(pack(b"EVAL", script.source, *rest)) if said is NO_SCRIPT else said

    def channel(self, name: str) -> bytes:
        """What Redis calls a channel, for scripts that publish."""
        return b"%bchannel:%b" % (self._channel_prefix, _bytes(name))

    async def ping(self) -> str:
        info: bytes = await self._lane.ask(pack(b"INFO", b"server"))
        facts = dict(line.split(":", 1) for line in info.decode().splitlines() if ":" in line)
        if version := facts.get("valkey_version"):
            return f"Valkey {version}"
        return f"Redis {facts.get('redis_version', 'of unknown version')}"

    async def close(self) -> None:
        with suppress(CacheUnavailable):
            await self._lane.ask(_PING)  # answered after all that was told before it
        self._is_closing = True
        self._keeper.cancel()
        await asyncio.wait([self._keeper])
        self._feed.close()
        if not self._keeper.cancelled():
            self._keeper.result()

    async def _past(self, log: str, after: int) -> list[tuple[int, bytes]]:
        entries: list[tuple[int, bytes]] = []
        while True:
            question = pack(b"XRANGE", _name(log), _number(after + 1), b"+", b"COUNT", b"%d" % _PAGE)
            page = await self._lane.ask(question)
            entries += [(int(number.partition(b"-")[0]), fields[1]) for number, fields in page]
            if len(page) < _PAGE:
                return entries
            after = entries[-1][0]

    async def _keep(self) -> None:
        """Connects and serves until the connection is lost, over and over."""
        pause = _SHORTEST_PAUSE
        # The flag, because in Python 3.11 a task group that is failing already swallows the cancelling of its task.
        while not self._is_closing:
            pause = _SHORTEST_PAUSE if await self._served() else min(2 * pause, _LONGEST_PAUSE)
            if not self._is_closing:
                await asyncio.sleep(pause)

    async def _served(self) -> bool:
        """Serves one connection until it is lost; false when there was none to be had."""
        found = False
        try:
            async with connected(self._address) as commands, connected(self._address) as messages:
                await check(commands)
                found = True
                await self._serve(commands, messages)
        except* LOST as lost:
            self._note(lost)
        return found

    async def _serve(self, commands: Link, messages: Link) -> None:
        self._lane.open()
        self._feed.open()
        self._note(None)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._lane.serve(commands))
                group.create_task(self._feed.tell(messages))
                group.create_task(self._feed.hear(messages))
                group.create_task(self._beat())
        finally:
            self._lane.shut()
            self._feed.shut()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(_BEAT)
            with suppress(CacheUnavailable):
                await self._lane.ask(_PING)

    def _note(self, lost: BaseExceptionGroup[BaseException] | None) -> None:
        """Says in the log that the cache went away or came back, once each. Never an error's text: it may quote."""
        if lost and not self._is_away:
            log.warning("the cache is away: %s", _kind(lost))
        elif not lost and self._is_away:
            log.warning("the cache is back")
        self._is_away = lost is not None
        self._tried.set()


async def _stirred(inbox: Inbox, deadline: float) -> bool:
    """Waits for a message; false when time is up, `CacheUnavailable` when the connection is lost."""
    try:
        async with asyncio.timeout_at(deadline):
            await anext(inbox)
    except TimeoutError:
        return False
    except StopAsyncIteration:
        raise CacheUnavailable("the cache went away") from None
    return True


@lru_cache(4_096)
def _appending(channel_prefix: bytes, log: str, ttl: float) -> tuple[bytes, bytes]:
    """What is sent before and after the number and the entry of an append: the same for every entry of a log.

    Kept because an append is what a stream does for each chunk: 0.4 microseconds with it, 3.6 without.
    """
    name = _name(log)
    head = b"*8\r\n" + pack(b"XADD", name, b"MAXLEN", b"~", b"%d" % LOG_LENGTH).partition(b"\r\n")[2]
    expire = pack(b"PEXPIRE", name, _milliseconds(ttl))
    return head, expire + pack(b"PUBLISH", _log_channel(channel_prefix, log), b"")


def _log_channel(prefix: bytes, log: str) -> bytes:
    return b"%blog:%b" % (prefix, _bytes(log))


def _name(key: str) -> bytes:
    return _PREFIX + _bytes(key)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _number(n: int) -> bytes:
    return b"%d-0" % max(0, min(n, _LARGEST))


def _milliseconds(ttl: float) -> bytes:
    return b"%d" % max(1, int(ttl * 1000))


def _kind(group: BaseExceptionGroup[BaseException]) -> str:
    first = group.exceptions[0]
    return _kind(first) if isinstance(first, BaseExceptionGroup) else type(first).__name__
