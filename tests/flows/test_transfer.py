"""What was learned moves to another deployment whole, or not at all."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import store_of
from app.choosing.experience import Mean, Row
from app.clock import HandClock
from app.errors import SettingsError
from app.rebuild import rebuild
from app.settings import Settings, load
from app.storage.migrate import migrate
from app.storage.sqlite import SqliteStore
from app.transfer import export, take
from tests.flows.test_learned_choices import lots, replica, told

CLOCK = HandClock()


def deployment(folder: Path, name: str) -> Settings:
    settings = load({"MASTERX_STORE": f"sqlite:///{folder}/{name}.db"})

    async def begin() -> None:
        async with store_of(settings) as (_, schema):
            await migrate(schema, CLOCK, "tests")

    asyncio.run(begin())
    return settings


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[SqliteStore]:
    async with store_of(settings) as (store, _):
        assert isinstance(store, SqliteStore)
        yield store


def learned(settings: Settings) -> dict[Row, Mean]:
    """What a service that starts there knows."""

    async def start() -> dict[Row, Mean]:
        async with opened(settings) as store:
            choosing, keeping = replica(store, CLOCK)
            await keeping.restore()
            await keeping.catch_up()
            return dict(choosing.experience("w").rows)

    return asyncio.run(start())


@pytest.fixture
def taught(tmp_path: Path) -> Settings:
    """A deployment that has learned something and written it down."""
    settings = deployment(tmp_path, "taught")

    async def teach() -> None:
        async with opened(settings) as store:
            _, keeping = replica(store, CLOCK)
            await told(keeping, store, lots(CLOCK, 60))
            await keeping.catch_up()
            await keeping.save()

    asyncio.run(teach())
    return settings


def test_another_deployment_begins_with_it_and_a_rebuild_comes_to_the_same(taught: Settings, tmp_path: Path) -> None:
    known, file = learned(taught), tmp_path / "learned"
    assert "arms of 1 workspace(s)" in export(taught, file)
    with pytest.raises(SettingsError, match="File exists"):
        export(taught, file)
    other = deployment(tmp_path, "other")
    assert "arms of 1 workspace(s)" in take(other, file, replace=False)
    assert learned(other) == known
    with pytest.raises(SettingsError, match="the store has arms already; --replace"):
        take(other, file, replace=False)
    take(other, file, replace=True)
    assert rebuild(taught) == 0
    assert learned(taught) == known


def test_a_file_that_is_broken_or_of_another_version_changes_nothing(taught: Settings, tmp_path: Path) -> None:
    other, file = deployment(tmp_path, "other"), tmp_path / "learned"
    export(taught, file)
    whole = json.loads(gzip.decompress(file.read_bytes()))

    def written(changes: dict[str, Any]) -> Path:
        file.write_bytes(gzip.compress(json.dumps({**whole, **changes}).encode()))
        return file

    with pytest.raises(SettingsError, match="No such file"):
        take(other, tmp_path / "nowhere", replace=False)
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(SettingsError, match="broken, or not a file"):
        take(other, file, replace=False)
    for changes, words in (
        ({"format": "something"}, "not a file that `masterx export` wrote"),
        ({"version": 2}, "written as version 2 over schema"),
        ({"digest": "0"}, "its digest is not that of what is in it"),
    ):
        with pytest.raises(SettingsError, match=words):
            take(other, written(changes), replace=False)
    assert learned(other) == {}
