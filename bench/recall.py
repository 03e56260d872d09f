"""The memories of learners: what a turn adds, what a cold one costs, what stays warm, what is fetched ahead.

    masterx bench recall [--turns 600 10000 50000 200000] [--learners 100000] [--stores sqlite mongo]

Cold loads are those of one learner's index from the turn log, whose documents are as large as real ones, and from the
segments that were made of it, on new stores of this bench's own; beside them, as the reference of the same run, the
bare reading of the same turns as pages of the store. `held up` is the longest that a load kept the event loop from
anything else, in milliseconds of its own work. The replay needs `../shared/data/locomo` and is left out where that is
absent.
"""

import argparse
import asyncio
import gc
import os
import random
import sys
import tempfile
import time
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import psutil
import uvloop

from app.api.server import settle
from app.bootstrap.remembering import recall_parts
from app.clock import Clock, HandClock, SystemClock, iso
from app.context.memory.memory import Memory
from app.context.memory.recalls import Recalls, Sought
from app.context.recall.search import Question
from app.events import TurnEnded
from app.policy import RecallPolicy
from app.storage.memory import MemoryCache
from app.storage.migrate import migrate
from app.storage.mongo import MongoStore
from app.storage.ports import SEGMENTS, SESSIONS, TURNS, Find, Store
from app.storage.records import to_doc
from app.storage.segments import Owner
from app.storage.sqlite import SqliteStore
from app.vocabulary import LayerReceipt, Receipt, Session, State, Turn
from bench.recall_replay import dialogues, replay
from bench.report import keep, table
from tests.mongod import Mongod, binary

WORDS = [f"{a}{b}{c}" for a in ("ka", "lo", "mi", "ne", "ru") for b in ("ba", "di", "go", "su") for c in "lmnrst"]
"""Made-up words, where the real dialogues are absent."""

_LAYERS = ("instructions", "profile", "memory", "mastery", "retrieved", "history", "message")
_LAST_HOUR = 3_600.0


def _receipt() -> Receipt:
    why = "12 of 14 left out: did not fit into its share of 204 tokens"
    layers = tuple(LayerReceipt(name, 120, 900, 0.7, "cut", why, 12, 14) for name in _LAYERS)
    return Receipt(2_048, 1_900, 9_000, "o200k", "1", layers)


def texts() -> Iterator[str]:
    """Things that were said, without end."""
    real = [text for dialogue in dialogues() for _, text in dialogue]
    chance = random.Random(1)
    while True:
        yield from real or [" ".join(chance.choices(WORDS, k=25)) for _ in range(1_000)]


@dataclass(frozen=True)
class World:
    """A store, and memories over it."""

    name: str
    store: Store

    @asynccontextmanager
    async def recalls(self, policy: RecallPolicy, clock: Clock | None = None) -> AsyncIterator[Recalls]:
        """The memories of a process that has just started."""
        clock = clock or SystemClock()
        async with Recalls.of(recall_parts(self.store, MemoryCache(clock), clock, (policy, None))) as recalls:
            yield recalls

    async def told(self, owner: Owner, count: int, said: Iterator[str]) -> None:
        """Turns of a learner an hour ago, 30 to a session."""
        clock = HandClock(time.time() - _LAST_HOUR)
        at, receipt = iso(clock.now()), _receipt()
        session, docs = Session(clock.id(), owner.workspace, owner.learner_id, at, at), []
        for n in range(count):
            if n % 30 == 0:
                session = replace(session, id=clock.id())
                docs.append(self.store.insert(SESSIONS, to_doc(session)))
            turn = Turn(clock.id(), owner.workspace, session.id, owner.learner_id, n % 30 + 1, next(said), at)
            closed = replace(turn, state=State.COMPLETE, reply=next(said), closed_at=at, receipt=receipt)
            docs.append(self.store.insert(TURNS, to_doc(closed)))
            if len(docs) >= 2_000:
                await asyncio.gather(*docs)
                docs = []
        await asyncio.gather(*docs)


class Loop:
    """How long the event loop was kept from what else there was to do, at most: in seconds of its own work, so that
    other processes do not count, and by the clock."""

    def __init__(self) -> None:
        self.worked = self.longest = 0.0

    async def watch(self) -> None:
        """Watches until cancelled."""
        worked, last = time.thread_time(), time.perf_counter()
        while True:
            await asyncio.sleep(0.001)  # by a timer: who never sleeps takes the interpreter from the store's threads
            self.worked = max(self.worked, time.thread_time() - worked)
            self.longest = max(self.longest, time.perf_counter() - last)
            worked, last = time.thread_time(), time.perf_counter()


async def timed(work: Any) -> tuple[float, Loop]:
    """Seconds that something took, and how it held the loop up."""
    loop = Loop()
    watching = asyncio.ensure_future(loop.watch())
    await asyncio.sleep(0)
    start = time.perf_counter()
    await work
    took = time.perf_counter() - start
    watching.cancel()
    return took, loop


async def cold(world: World, turns: int, passages: int, said: Iterator[str]) -> dict[str, Any]:
    """One learner's memory of so many passages at most: bare reading, from the log, from segments; what a turn adds;
    bytes."""
    owner, policy = Owner("bench", f"learner-{turns}"), RecallPolicy(passages=passages, megabytes=65_536)
    await world.told(owner, turns, said)
    bare, _ = await timed(_read(world.store, owner))
    async with world.recalls(policy) as recalls:
        logged, held_up = await timed(recalls.fetch(owner))
        writing = asyncio.ensure_future(recalls.stay())
        start, wanted = time.perf_counter(), min(2 * turns, passages) // 256 - 1
        while await world.store.count(SEGMENTS, owner.where) < wanted:  # noqa: ASYNC110 - a store tells nobody
            await asyncio.sleep(0.01)
        packing = time.perf_counter() - start
        writing.cancel()
    async with world.recalls(policy) as recalls:
        packed, packed_held_up = await timed(recalls.fetch(owner))
        memory = recalls.warm.peek(owner)
        assert memory is not None
        assert min(2 * turns, passages) <= len(memory.index) <= min(2 * turns, passages + 512)
        added = _add(recalls, owner, said)
        size = memory.size
    return {
        "store": world.name,
        "turns": turns,
        "bare_ms": bare * 1e3,
        "log_ms": logged * 1e3,
        "segments_ms": packed * 1e3,
        "passages": passages,
        "held_up_ms": packed_held_up.worked * 1e3,
        "log_held_up_ms": held_up.worked * 1e3,
        "held_up_wall_ms": packed_held_up.longest * 1e3,
        "log_held_up_wall_ms": held_up.longest * 1e3,
        "packing_ms": packing * 1e3,
        "add_us": added,
        "bytes": size,
    }


async def _read(store: Store, owner: Owner) -> None:
    after = None
    while docs := await store.find(TURNS, Find(owner.where, "id", after, 200)):
        after = docs[-1]["id"]


def _add(recalls: Recalls, owner: Owner, said: Iterator[str], count: int = 200) -> float:
    """Microseconds until a turn that has ended is searchable."""
    clock, spent = SystemClock(), 0.0
    for n in range(count):
        at = iso(clock.now())
        turn = Turn(clock.id(), owner.workspace, "new", owner.learner_id, n + 1, next(said), at)
        ended = TurnEnded(replace(turn, state=State.COMPLETE, reply=next(said), closed_at=at))
        start = time.perf_counter()
        recalls.hear(ended)
        spent += time.perf_counter() - start
    return spent / count * 1e6


def footprint(turns: int, said: Iterator[str]) -> tuple[int, int]:
    """Bytes of a memory as Python counts them, and as the memory itself does."""
    owner = ("bench", "learner")
    Memory().hear(
        to_doc(Turn("0", *owner, "0", 1, next(said), iso(0), State.COMPLETE, next(said)))
    )  # loads the stemmer
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    memory, clock = Memory(), SystemClock()
    for n in range(turns):
        turn = Turn(clock.id(), owner[0], f"session {n // 30}", owner[1], n % 30 + 1, f"{next(said)} {n}", iso(n))
        memory.hear(to_doc(replace(turn, state=State.COMPLETE, reply=f"{next(said)} {n}")))
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return after - before, memory.size


async def crowd(world: World, learners: int, warm: int) -> dict[str, Any]:
    """Questions of very many learners, a tenth of whom ask more than half of them, with room for `warm`."""
    clock, at = HandClock(time.time() - _LAST_HOUR), iso(time.time())
    said, docs = texts(), []
    for n in range(learners):
        turn = Turn(clock.id(), "bench", f"s{n}", f"l{n}", 1, next(said), at, State.COMPLETE, next(said), closed_at=at)
        docs.append(world.store.insert(TURNS, to_doc(turn)))
        if len(docs) >= 2_000:
            await asyncio.gather(*docs)
            docs = []
    await asyncio.gather(*docs)
    chance, process = random.Random(1), psutil.Process()
    async with world.recalls(RecallPolicy(megabytes=256, patience=5)) as recalls:
        recalls.warm.most = warm
        before, waits = process.memory_info().rss, dict[str, list[float]]()
        for _ in range(5 * warm):
            owner = Owner("bench", f"l{int(learners * chance.random() ** 4)}")
            start = time.perf_counter()
            found = await recalls.find(Sought(owner, Question("what did I say", at)))
            waits.setdefault(found.why, []).append((time.perf_counter() - start) * 1e3)
        return {
            "store": world.name,
            "learners": learners,
            "warm": len(recalls.warm),
            "evicted": recalls.warm.evicted,
            "estimate": recalls.warm.size,
            "rss": process.memory_info().rss - before,
            "waits": {why: sorted(found) for why, found in waits.items()},
        }


@asynccontextmanager
async def worlds(folder: Path, names: list[str]) -> AsyncIterator[list[World]]:
    """New stores at the newest schema."""
    async with AsyncExitStack() as stack:
        found = []
        if "sqlite" in names:
            sqlite = await SqliteStore.open(folder / "masterx.db")
            stack.push_async_callback(sqlite.close)
            await migrate(sqlite.schema, SystemClock(), "bench")
            found.append(World("SQLite", sqlite))
        if "mongo" in names and binary():
            mongod = stack.enter_context(Mongod(folder))
            mongo = await MongoStore.open(f"{mongod.url}&timeoutMS=60000")
            stack.push_async_callback(mongo.close)
            await migrate(mongo.schema, SystemClock(), "bench")
            found.append(World("MongoDB", mongo))
        yield found


async def run(options: argparse.Namespace) -> dict[str, Any]:
    """Everything, on stores of its own."""
    said = texts()
    sizes = [(turns, *footprint(turns, said)) for turns in (2, 300, 5_000)]
    with tempfile.TemporaryDirectory(prefix="masterx-bench-") as folder:
        async with worlds(Path(folder), options.stores) as found:
            loads = []
            for turns, world in product(options.turns, found):
                print(f"{world.name}: {turns:,} turns", file=sys.stderr, flush=True)
                loads.append(await cold(world, turns, options.passages, said))
            crowds = [await crowd(found[0], options.learners, 2_000)] if options.learners else []
            replayed = await replay(found[0])
    return {"loads": loads, "sizes": sizes, "crowds": crowds, "replay": replayed}


def main(arguments: list[str]) -> None:
    """Measures, prints, keeps."""
    parser = argparse.ArgumentParser(prog="masterx bench recall", description=__doc__.partition("\n")[0])
    parser.add_argument("--turns", type=int, nargs="*", default=[600, 10_000, 50_000, 200_000])
    parser.add_argument("--passages", type=int, default=RecallPolicy().passages, help="how many are remembered")
    parser.add_argument("--learners", type=int, default=100_000)
    parser.add_argument("--stores", nargs="*", default=["sqlite", "mongo"])
    options = parser.parse_args(arguments)
    settle()  # as the service does
    found = uvloop.run(run(options))
    _show(found)
    keep("recall", found)


def _show(found: dict[str, Any]) -> None:
    head = [
        "store",
        "turns",
        "remembered",
        "bare read ms",
        "from the log ms",
        "from segments ms",
        "held up ms",
        "a turn adds µs",
        "MB",
    ]
    rows = [
        [
            *(load["store"], f"{load['turns']:,}", f"{min(2 * load['turns'], load['passages']):,}"),
            *(f"{load['bare_ms']:,.0f}", f"{load['log_ms']:,.0f}"),
            *(f"{load['segments_ms']:,.0f}", f"{load['held_up_ms']:.1f} / {load['log_held_up_ms']:.1f}"),
            *(f"{load['add_us']:.0f}", f"{load['bytes'] / 1e6:.1f}"),
        ]
        for load in found["loads"]
    ]
    table(
        f"Cold memories of one learner (held up: from segments / from the log), load {os.getloadavg()[0]:.1f}",
        head,
        rows,
    )
    sizes = [[f"{turns:,}", f"{real / 1e3:,.0f}", f"{own / 1e3:,.0f}"] for turns, real, own in found["sizes"]]
    table("Memory of a learner in KB", ["turns", "as Python counts", "as the bound counts"], sizes)
    for crowd_ in found["crowds"]:
        rows = [
            [why, f"{len(waits):,}", f"{waits[len(waits) // 2]:.3f}", f"{waits[len(waits) * 99 // 100]:.2f}"]
            for why, waits in crowd_["waits"].items()
        ]
        title = (
            f"{crowd_['learners']:,} learners in the store, {crowd_['warm']:,} warm, {crowd_['evicted']:,} gave way, "
        )
        title += f"RSS +{crowd_['rss'] / 1e6:.0f} MB, by the bound {crowd_['estimate'] / 1e6:.0f} MB"
        table(title, ["asked", "questions", "p50 ms", "p99 ms"], rows)
    if replayed := found["replay"]:
        made = replayed["preloads"]
        rows = [[name, f"{count:,}"] for name, count in {**replayed["lookups"], **made}.items()]
        hits = replayed["lookups"]["warm"] / replayed["turns"]
        wasted = made["wasted"] / (made["made"] or 1)
        title = f"Replay of {replayed['turns']:,} messages of {replayed['learners']} learners, "
        title += f"{replayed['evicted']:,} memories gave way: found warm {hits:.1%}, fetched for nothing {wasted:.1%}"
        table(title, ["what", "count"], rows)
