"""Events of this process for the other replicas, and theirs for this one: each replica's in the order it told them.

Each replica numbers what it tells, keeps it for two minutes in a log of the cache and says it on a channel. Whoever
finds a number missing reads the log; what the log has lost too may have been missed for good, and `lost` says so.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import orjson

from app.errors import CacheUnavailable
from app.storage.cache import Cache

_CHANNEL = "live"
_BEAT = 2.0
"""Seconds between words of a replica on how far it is, by which others notice that they missed its last event."""

_KEPT = 120.0
_CATCH_UP = 500
"""Events of a replica that one which begins to hear it takes over."""

_REPLICAS = 200
"""Replicas whose numbers are known; those not heard for longest are forgotten."""

log = logging.getLogger("masterx.live")

Hear = Callable[[str, str | None, Any], None]


class Sharing:
    """Says and hears events. `hear` gets the channel, the workspace (`None`: all) and the event of another replica."""

    def __init__(self, cache: Cache, me: str, hear: Hear, lost: Callable[[], None]) -> None:
        self._cache, self._me, self._hear, self._lost = cache, me, hear, lost
        self._n = 0
        self._heard: OrderedDict[str, int] = OrderedDict()

    def say(self, channel: str, workspace: str | None, event: Any) -> None:
        """Tells the other replicas."""
        self._n += 1
        entry = orjson.dumps([channel, workspace, event])
        self._cache.append(_log(self._me), self._n, entry, _KEPT)
        self._publish(entry)

    def forget(self) -> None:
        """Forgets what was said lately; who has not heard it yet is told that something is missing."""
        self._cache.delete(_log(self._me))

    async def stay(self) -> None:
        """Hears the others; runs until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._beat())
            tasks.create_task(self._listen())

    def _publish(self, entry: bytes) -> None:
        self._cache.publish(_CHANNEL, b"%b %d %b" % (self._me.encode(), self._n, entry))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(_BEAT)
            if self._n:
                self._publish(b"")

    async def _listen(self) -> None:
        async with self._cache.subscribe(_CHANNEL) as messages:
            async for message in messages:
                try:
                    name, number, entry = message.split(b" ", 2)
                    if (who := name.decode()) != self._me:
                        await self._take(who, int(number), entry)
                except Exception:
                    # A bulkhead: what a replica of another version says must not end the service.
                    log.exception("what another replica told is not understood")

    async def _take(self, who: str, n: int, entry: bytes) -> None:
        """Hands on an event of a replica after those before it. A beat has no event, only the last one's number."""
        last = self._heard.get(who)
        begin = max(n - _CATCH_UP, 0) if last is None else last
        if entry and n == begin + 1:
            self._tell(entry)
        elif n > begin:
            await self._catch_up(who, begin, n, is_new=last is None)
        self._heard[who] = max(begin, n)
        self._heard.move_to_end(who)
        if len(self._heard) > _REPLICAS:
            self._heard.popitem(last=False)

    async def _catch_up(self, who: str, begin: int, n: int, *, is_new: bool) -> None:
        try:
            entries = await self._cache.read(_log(who), begin, 0.0)
        except CacheUnavailable:
            entries = []
        entries = [(number, entry) for number, entry in entries if number <= n]
        if not is_new and [number for number, _ in entries] != list(range(begin + 1, n + 1)):
            self._lost()
        for _, entry in entries:
            self._tell(entry)

    def _tell(self, entry: bytes) -> None:
        channel, workspace, event = orjson.loads(entry)
        self._hear(channel, workspace, event)


def _log(who: str) -> str:
    return f"live:{who}"
