"""What was learned moves to another deployment and adds up there, or does not move at all."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import store_of
from app.choosing.experience import Mean, Row
from app.choosing.names import Names
from app.choosing.packing import unpacked
from app.clock import HandClock
from app.errors import SettingsError
from app.rebuild import rebuild
from app.settings import Settings, load
from app.storage.arms import Arms
from app.storage.migrate import migrate
from app.storage.rollups import Rollups
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
            choosing, keeping = replica(store, CLOCK, key=await Rollups(store).key())
            await keeping.restore()
            await keeping.catch_up()
            return dict(choosing.experience("w").rows)

    return asyncio.run(start())


def counted(settings: Settings) -> float:
    """How many rewards that is."""
    return sum(mean.weight for mean in learned(settings).values())


def teach(settings: Settings, rewards: int) -> None:
    """Tells a service there of rewards, which it writes down."""

    async def run() -> None:
        async with opened(settings) as store:
            _, keeping = replica(store, CLOCK, key=await Rollups(store).key())
            await keeping.restore()
            await keeping.catch_up()
            await told(keeping, store, lots(CLOCK, rewards))
            await keeping.save()

    asyncio.run(run())


@pytest.fixture
def taught(tmp_path: Path) -> Settings:
    """A deployment that has learned something and written it down."""
    settings = deployment(tmp_path, "taught")
    teach(settings, 60)
    return settings


def test_another_deployment_begins_with_it_and_a_rebuild_comes_to_the_same(taught: Settings, tmp_path: Path) -> None:
    known, file = learned(taught), tmp_path / "learned"
    assert "arms of 1 workspace(s)" in export(taught, file)
    with pytest.raises(SettingsError, match="File exists"):
        export(taught, file)
    other = deployment(tmp_path, "other")
    assert "arms of 1 workspace(s)" in take(other, file, replace=False)
    assert learned(other) == known
    assert (rebuild(taught), rebuild(other)) == (0, 0)
    assert learned(taught) == known
    assert learned(other) == known


def test_what_is_brought_adds_up_with_what_was_learned_here_and_nothing_counts_twice(
    taught: Settings, tmp_path: Path
) -> None:
    first, newer, third, both = (tmp_path / name for name in ("first", "newer", "third", "both"))
    here, elsewhere = deployment(tmp_path, "here"), deployment(tmp_path, "elsewhere")
    teach(here, 30)
    teach(elsewhere, 20)
    export(taught, first)
    assert "added to what 30 rewards taught here" in take(here, first, replace=False)
    assert counted(here) == 90
    take(here, first, replace=False)
    assert counted(here) == 90  # the same file again
    teach(taught, 5)
    export(taught, newer)
    take(here, newer, replace=False)
    assert counted(here) == 95  # a newer one of the same deployment
    export(elsewhere, third)
    take(here, third, replace=False)
    assert counted(here) == 115
    teach(here, 1)
    assert rebuild(here) == 0
    assert counted(here) == 116

    export(here, both)
    take(elsewhere, newer, replace=False)
    for refused, words in ((here, "this deployment learned itself"), (taught, "this deployment learned itself")):
        with pytest.raises(SettingsError, match=words):
            take(refused, both, replace=True)
    last = deployment(tmp_path, "last")
    take(last, newer, replace=False)
    with pytest.raises(SettingsError, match=r"another import brought.*--replace"):
        take(last, both, replace=False)
    assert counted(last) == 65
    take(last, both, replace=True)
    assert counted(last) == 116


def test_nothing_of_one_learner_leaves_a_deployment_and_a_guess_cannot_be_tried_on_what_it_keeps(
    taught: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "learned"
    export(taught, file)
    [arms] = json.loads(gzip.decompress(file.read_bytes()))["body"]["arms"]

    async def names() -> tuple[str, list[str]]:
        async with opened(taught) as store:
            [text] = [text async for _, _, text in Arms(store).all()]
            known = Names(await Rollups(store).key())
            return str(unpacked(text or "")), [known.of("w", f"learner {n}") for n in range(50)]

    kept, own = asyncio.run(names())
    assert all(name in kept for name in own)
    unkeyed = [blake2b(f"learner {n}".encode(), digest_size=8).hexdigest() for n in range(50)]
    assert not [name for name in (*own, *unkeyed) if name in str(unpacked(arms["text"]))]
    assert not [name for name in unkeyed if name in kept]


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
        ({"version": 1}, "written as version 1 over schema"),
        ({"digest": "0"}, "its digest is not that of what is in it"),
    ):
        with pytest.raises(SettingsError, match=words):
            take(other, written(changes), replace=False)
    assert learned(other) == {}
