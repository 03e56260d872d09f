"""What the turn asks of the memory of its learner: ranked passages, in bounded time, whatever the store does.

A memory here may lag behind what other replicas record. They tell of each turn and of each erasure through a channel of
the cache, and a memory that was not compared with the turn log for 30 seconds is compared before it is used: so long
may a replica lag where the cache is away.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self

import orjson

from app.clock import Clock
from app.context.facts.fact import Fact, current
from app.context.memory.ahead import Ahead
from app.context.memory.loading import Loader
from app.context.memory.memory import Memory
from app.context.memory.warm import Warm
from app.context.recall.search import Question, Ranked, search
from app.errors import StoreUnavailable
from app.events import Event, TurnEnded
from app.policy import RecallPolicy
from app.storage.cache import Cache
from app.storage.ports import Doc
from app.storage.records import to_doc
from app.storage.segments import Owner, Segment, Segments
from app.vocabulary import Remembered

CHANGED = "recall-changed"
"""Channel that tells of turns that were recorded and of what was erased: a JSON list of the sender, `turn` or `erased`,
workspace and learner."""

LIFETIME = 30.0
"""Seconds for which a memory is used without asking the turn log whether there is more."""

_MOST_WARM = 20_000
_LOADS = 8
_GROWN = 1.25
"""Times what is remembered of a learner that a warm index may hold before it is loaded again."""

log = logging.getLogger("masterx.memory")


@dataclass(frozen=True, slots=True)
class Sought:
    """A question to the memory of one learner."""

    owner: Owner
    question: Question


@dataclass(frozen=True, slots=True)
class Found:
    """What a memory has for a question, to be used before anything is awaited. `ranked` is `None` where the index is
    not there in time; `facts` are those that hold at the time of the question. `why` is `warm` (it was there),
    `loaded` (it was waited for), `stale` (what other replicas recorded of late may be missing: the store did not
    answer in time) or `loading` (it may be there for the next turn)."""

    ranked: Ranked | None
    facts: tuple[Fact, ...]
    why: Remembered


@dataclass(frozen=True, slots=True)
class Parts:
    """What recalls work with. `me` tells this process's messages from others'."""

    loader: Loader
    segments: Segments
    cache: Cache
    clock: Clock
    policy: RecallPolicy
    me: str


@dataclass(slots=True, eq=False)
class _Load:
    """A load under way: the turns heard meanwhile, and whether another replica told of more."""

    heard: list[Doc] = field(default_factory=list)
    behind: bool = False
    task: asyncio.Task[None] | None = None


class Recalls:
    """The memories of this process: bounded, loaded when they are wanted, one load per learner at a time."""

    def __init__(self, parts: Parts, tasks: asyncio.TaskGroup) -> None:
        self._p, self._tasks = parts, tasks
        self.warm = Warm(_MOST_WARM, parts.policy.megabytes << 20, self._evicted)
        self._loads: dict[Owner, _Load] = {}
        self._at_work: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(_LOADS)
        self._packable: set[Owner] = set()
        self._work = asyncio.Event()
        self.lookups: dict[str, int] = {"warm": 0, "loaded": 0, "stale": 0, "loading": 0}
        """Questions by how the memory was there."""

        self.ahead = Ahead()

    @classmethod
    @asynccontextmanager
    async def of(cls, parts: Parts) -> AsyncIterator[Self]:
        """Memories may be asked inside this context; loads under way end with it."""
        async with asyncio.TaskGroup() as tasks:
            recalls = cls(parts, tasks)
            try:
                yield recalls
            finally:
                for task in recalls._at_work:
                    task.cancel()

    async def find(self, sought: Sought) -> Found:
        """The passages that may help, best first, within `policy.patience` seconds; never raises for the store."""
        owner = sought.owner
        memory, why = await self._memory(owner)
        self.lookups[why] += 1
        self.ahead.used(owner)
        if memory is None:
            return Found(None, (), why)
        return Found(search(memory.index, sought.question), current(memory.facts, sought.question.at), why)

    def facts(self, owner: Owner, now: str) -> tuple[Fact, ...]:
        """What holds of a learner whose memory is warm, without asking it; nothing of others."""
        memory = self.warm.peek(owner)
        return current(memory.facts, now) if memory else ()

    def fresh(self, owner: Owner) -> bool:
        """Whether a memory is warm and was compared with the log of late."""
        memory = self.warm.peek(owner)
        return memory is not None and not self._stale(memory)

    async def fetch(self, owner: Owner) -> None:
        """Makes a memory warm and fresh ahead of a question, however long that takes; does nothing where the store is
        away, or where a question was faster."""
        if self.fresh(owner) or owner in self._loads:
            return
        await asyncio.wait([self._begin(owner)])
        if self.fresh(owner):
            self.ahead.made(owner, self._p.clock.monotonic())

    def hear(self, event: Event) -> None:
        """Makes a turn that has ended searchable, here at once, and tells the other replicas."""
        if not isinstance(event, TurnEnded):
            return
        owner, turn = Owner(event.turn.workspace, event.turn.learner_id), to_doc(event.turn)
        if load := self._loads.get(owner):
            load.heard.append(turn)
        if memory := self.warm.peek(owner):
            memory.hear(turn)
        self._tell("turn", owner)

    def added(self, owner: Owner) -> None:
        """Notes that turns of a learner were recorded without a `TurnEnded`; tells the other replicas."""
        self._behind(owner)
        self._tell("turn", owner)

    def forget(self, owner: Owner) -> None:
        """Drops what is warm of a learner, of whom something was erased, here and on every other replica."""
        self._drop(owner)
        self._tell("erased", owner)

    async def follow(self) -> None:
        """Heeds what other replicas tell; runs until cancelled."""
        async with self._p.cache.subscribe(CHANGED) as messages:
            async for message in messages:
                sender, what, workspace, learner_id = orjson.loads(message)[:4]
                if sender != self._p.me:
                    (self._drop if what == "erased" else self._behind)(Owner(workspace, learner_id))

    async def stay(self) -> None:
        """Writes segments of what has been settled, one at a time, until cancelled. A crash loses none of it: the turn
        log has it all."""
        while True:
            await self._work.wait()
            self._work.clear()
            while self._packable:
                await self._write(self._packable.pop())

    async def _memory(self, owner: Owner) -> tuple[Memory | None, Remembered]:
        memory = self.warm.get(owner)
        if memory and not self._stale(memory):
            return memory, "warm"
        await asyncio.wait([self._begin(owner)], timeout=self._p.policy.patience)
        memory = self.warm.get(owner)
        if memory is None:
            return None, "loading"
        return memory, "stale" if self._stale(memory) else "loaded"

    def _stale(self, memory: Memory) -> bool:
        return memory.behind or self._p.clock.monotonic() - memory.checked > LIFETIME

    def _begin(self, owner: Owner) -> "asyncio.Task[None]":
        """The load of a memory, or its comparison with the log: the one under way, or a new one."""
        load = self._loads.get(owner)
        if load is None:
            load = self._loads[owner] = _Load()
            load.task = self._tasks.create_task(self._load(owner, load))
            self._at_work.add(load.task)
            load.task.add_done_callback(self._at_work.discard)
        assert load.task is not None  # noqa: S101 - it is made with the load
        return load.task

    async def _load(self, owner: Owner, load: _Load) -> None:
        try:
            async with self._slots:
                memory = await self._loaded(owner)
            if self._loads.get(owner) is load:  # else something was erased meanwhile
                self._keep(owner, memory, load)
        except StoreUnavailable as error:
            self._behind(owner)
            log.warning("a memory is not loaded: %s", error)
        except Exception:
            # A bulkhead: a record that cannot be read must not end the service; its learner goes without a memory.
            self._behind(owner)
            log.exception("a memory cannot be loaded")
        finally:
            if self._loads.get(owner) is load:
                del self._loads[owner]

    async def _loaded(self, owner: Owner) -> Memory:
        """A memory that agrees with the log: the warm one caught up with it, else a new one."""
        memory = self.warm.peek(owner)
        if memory and len(memory.index) <= _GROWN * self._p.policy.passages:
            if await self._p.loader.catch_up(owner, memory):
                return memory
            self.warm.drop(owner)
        return await self._p.loader.load(owner)

    def _keep(self, owner: Owner, memory: Memory, load: _Load) -> None:
        for turn in load.heard:
            memory.hear(turn)
        memory.behind = memory.behind or load.behind
        self.warm.put(owner, memory)
        if memory.packable:
            self._packable.add(owner)
            self._work.set()

    async def _write(self, owner: Owner) -> None:
        memory = self.warm.peek(owner)
        try:
            while memory and memory is self.warm.peek(owner) and (packed := memory.pack()):
                segment, sessions = packed
                if await self._p.segments.add(owner, segment, sessions):
                    memory.written(segment)
                else:
                    await self._adopt(owner, memory)
        except StoreUnavailable as error:
            log.warning("segments are written later: %s", error)
        except Exception:
            # A bulkhead: segments are derived and can wait.
            log.exception("segments cannot be written")

    async def _adopt(self, owner: Owner, memory: Memory) -> None:
        """Goes on after the segment that another replica has written, where it is one that this one could have."""
        found = await self._p.segments.past(owner, memory.segment)
        theirs: Segment | None = found[0] if found else None
        if theirs and theirs.after == memory.packed and theirs.until <= memory.frontier:
            memory.written(theirs)
        else:
            memory.packs = False

    def _behind(self, owner: Owner) -> None:
        if load := self._loads.get(owner):
            load.behind = True
        if memory := self.warm.peek(owner):
            memory.behind = True

    def _drop(self, owner: Owner) -> None:
        self._loads.pop(owner, None)
        self.warm.drop(owner)
        self._evicted(owner)

    def _evicted(self, owner: Owner) -> None:
        self._packable.discard(owner)
        self.ahead.lost(owner)

    def _tell(self, what: str, owner: Owner) -> None:
        self._p.cache.publish(CHANGED, orjson.dumps([self._p.me, what, owner.workspace, owner.learner_id]))
