"""Pieces of replies under way: what every store keeps of a turn whose process dies."""

import asyncio
import logging
import signal
import sys
import time
from pathlib import Path

import pytest

from app.storage.ports import TURNS
from app.storage.sqlite import SqliteStore
from tests.contract.conftest import AnyStore, open_store
from tests.contract.documents import new_id, turn


async def test_pieces_are_put_together_in_their_order(store: AnyStore) -> None:
    pieces = [f"piece {n} 👩🏽‍🚀\0 " for n in range(300)]
    for n, text in enumerate(pieces):
        store.jot("one", n, text)
        store.jot("two", n, "-")
    assert await store.jotted("one") == "".join(pieces)
    assert await store.jotted("two") == "-" * 300


async def test_pieces_of_one_turn_may_come_in_many_rounds(store: AnyStore) -> None:
    told = ""
    for n in range(12):
        store.jot("turn", n, f"{n} ")
        told += f"{n} "
        assert await store.jotted("turn") == told


async def test_a_text_ends_at_the_first_gap(store: AnyStore) -> None:
    for n, text in [(0, "a"), (1, "b"), (3, "d")]:
        store.jot("turn", n, text)
    assert await store.jotted("turn") == "ab"


async def test_a_turn_without_pieces_has_an_empty_text(store: AnyStore) -> None:
    assert await store.jotted(new_id()) == ""


async def test_only_what_is_to_be_forgotten_is_forgotten(store: AnyStore) -> None:
    turns = [new_id() for _ in range(150)]
    for turn_id in turns:
        store.jot(turn_id, 0, "text")
    assert await store.jotted(turns[0]) == "text"
    store.jot(turns[1], 1, " and more")
    await store.forget(turns[1:])
    await store.forget([])
    assert await store.jotted(turns[0]) == "text"
    assert {await store.jotted(turn_id) for turn_id in turns[1:]} == {""}


async def test_a_piece_that_is_no_text_is_lost_and_stops_no_other(
    store: AnyStore, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        for n in range(3):
            store.jot("bad", n, "\ud800")
    store.jot("good", 0, "text")
    assert (await store.jotted("bad"), await store.jotted("good")) == ("", "text")
    assert len(caplog.records) == 1


async def test_opening_a_store_drops_the_pieces_of_turns_that_are_closed(store_url: str, store: AnyStore) -> None:
    still_open, closed, unknown = turn(), turn(state="complete"), turn()
    for doc in (still_open, closed):
        await store.insert(TURNS, doc)
    for doc in (still_open, closed, unknown):
        store.jot(doc["id"], 0, "text")
        await store.jotted(doc["id"])
    other = await open_store(store_url)
    assert [await other.jotted(doc["id"]) for doc in (still_open, closed, unknown)] == ["text", "", ""]
    await other.close()


async def test_pieces_reach_the_store_without_being_asked_for(store_url: str, store: AnyStore) -> None:
    other = await open_store(store_url)
    for n in range(3):
        store.jot("turn", n, "word ")
    deadline = time.monotonic() + 30
    while await other.jotted("turn") != "word " * 3:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    await other.close()


async def test_closing_a_store_keeps_the_pieces_jotted_last(store_url: str, store: AnyStore) -> None:
    doc = turn()
    await store.insert(TURNS, doc)
    other = await open_store(store_url)
    other.jot(doc["id"], 0, "last words")
    await other.close()
    assert await store.jotted(doc["id"]) == "last words"


async def test_a_piece_survives_a_kill_in_the_moment_after(tmp_path: Path) -> None:
    path, doc = str(tmp_path / "masterx.db"), turn()
    store = await SqliteStore.open(path)
    await store.schema.create(TURNS)
    await store.insert(TURNS, doc)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.contract.process", "jot", path, doc["id"]
    )
    assert await process.wait() == -signal.SIGKILL
    assert await store.jotted(doc["id"]) == "Two is the only even prime."
    await store.close()


@pytest.mark.parametrize("damage", ["no database at all", "a torn page"])
async def test_a_damaged_file_of_pieces_is_dropped_and_the_store_opens(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    path, pieces = tmp_path / "masterx.db", tmp_path / "masterx.db-pieces"
    store = await SqliteStore.open(path)
    for n in range(500):
        store.jot("turn", n, "x" * 100)
    await store.close()
    whole = pieces.read_bytes()
    torn = whole[:8192] + b"\xa5" * 4096 + whole[12288:]
    pieces.write_bytes(torn if damage == "a torn page" else b"no database" * 1000)
    store = await SqliteStore.open(path)
    assert "damaged" in caplog.text
    store.jot("turn", 0, "text")
    assert await store.jotted("turn") == "text"
    await store.close()
