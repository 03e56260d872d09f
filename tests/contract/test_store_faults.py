"""What every store promises while processes, servers and disks fail."""

import asyncio
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.clock import SystemClock
from app.errors import StoreUnavailable
from app.storage.migrate import migrate
from app.storage.mongo import MongoStore
from app.storage.ports import SESSIONS, TURNS, Doc, Find
from app.storage.sqlite import SqliteStore
from tests.contract.conftest import AnyStore
from tests.contract.documents import session, turn
from tests.mongod import Mongod

PATIENCE = 20.0
"""Seconds within which a store that is away must have said so: its own limit is 3, and its driver's would be 30."""


def run(what: str, url: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.contract.process", what, url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


async def all_ids(store: AnyStore) -> list[str]:
    """Every session's id, page by page."""
    found: list[str] = []
    while page := await store.find(SESSIONS, Find({}, after=found[-1] if found else None, limit=1_000)):
        found += [doc["id"] for doc in page]
    return found


async def test_all_that_was_acknowledged_survives_a_kill(store_url: str, store: AnyStore) -> None:
    with run("insert", store_url) as process:
        assert process.stdout
        acknowledged = [process.stdout.readline().strip() for _ in range(500)]
        process.kill()
        acknowledged += process.stdout.read().split()
    kept = await all_ids(store)
    assert set(acknowledged) <= set(kept)
    assert len(kept) == len(set(kept)) <= len(acknowledged) + 16


async def test_two_processes_may_write_at_once(store_url: str, store: AnyStore) -> None:
    with run("insert", store_url) as process:
        assert process.stdout
        process.stdout.readline()
        mine = [session() for _ in range(200)]
        for doc in mine:
            await store.insert(SESSIONS, doc)
        process.kill()
        theirs = process.stdout.read().split()
    assert {doc["id"] for doc in mine} | set(theirs) <= set(await all_ids(store))


class Callers:
    """Callers that insert one turn after the other, close every second one, and note what they were told."""

    def __init__(self, store: AnyStore) -> None:
        self._store = store
        self.acknowledged: dict[str, Doc] = {}
        self.refused = 0
        self.longest = 0.0
        self.stop = False

    async def run(self) -> None:
        while not self.stop:
            start = time.monotonic()
            try:
                await self._write(turn())
            except StoreUnavailable:
                self.refused += 1
            self.longest = max(self.longest, time.monotonic() - start)

    async def _write(self, doc: Doc) -> None:
        await self._store.insert(TURNS, doc)
        self.acknowledged[doc["id"]] = doc
        closed = {**doc, "state": "complete"}
        try:
            assert await self._store.replace(TURNS, closed, {"state": "open"})
        except StoreUnavailable:
            del self.acknowledged[doc["id"]]  # either state may stand now; that it stands is checked by id
            raise
        self.acknowledged[doc["id"]] = closed

    async def reach(self, acknowledged: int) -> None:
        deadline = time.monotonic() + 30
        while len(self.acknowledged) < acknowledged:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)


@pytest.fixture
async def own(mongod: Mongod) -> AsyncIterator[MongoStore]:
    """A store on a server that this test may kill."""
    store = await MongoStore.open(mongod.url)
    await migrate(store.schema, SystemClock(), "tests")
    yield store
    await store.close()


async def test_all_that_was_acknowledged_survives_the_death_of_mongod(own: MongoStore, mongod: Mongod) -> None:
    callers = Callers(own)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(16):
            tasks.create_task(callers.run())
        await callers.reach(300)
        mongod.kill()
        while not callers.refused:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(mongod.restart)
        await callers.reach(len(callers.acknowledged) + 300)
        callers.stop = True
    assert callers.longest < PATIENCE
    for doc in callers.acknowledged.values():
        assert await own.get(TURNS, doc["id"]) == doc


@pytest.mark.parametrize("fault", ["killed", "hanging"])
async def test_without_mongod_every_call_is_refused_in_time_and_works_again_after(
    own: MongoStore, mongod: Mongod, fault: str
) -> None:
    doc = turn()
    await own.insert(TURNS, doc)
    mongod.kill() if fault == "killed" else mongod.hang()
    start = time.monotonic()
    calls = [
        *(own.insert(TURNS, turn()) for _ in range(5)),
        *(own.replace(TURNS, doc, {}), own.get(TURNS, doc["id"]), own.find(TURNS, Find({})), own.ping()),
        *(own.delete(TURNS, {"id": "x"}), own.schema.version()),
    ]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {StoreUnavailable}
    assert time.monotonic() - start < PATIENCE
    await asyncio.to_thread(mongod.restart) if fault == "killed" else mongod.go_on()
    assert await own.get(TURNS, doc["id"]) == doc
    await own.insert(TURNS, turn())


async def test_a_mongod_that_is_not_there_is_unavailable_at_once_when_opened(mongod: Mongod) -> None:
    mongod.kill()
    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1"):
        await MongoStore.open(f"{mongod.url}&timeoutMS=200")
    with pytest.raises(StoreUnavailable, match="scheme"):
        await MongoStore.open("http://elsewhere")


def test_a_full_disk_refuses_writes_until_there_is_room(tmp_path: Path) -> None:
    path = str(tmp_path / "masterx.db")

    async def prepare() -> None:
        store = await SqliteStore.open(path)
        await migrate(store.schema, SystemClock(), "tests")
        await store.close()

    async def kept() -> list[str]:
        store = await SqliteStore.open(path)
        found = await all_ids(store)
        await store.close()
        return found

    asyncio.run(prepare())
    with run("fill", path) as process:
        assert process.stdout
        *acknowledged, full, after = process.stdout.read().splitlines()
    assert "full" in full or "disk" in full
    assert path in full
    assert len(acknowledged) > 5
    assert asyncio.run(kept()) == [*acknowledged, after]


@pytest.mark.parametrize(
    "content", [b"this is no database, it only says so" * 100, b"SQLite format 3\0" + b"\xff" * 5_000]
)
async def test_a_file_that_is_no_database_is_named_when_it_is_opened(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "masterx.db"
    path.write_bytes(content)
    with pytest.raises(StoreUnavailable, match=r"masterx\.db: "):
        await SqliteStore.open(path)
    assert path.read_bytes() == content


async def test_a_folder_that_is_not_there_is_named_when_the_store_is_opened(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"nowhere/masterx\.db: "):
        await SqliteStore.open(tmp_path / "nowhere" / "masterx.db")


async def test_a_file_that_another_process_holds_refuses_writes_and_still_reads(tmp_path: Path) -> None:
    path, doc = tmp_path / "masterx.db", turn()
    store = await SqliteStore.open(path)
    await store.schema.create(TURNS)
    await store.insert(TURNS, doc)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    write = asyncio.create_task(store.insert(TURNS, turn()))
    assert await store.get(TURNS, doc["id"]) == doc
    with pytest.raises(StoreUnavailable, match="locked"):
        await write
    other.execute("ROLLBACK")
    other.close()
    await store.insert(TURNS, turn())
    await store.close()


async def test_a_file_without_a_schema_says_what_it_lacks(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "masterx.db")
    with pytest.raises(StoreUnavailable, match="no such table: turns"):
        await store.insert(TURNS, turn())
    await store.close()


async def test_opening_waits_for_another_process_that_is_making_the_file(tmp_path: Path) -> None:
    path = tmp_path / "masterx.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    opening = asyncio.create_task(SqliteStore.open(path))
    done, _ = await asyncio.wait([opening], timeout=0.1)
    assert not done
    other.execute("COMMIT")
    other.close()
    await (await opening).close()
