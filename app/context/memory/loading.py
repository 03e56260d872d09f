"""Reads a learner's memory from the store: segments first, then the turns past them, in slices that let others work."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from app.clock import Clock
from app.context.memory.memory import SIZE, Memory
from app.context.recall.dense import Dense
from app.context.recall.index import Index
from app.errors import SegmentError
from app.storage.ports import TURNS, Doc, Find, Store
from app.storage.segments import Owner, Segments

_PAGE = 200
_SLICE = 8
"""Turns that are taken in before others may work: some 2 ms."""

_VECTORS = 32
"""Vectors that are made before others may work: some 2 ms."""

log = logging.getLogger("masterx.memory")


@dataclass(frozen=True, slots=True)
class Extent:
    """How many passages of a learner are remembered, the newest, and the model that gives them vectors, if any."""

    most: int
    dense: Dense | None = None


class Loader:
    """Loads and catches up. Memories are as good as the turn log says: its count of the learner's turns must agree
    before and after reading, and every turn that is not counted yet must be read again, else segments are dropped and
    all is read again. So a turn that was recorded late under an early id is found, and one that was erased is
    forgotten, whoever did it and whatever was lost on the way."""

    def __init__(self, store: Store, segments: Segments, clock: Clock, extent: Extent) -> None:
        self._store, self._segments, self._clock = store, segments, clock
        self._most, self._dense = extent.most, extent.dense

    async def load(self, owner: Owner) -> Memory:
        """All that is remembered of a learner. Raises `StoreUnavailable`."""
        newest = await self._segments.newest(owner)
        if newest >= 0:
            memory = Memory(Index(self._dense))
            if await self._unpack(owner, memory, newest) and await self.catch_up(owner, memory):
                return memory
            removed = await self._segments.remove(owner)
            log.warning("an index is derived from the turn log again: %d segments did not agree with it", removed)
        return await self._read_anew(owner)

    async def catch_up(self, owner: Owner, memory: Memory) -> bool:
        """Takes in what the log has past the frontier; false where the log does not agree with what was known."""
        memory.behind = False  # what is told from here on may come too late for this reading
        least, known, read = await self._store.count(TURNS, owner.where), memory.turns, 0
        after, full, settling, heard = memory.frontier, True, True, memory.unsettled.copy()
        while full:
            turns = await self._store.find(TURNS, Find(owner.where, "id", after or None, _PAGE))
            settling = await self._read(memory, turns, settling)
            read += len(turns)
            heard.difference_update([turn["id"] for turn in turns])
            after, full = (turns[-1]["id"], len(turns) == _PAGE) if turns else (after, False)
        memory.checked = self._clock.monotonic()
        return not heard and least <= known + read <= await self._store.count(TURNS, owner.where)

    async def _unpack(self, owner: Owner, memory: Memory, newest: int) -> bool:
        """Takes in the newest segments, as many as are remembered; false where one of them cannot be used."""
        n = max(-1, newest - -(-self._most // SIZE))
        memory.index.reserve((newest - n) * SIZE)
        while n < newest:
            found = await self._segments.past(owner, n)
            for segment in found:
                if segment is None or segment.n != n + 1 or memory.packed not in ("", segment.after):
                    return False
                try:
                    memory.unpack(segment, last=segment.n == newest)
                except SegmentError as error:
                    log.warning("a segment cannot be used: %s", error)
                    return False
                n += 1
                left = True
                while left:
                    await asyncio.sleep(0)
                    left = memory.index.embed(_VECTORS)
            if not found:  # removed meanwhile
                return False
        return True

    async def _read_anew(self, owner: Owner) -> Memory:
        """The newest turns of the log, newest first until they are enough, taken in from the oldest on."""
        memory, pages = (
            Memory(Index(self._dense)),
            list[bytes](),
        )  # as bytes they are small, and nothing for the garbage collector
        count, before, held = await self._store.count(TURNS, owner.where), None, 0
        memory.index.reserve(min(2 * count, self._most))
        while 2 * held < self._most:
            page = await self._store.find(TURNS, Find(owner.where, "-id", before, _PAGE))
            if not page:
                break
            pages.append(orjson.dumps([_slim(turn) for turn in page]))
            before, held = page[-1]["id"], held + len(page)
            await asyncio.sleep(0)
        memory.turns, settling = max(count - held, 0), True
        while pages:
            settling = await self._read(memory, orjson.loads(pages.pop())[::-1], settling)
        memory.checked = self._clock.monotonic()
        return memory

    async def _read(self, memory: Memory, turns: Sequence[Doc], settling: bool) -> bool:
        for start in range(0, len(turns), _SLICE):
            settling = memory.read(turns[start : start + _SLICE], self._clock.now(), settling=settling)
            await asyncio.sleep(0)
        return settling


_NEEDED = ("id", "session_id", "seq", "state", "message", "reply", "degraded", "created_at", "closed_at")


def _slim(turn: Doc) -> Doc:
    """What of a turn is read here: its receipt alone can be larger than all it says."""
    return {name: turn[name] for name in _NEEDED}
