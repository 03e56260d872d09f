"""Migrations: what every store's `Schema` promises, and what `app/storage/migrate.py` makes of it."""

import asyncio
from pathlib import Path

import pytest

from app.clock import HandClock, SystemClock
from app.errors import Duplicate, SchemaMismatch, StoreUnavailable
from app.storage.migrate import LEASE, PATIENCE, check, migrate, newest, steps
from app.storage.ports import KINDS, TURNS, Find, Index, Kind
from app.vocabulary import SCHEMA
from tests.contract.conftest import AnyStore, open_store
from tests.contract.documents import turn

OLD = Kind("turns", (Index("by_session", ("session_id", "seq"), unique=True),))


def test_the_newest_step_leads_to_the_schema_of_this_version() -> None:
    assert newest() == SCHEMA


def test_steps_are_numbered_from_one_without_a_gap_as_their_files_are() -> None:
    files = sorted((Path(__file__).parents[2] / "migrations").glob("[0-9]*.py"))
    assert [step.number for step in steps()] == [int(file.name[:4]) for file in files] == list(range(1, SCHEMA + 1))


async def test_an_empty_store_is_at_schema_zero_and_is_brought_to_the_newest(empty: AnyStore) -> None:
    assert await empty.schema.version() == 0
    assert [step.number for step in await migrate(empty.schema, SystemClock(), "one")] == list(range(1, SCHEMA + 1))
    assert await empty.schema.version() == SCHEMA
    await check(empty.schema)
    for kind in KINDS:
        assert await empty.find(kind, Find({})) == []


async def test_migrating_twice_does_nothing_the_second_time(empty: AnyStore) -> None:
    await migrate(empty.schema, SystemClock(), "one")
    doc = turn()
    await empty.insert(TURNS, doc)
    assert await migrate(empty.schema, SystemClock(), "two") == []
    assert await empty.get(TURNS, doc["id"]) == doc


async def test_a_dry_run_names_the_steps_and_changes_nothing(empty: AnyStore) -> None:
    assert [step.number for step in await migrate(empty.schema, SystemClock(), "one", dry_run=True)][-1] == SCHEMA
    assert await empty.schema.version() == 0


async def test_a_step_that_was_cut_short_is_run_again(empty: AnyStore) -> None:
    await steps()[0].up(empty.schema)
    await migrate(empty.schema, SystemClock(), "one")
    await check(empty.schema)


async def test_of_several_processes_one_migrates_and_the_others_wait(store_url: str, empty: AnyStore) -> None:
    others = [await open_store(store_url) for _ in range(3)]
    applied = await asyncio.gather(
        *(migrate(store.schema, SystemClock(), f"process {n}") for n, store in enumerate([empty, *others]))
    )
    assert sorted(map(len, applied)) == [0, 0, 0, SCHEMA]
    for store in others:
        await check(store.schema)
        await store.close()


async def test_a_lock_that_is_never_given_back_is_waited_for_in_vain(empty: AnyStore) -> None:
    clock = HandClock()
    await empty.schema.lock("somebody", LEASE)
    waiting = asyncio.create_task(migrate(empty.schema, clock, "one"))
    await asyncio.sleep(0)
    clock.turn(PATIENCE + 1)
    with pytest.raises(StoreUnavailable, match="another process"):
        await waiting
    assert await empty.schema.version() == 0


async def test_the_lock_is_given_back_when_a_step_fails(empty: AnyStore) -> None:
    await empty.schema.set_version(SCHEMA + 1)
    with pytest.raises(SchemaMismatch):
        await migrate(empty.schema, SystemClock(), "one")
    assert await empty.schema.lock("two", LEASE)


async def test_a_store_newer_than_this_version_is_refused(empty: AnyStore) -> None:
    await empty.schema.set_version(SCHEMA + 1)
    for refused in (check(empty.schema), migrate(empty.schema, SystemClock(), "one", dry_run=True)):
        with pytest.raises(SchemaMismatch, match="install the version"):
            await refused


async def test_an_older_store_is_refused_with_the_command_that_helps(empty: AnyStore) -> None:
    with pytest.raises(SchemaMismatch, match="masterx migrate"):
        await check(empty.schema)


async def test_a_lock_is_for_one_owner_until_it_ends_or_is_given_back(empty: AnyStore) -> None:
    schema = empty.schema
    assert await schema.lock("$one", LEASE)
    assert await schema.lock("$one", LEASE)
    assert not await schema.lock("two", LEASE)
    await schema.unlock("two")
    assert not await schema.lock("two", LEASE)
    await schema.unlock("$one")
    assert await schema.lock("two", 0.0)
    assert await schema.lock("$one", LEASE)


async def test_a_newly_indexed_field_is_filled_from_the_documents_that_are_there(
    store_url: str, empty: AnyStore
) -> None:
    older = await open_store(store_url)
    await older.schema.create(OLD)
    docs = [turn(idempotency_key="k", state="complete"), turn()]
    for doc in docs:
        await older.insert(OLD, doc)
    await older.close()
    await empty.schema.create(TURNS)
    await empty.schema.create(TURNS)
    assert await empty.find(TURNS, Find({"workspace": "school", "idempotency_key": "k"})) == docs[:1]
    assert await empty.find(TURNS, Find({"owner": "one", "state": "open"})) == docs[1:]
    with pytest.raises(Duplicate, match="by_key"):
        await empty.insert(TURNS, turn(idempotency_key="k"))
