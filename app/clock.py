"""Time and identity that tests can turn. Nothing else in `app` reads the system clock for a decision."""

import asyncio
import os
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the service knows of time."""

    def now(self) -> float:
        """Seconds since the epoch, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, for measuring."""
        ...

    def id(self) -> str:
        """A new UUIDv7; ids of one clock sort in the order in which they were made."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Returns when so much time has passed."""
        ...


def iso(seconds: float) -> str:
    """UTC time as stored text, microseconds and a `Z`.

    >>> iso(0)
    '1970-01-01T00:00:00.000000Z'
    """
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat(timespec='microseconds')[:26]}Z"


def before(seconds: float) -> str:
    """A text that sorts after every id made before a time, and before every one made later.

    >>> "01893b3d-ffff-7fff" < before(1_688_916_066.304) < "01893b3e-0000-7000"
    True
    """
    text = f"{max(int(seconds * 1000), 0):012x}"
    return f"{text[:8]}-{text[8:]}"


_AT_ONCE = 512
"""Random bytes taken from the system in one call: a call for each id costs as much as the rest of it."""


class Ids:
    """UUIDv7 (RFC 9562, method 1 of 6.2): 48 bits of milliseconds, a 12-bit counter, 62 random bits.

    The counter keeps ids of one process in order within a millisecond; past 4,096 in one millisecond, and when
    the clock is turned back, the time part goes on from the last one used.
    """

    def __init__(self) -> None:
        self._ms = 0
        self._count = 0
        self._random = b""

    def new(self, now: float) -> str:
        """The next id at `now` seconds since the epoch."""
        ms = int(now * 1000)
        if ms > self._ms:
            self._ms, self._count = ms, 0
        elif self._count == 0xFFF:
            self._ms, self._count = self._ms + 1, 0
        else:
            self._count += 1
        high = (self._ms << 16) | 0x7000 | self._count
        if not self._random:
            self._random = os.urandom(_AT_ONCE)
        chance, self._random = self._random[:8], self._random[8:]
        low = (int.from_bytes(chance) & 0x3FFFFFFFFFFFFFFF) | 0x8000000000000000
        text = f"{high:016x}{low:016x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


class SystemClock:
    """The machine's own clock."""

    def __init__(self) -> None:
        self._ids = Ids()

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.perf_counter()

    def id(self) -> str:
        return self._ids.new(time.time())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class HandClock:
    """A clock that stands still until it is turned: `clock.turn(15)`."""

    def __init__(self, now: float = 1_790_000_000.0) -> None:
        self._now = now
        self._monotonic = 0.0
        self._ids = Ids()
        self._turned = asyncio.Event()

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def id(self) -> str:
        return self._ids.new(self._now)

    async def sleep(self, seconds: float) -> None:
        until = self._monotonic + seconds
        while self._monotonic < until:
            await self._turned.wait()

    def turn(self, seconds: float) -> None:
        """Moves time on by `seconds`; whoever sleeps no longer is woken."""
        self._now += seconds
        self._monotonic += seconds
        self._turned.set()
        self._turned = asyncio.Event()
