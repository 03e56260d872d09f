"""The stores that the contract is checked on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.clock import SystemClock
from app.storage.migrate import migrate
from app.storage.mongo import MongoStore
from app.storage.sqlite import SqliteStore

AnyStore = SqliteStore | MongoStore


async def open_store(url: str) -> AnyStore:
    """The store at a `mongodb://` URL or in a file."""
    return await MongoStore.open(url) if url.startswith("mongodb://") else await SqliteStore.open(url)


@pytest.fixture(params=["sqlite", "mongo"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty store of this test's own is."""
    if request.param == "sqlite":
        return str(tmp_path / "masterx.db")
    url: str = request.getfixturevalue("mongo_url")
    return url


@pytest.fixture
async def empty(store_url: str) -> AsyncIterator[AnyStore]:
    """A store without a schema."""
    store = await open_store(store_url)
    yield store
    await store.close()


@pytest.fixture
async def store(empty: AnyStore) -> AnyStore:
    """A store at the newest schema, with nothing in it."""
    await migrate(empty.schema, SystemClock(), "tests")
    return empty
