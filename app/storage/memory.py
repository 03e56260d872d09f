"""The cache inside one process: bounded, the least recently used goes first. Nothing to install, nothing to reach."""

import asyncio
import heapq
from bisect import bisect_right
from collections import OrderedDict, defaultdict
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeVar

from app.clock import Clock
from app.storage.cache import LOG_LENGTH, LONGEST_WAIT
from app.storage.inbox import Inbox

T = TypeVar("T")

# What CPython 3.11 keeps beside the bytes themselves, measured with tracemalloc: 313 to 348 bytes for a value with its
# name and its place in two orders, 500 for a log, 47 (numbers below 257) or 75 for an entry of one.
_VALUE_OVERHEAD = 350
_LOG_OVERHEAD = 500
_ENTRY_OVERHEAD = 75

_TRIM = 1_000
"""Entries by which a log may exceed `LOG_LENGTH` before it is cut: cutting is paid once in so many appends."""

_SWEPT_PER_WRITE = 4
"""Expired names removed by one write at most: more than it adds, so that they cannot pile up."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the cache may hold: bytes including overhead, and names."""

    size: int = 64_000_000
    names: int = 200_000


@dataclass(slots=True)
class _Value:
    size: int
    expires: float
    data: bytes


@dataclass(slots=True)
class _Log:
    size: int
    expires: float
    numbers: list[int] = field(default_factory=list)
    entries: list[bytes] = field(default_factory=list)

    def add(self, n: int, entry: bytes) -> int:
        """Adds an entry with a new number; gives the bytes by which the log grew."""
        if self.numbers and n <= self.numbers[-1]:
            return 0
        self.numbers.append(n)
        self.entries.append(entry)
        grown = len(entry) + _ENTRY_OVERHEAD - self._trim()
        self.size += grown
        return grown

    def past(self, after: int) -> list[tuple[int, bytes]]:
        start = bisect_right(self.numbers, after)
        return list(zip(self.numbers[start:], self.entries[start:], strict=True))

    def _trim(self) -> int:
        if len(self.numbers) < LOG_LENGTH + _TRIM:
            return 0
        freed = sum(map(len, self.entries[:_TRIM])) + _TRIM * _ENTRY_OVERHEAD
        del self.numbers[:_TRIM], self.entries[:_TRIM]
        return freed


class _Kept:
    """Values and logs by name, least recently used first, within bounds."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._entries: OrderedDict[str, _Value | _Log] = OrderedDict()
        self._due: list[tuple[float, str]] = []
        self.size = 0

    def find(self, name: str, now: float) -> _Value | _Log | None:
        """What is kept under a name and has not expired; it counts as used now."""
        entry = self._entries.get(name)
        if entry is None or entry.expires <= now:
            return None
        self._entries.move_to_end(name)
        return entry

    def put(self, name: str, entry: _Value | _Log) -> None:
        """Keeps an entry in the place of the one before; `fit` is to follow."""
        before = self._entries.pop(name, None)
        self._entries[name] = entry
        self.size += entry.size
        if before is None:
            heapq.heappush(self._due, (entry.expires, name))
        else:
            self.size -= before.size

    def drop(self, name: str) -> None:
        if entry := self._entries.pop(name, None):
            self.size -= entry.size

    def fit(self, now: float) -> None:
        """Brings the whole back within bounds: expired entries go first, then those not used for longest."""
        if self._due and self._due[0][0] <= now:
            self._sweep(now)
        while self.size > self._bounds.size or len(self._entries) > self._bounds.names:
            self.size -= self._entries.popitem(last=False)[1].size
        if len(self._due) > 2 * len(self._entries) + 1_000:
            self._due = [(entry.expires, name) for name, entry in self._entries.items()]
            heapq.heapify(self._due)

    def _sweep(self, now: float) -> None:
        for _ in range(_SWEPT_PER_WRITE):
            if not self._due or self._due[0][0] > now:
                return
            _, name = heapq.heappop(self._due)
            entry = self._entries.get(name)
            if entry is None:
                continue
            if entry.expires <= now:
                self.drop(name)
            else:
                heapq.heappush(self._due, (entry.expires, name))


class MemoryCache:
    """The cache port for a single process; lifetimes by `clock`, waits by the event loop."""

    available = True
    dropped = 0

    def __init__(self, clock: Clock, bounds: Bounds | None = None) -> None:
        self._clock = clock
        self._bounds = bounds or Bounds()
        self._kept = _Kept(self._bounds)
        self._waiting: defaultdict[str, set[asyncio.Future[bool]]] = defaultdict(set)
        self._inboxes: defaultdict[str, set[Inbox]] = defaultdict(set)

    @property
    def size(self) -> int:
        """Bytes held, overhead included."""
        return self._kept.size

    def set(self, key: str, value: bytes, ttl: float) -> None:
        """Keeps a value; one that is larger than the whole cache may be is not kept."""
        size = len(key) + len(value) + _VALUE_OVERHEAD
        if size > self._bounds.size:
            return self._kept.drop(key)
        now = self._clock.monotonic()
        self._kept.put(key, _Value(size, now + ttl, value))
        return self._kept.fit(now)

    def delete(self, key: str) -> None:
        self._kept.drop(key)

    async def get(self, key: str) -> bytes | None:
        entry = self._kept.find(key, self._clock.monotonic())
        return entry.data if isinstance(entry, _Value) else None

    async def take(self, key: str) -> bytes | None:
        value = await self.get(key)
        if value is not None:
            self._kept.drop(key)
        return value

    def append(self, log: str, n: int, entry: bytes, ttl: float) -> None:
        """Adds to a log; one that grows larger than the whole cache may be is dropped."""
        now = self._clock.monotonic()
        kept = self._kept.find(log, now)
        if not isinstance(kept, _Log):
            kept = _Log(len(log) + _LOG_OVERHEAD, now + ttl)
            self._kept.put(log, kept)
        kept.expires = now + ttl
        self._kept.size += kept.add(n, entry)
        if kept.size > self._bounds.size:
            self._kept.drop(log)
        self._kept.fit(now)
        for waiter in self._waiting.pop(log, ()):
            _settle(waiter, True)

    async def read(self, log: str, after: int, wait: float) -> list[tuple[int, bytes]]:
        deadline = asyncio.get_running_loop().time() + min(wait, LONGEST_WAIT)
        while not (entries := self._past(log, after)) and wait > 0 and await self._woken(log, deadline):
            pass
        return entries

    def publish(self, channel: str, message: bytes) -> None:
        for inbox in self._inboxes.get(channel, ()):
            inbox.put(message)

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncGenerator[AsyncIterator[bytes], None]:
        inbox = Inbox()
        self._inboxes[channel].add(inbox)
        try:
            yield inbox
        finally:
            _leave(self._inboxes, channel, inbox)

    async def ping(self) -> str:
        return "in-process"

    async def close(self) -> None:
        """Ends every subscription and every wait, and keeps nothing."""
        self._kept = _Kept(self._bounds)
        for inbox in chain.from_iterable(self._inboxes.values()):
            inbox.close()
        for waiter in chain.from_iterable(self._waiting.values()):
            _settle(waiter, False)

    def _past(self, log: str, after: int) -> list[tuple[int, bytes]]:
        kept = self._kept.find(log, self._clock.monotonic())
        return kept.past(after) if isinstance(kept, _Log) else []

    async def _woken(self, log: str, deadline: float) -> bool:
        """Waits for the next entry of a log; false when there will be none: time is up, or the cache is closed."""
        waiter: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting[log].add(waiter)
        try:
            async with asyncio.timeout_at(deadline):
                return await waiter
        except TimeoutError:
            return False
        finally:
            _leave(self._waiting, log, waiter)


def _settle(waiter: asyncio.Future[bool], go_on: bool) -> None:
    if not waiter.done():
        waiter.set_result(go_on)


def _leave(groups: dict[str, set[T]], name: str, member: T) -> None:
    group = groups.get(name)
    if group is None:
        return
    group.discard(member)
    if not group:
        del groups[name]
