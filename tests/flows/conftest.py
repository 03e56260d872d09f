"""The wired parts in process, over a real store."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.clock import HandClock
from app.storage.migrate import migrate
from app.storage.sqlite import SqliteStore


@pytest.fixture
def clock() -> HandClock:
    """Time that the test turns."""
    return HandClock()


@pytest.fixture
async def store(tmp_path: Path, clock: HandClock) -> AsyncIterator[SqliteStore]:
    """An empty SQLite store at the newest schema."""
    opened = await SqliteStore.open(tmp_path / "masterx.db")
    await migrate(opened.schema, clock, "tests")
    yield opened
    await opened.close()
