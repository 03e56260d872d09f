"""What a durable write costs: inserts of 1 KB documents per second, one by one and by 64 callers at once.

    masterx bench store [--seconds 1] [--rounds 3]

Both stores, on new files and on a mongod of this bench's own, beside plain `sqlite3` (WAL, `synchronous=FULL`, one
transaction an insert) and plain PyMongo (`insert_one`), interleaved in one run; medians of the rounds. `turn` is the
two writes of a turn, its insert and its replacement, counted as two. CPU is that of this process with all its threads,
and of mongod.
"""

import argparse
import asyncio
import os
import resource
import sqlite3
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson
import psutil
import uvloop
from pymongo import AsyncMongoClient

from app.clock import SystemClock
from app.storage.migrate import migrate
from app.storage.mongo import MongoStore
from app.storage.ports import TURNS, Doc, Find
from app.storage.sqlite import SqliteStore
from bench.report import keep, table
from tests.mongod import Mongod, binary

CROWD = 64
HISTORY = 12
CLOCK = SystemClock()
MICRO = 1e6

Call = Callable[[], Awaitable[int]]
"""Does something once; gives how many operations it was."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A call to measure, by so many callers at once."""

    store: str
    what: str
    callers: int
    call: Call
    server: psutil.Process | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """What one round found: operations a second, milliseconds, microseconds of CPU an operation."""

    rate: float
    p50: float
    p99: float
    cpu: float
    server_cpu: float | None


def turn(**fields: Any) -> Doc:
    """An open turn of 1 KB in a session of its own."""
    return {
        "id": CLOCK.id(),
        "workspace": "default",
        "schema": 1,
        "session_id": CLOCK.id(),
        "learner_id": "learner-17",
        "seq": 1,
        "state": "open",
        "owner": "bench",
        "idempotency_key": None,
        "message": "Where does the oxygen come from? " * 20,
        "usage": {"input_tokens": None, "output_tokens": None},
        "created_at": "2026-11-21T06:50:33.123456Z",
        **fields,
    }


async def measure(subject: Subject, seconds: float) -> Figure:
    """One round of a subject."""
    end, count, waits = time.perf_counter() + seconds, 0, []

    async def caller() -> None:
        nonlocal count
        while (start := time.perf_counter()) < end:
            done = await subject.call()
            count += done
            waits.append(time.perf_counter() - start)

    start, cpu, server = time.perf_counter(), _cpu(), _server_cpu(subject)
    await asyncio.gather(*(caller() for _ in range(subject.callers)))
    took, waits = time.perf_counter() - start, sorted(waits)
    return Figure(
        rate=count / took,
        p50=waits[len(waits) // 2] * 1e3,
        p99=waits[len(waits) * 99 // 100] * 1e3,
        cpu=(_cpu() - cpu) / count * MICRO,
        server_cpu=None if server is None else ((_server_cpu(subject) or 0.0) - server) / count * MICRO,
    )


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _server_cpu(subject: Subject) -> float | None:
    if subject.server is None:
        return None
    times = subject.server.cpu_times()
    return float(times.user + times.system)


def plain_sqlite(path: Path) -> Call:
    """The reference: one insert, one transaction, one fsync, in the calling thread."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE turns (id TEXT PRIMARY KEY, session_id, seq, state, doc)")
    db.execute("CREATE UNIQUE INDEX by_session ON turns (session_id, seq)")

    async def insert() -> int:
        doc = turn()
        row = (doc["id"], doc["session_id"], doc["seq"], doc["state"], orjson.dumps(doc))
        db.execute("INSERT INTO turns VALUES (?, ?, ?, ?, ?)", row)
        return 1

    return insert


async def of_store(store: SqliteStore | MongoStore, name: str, server: psutil.Process | None) -> list[Subject]:
    """What is measured of a store of ours."""
    await migrate(store.schema, CLOCK, "bench")
    session = CLOCK.id()
    known = [turn(session_id=session, seq=n, state="complete") for n in range(HISTORY)]
    for doc in known:
        await store.insert(TURNS, doc)

    async def insert() -> int:
        await store.insert(TURNS, turn())
        return 1

    async def whole_turn() -> int:
        doc = turn()
        await store.insert(TURNS, doc)
        assert await store.replace(TURNS, {**doc, "state": "complete"}, {"state": "open"})
        return 2

    async def get() -> int:
        assert await store.get(TURNS, known[0]["id"])
        return 1

    async def find() -> int:
        assert len(await store.find(TURNS, Find({"session_id": session}, "-seq", limit=HISTORY))) == HISTORY
        return 1

    jots = iter(range(1 << 60))

    async def jot() -> int:
        for n in range(CROWD):
            store.jot(f"{session}{next(jots)}", n, "a piece of a reply ")
        await asyncio.sleep(0)
        return CROWD

    calls = {"insert": insert, "turn": whole_turn, "get": get, f"find {HISTORY}": find}
    many = [Subject(name, what, callers, call, server) for what, call in calls.items() for callers in (1, CROWD)]
    return [*many, Subject(name, "jot", 1, jot, server)] if server is None else many


async def of_pymongo(url: str, server: psutil.Process) -> tuple[AsyncMongoClient[Doc], list[Subject]]:
    """The reference: one call an insert."""
    client: AsyncMongoClient[Doc] = AsyncMongoClient(url, w="majority", journal=True)
    turns = client["plain"]["turns"]
    await turns.create_index(["session_id", "seq"], unique=True)

    async def insert() -> int:
        doc = turn()
        await turns.insert_one({"_id": doc.pop("id"), **doc})
        return 1

    return client, [Subject("plain PyMongo", "insert", callers, insert, server) for callers in (1, CROWD)]


@asynccontextmanager
async def subjects(folder: Path) -> AsyncIterator[list[Subject]]:
    """All that is measured, on stores that are there for this bench only."""
    async with AsyncExitStack() as stack:
        sqlite = await SqliteStore.open(folder / "masterx.db")
        stack.push_async_callback(sqlite.close)
        found = [Subject("plain sqlite3", "insert", 1, plain_sqlite(folder / "plain.db"))]
        found += await of_store(sqlite, "SqliteStore", None)
        if binary():
            mongod = stack.enter_context(Mongod(folder))
            server = psutil.Process(mongod.pid)
            mongo = await MongoStore.open(mongod.url)
            stack.push_async_callback(mongo.close)
            client, plain = await of_pymongo(mongod.url, server)
            stack.push_async_callback(client.close)
            found += [*plain, *await of_store(mongo, "MongoStore", server)]
        yield found


async def run(seconds: float, rounds: int) -> list[tuple[Subject, Figure]]:
    """The median figures of every subject."""
    figures: dict[int, list[Figure]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="masterx-bench-") as folder:
        async with subjects(Path(folder)) as found:
            for _ in range(rounds):
                for n, subject in enumerate(found):
                    figures[n].append(await measure(subject, seconds))
            return [(subject, _median(figures[n])) for n, subject in enumerate(found)]


def _median(rounds: list[Figure]) -> Figure:
    def middle(name: str) -> float:
        return float(statistics.median(getattr(figure, name) for figure in rounds))

    server = None if rounds[0].server_cpu is None else middle("server_cpu")
    return Figure(middle("rate"), middle("p50"), middle("p99"), middle("cpu"), server)


def main(arguments: list[str]) -> None:
    """Measures, prints, keeps."""
    parser = argparse.ArgumentParser(prog="masterx bench store", description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    found = uvloop.run(run(options.seconds, options.rounds))
    head = ["store", "what", "callers", "per second", "p50 ms", "p99 ms", "CPU µs each", "of mongod"]
    title = f"Medians of {options.rounds} rounds of {options.seconds:g} s, load {os.getloadavg()[0]:.1f}"
    table(title, head, [_cells(*each) for each in found])
    results = [{"store": s.store, "what": s.what, "callers": s.callers, **asdict(f)} for s, f in found]
    keep("store", {"seconds": options.seconds, "rounds": options.rounds, "results": results})


def _cells(subject: Subject, figure: Figure) -> list[str]:
    return [
        *(subject.store, subject.what, f"{subject.callers}", f"{figure.rate:,.0f}"),
        *(f"{figure.p50:.2f}", f"{figure.p99:.2f}", f"{figure.cpu:.0f}"),
        "" if figure.server_cpu is None else f"{figure.server_cpu:.0f}",
    ]


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
