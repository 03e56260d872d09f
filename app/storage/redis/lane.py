"""Commands to Redis in their order, as few and as large exchanges as can be.

A command awaited by itself costs 60 to 100 microseconds with redis-py, so commands are sent together: while one
exchange is under way the next one gathers. The writes in it are not replied to, since parsing a reply costs six times
what packing and sending a write does; a last small write stands for them, because what makes a server refuse writes
(no memory left, a replica now, no permission) makes it refuse that one too.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Any

from app.errors import CacheUnavailable
from app.storage.redis.wire import NO_ANSWER, PATIENCE, Link, pack

BUFFER = 16_000_000
"""Bytes of commands that wait to be sent at most; past it writes are dropped."""

_MOST_ASKED = 10_000
"""Reads that wait for their turn at most; past it they raise."""

_ASKED_AT_ONCE = 200
"""Reads in one exchange: writes wait for no more than these."""

_SILENCE = pack(b"CLIENT", b"REPLY", b"OFF")
_SPEAK = pack(b"CLIENT", b"REPLY", b"ON")
_CHECK = pack(b"SET", b"masterx:writable", b"1", b"PX", b"60000")


@dataclass(frozen=True, slots=True)
class _Batch:
    writes: list[bytes]
    asked: list[tuple[bytes, asyncio.Future[Any]]]


class Lane:
    """Takes commands while it is open and sends them over whichever connection it is given."""

    def __init__(self) -> None:
        self.is_open = False
        self.dropped = 0
        self._work = asyncio.Event()
        self._writes: list[bytes] = []
        self._size = 0
        self._asked: deque[tuple[bytes, asyncio.Future[Any]]] = deque()
        self._under_way = _Batch([], [])

    def tell(self, command: bytes) -> None:
        """Has a write sent; it is dropped when the lane is shut or full."""
        self._size += len(command)
        if not self.is_open or self._size > BUFFER:
            self._size -= len(command)
            self.dropped += 1
            return
        self._writes.append(command)
        self._work.set()

    async def ask(self, command: bytes) -> Any:
        """The reply to a read, which sees every write told before; `CacheUnavailable` when none comes in `PATIENCE`."""
        if not self.is_open or len(self._asked) >= _MOST_ASKED:
            raise CacheUnavailable("the cache is away")
        answer = asyncio.get_running_loop().create_future()
        self._asked.append((command, answer))
        self._work.set()
        try:
            async with asyncio.timeout(PATIENCE):
                said = await answer
        except TimeoutError:
            raise CacheUnavailable("the cache is slow") from None
        if said is NO_ANSWER:
            raise CacheUnavailable("the cache did not answer")
        return said

    def open(self) -> None:
        """Commands are taken from now on."""
        self.is_open = True

    def shut(self) -> None:
        """Commands are refused from now on, and those that wait get no answer."""
        self.is_open = False
        for batch in (self._under_way, self._take(len(self._asked))):
            self.dropped += len(batch.writes)
            for _, answer in batch.asked:
                _settle(answer, NO_ANSWER)
        self._under_way = _Batch([], [])

    async def serve(self, link: Link) -> None:
        """Sends what comes until the connection is lost."""
        while True:
            await self._work.wait()
            self._under_way = batch = self._take(_ASKED_AT_ONCE)
            await _exchange(link, batch)
            self._under_way = _Batch([], [])

    def _take(self, most: int) -> _Batch:
        """All writes, then reads: a read may see a write that came after it, never miss one from before."""
        asked = [self._asked.popleft() for _ in range(min(most, len(self._asked)))]
        batch = _Batch(self._writes, asked)
        self._writes, self._size = [], 0
        if not self._asked:
            self._work.clear()
        return batch


async def check(link: Link) -> None:
    """Raises unless the server can be written to."""
    async with asyncio.timeout(PATIENCE):
        await link.send(_CHECK)
        await link.reply()


async def _exchange(link: Link, batch: _Batch) -> None:
    """Sends a batch and takes in its replies, each of them within `PATIENCE`."""
    now = asyncio.get_running_loop().time
    writes = (_SILENCE, *batch.writes, _SPEAK, _CHECK) if batch.writes else ()
    async with asyncio.timeout(PATIENCE) as patience:
        await link.send(b"".join((*writes, *(command for command, _ in batch.asked))))
        if writes:
            await link.reply()
            await link.reply()
        for _, answer in batch.asked:
            _settle(answer, await link.answer())
            patience.reschedule(now() + PATIENCE)


def _settle(answer: asyncio.Future[Any], said: Any) -> None:
    if not answer.done():
        answer.set_result(said)
