"""Figures of two replicas on one store and one cache, over restarts and while the store is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from app.analytics.series.fleet import Fleet, Vitals
from app.analytics.series.series import Series
from app.analytics.series.sharing import Around, Sharing
from app.clock import HandClock
from app.errors import StoreUnavailable
from app.storage.memory import MemoryCache
from app.storage.rollups import Rollups
from app.storage.sqlite import SqliteStore
from tests.unit.test_series import KEY, tell, turned, without


class Replica:
    """The series of one process, shared by a store and a cache."""

    def __init__(self, name: str, around: Around) -> None:
        self.series = Series(around.clock, name, KEY)
        self.fleet = Fleet(around.clock, name, Vitals(lambda: 0.0, lambda: 3))
        self.sharing = Sharing(self.series, self.fleet, around)
        self.series.replicas = lambda: len(self.fleet)

    async def step(self) -> None:
        """What a second brings."""
        await self.sharing.settle()
        self.sharing.tell()
        with suppress(StoreUnavailable):
            await self.sharing.keep()

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.sharing.follow())
        await asyncio.sleep(0)
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


class Away(Rollups):
    """Roll-ups in a store that can be away."""

    away = False

    async def add(self, kept: object) -> None:
        if self.away:
            raise StoreUnavailable("away")
        await super().add(kept)  # type: ignore[arg-type]


def counts(series: Series) -> list[int]:
    return [series.figures(window)["turns"]["count"] for window in ("1m", "5m", "1h", "24h")]


async def test_replicas_show_the_same_and_a_new_one_shows_what_was(store: SqliteStore, clock: HandClock) -> None:
    around = Around(MemoryCache(clock), Rollups(store), clock)
    here, there = Replica("here", around), Replica("there", around)
    async with here.following(), there.following():
        for n in range(600):
            tell((here, there)[n % 2].series, turned(n))
            await here.step()
            await there.step()
            await asyncio.sleep(0)
            clock.turn(1)
        await here.step()
        await there.step()
        await asyncio.sleep(0)
        for window in ("1m", "5m", "1h", "24h"):
            found = here.series.figures(window)
            assert found["replicas"] == 2
            assert without(there.series.figures(window)) == without(found)
    assert counts(here.series)[2:] == [600, 600]
    await here.sharing.leave()
    await there.sharing.leave()
    third = Replica("third", around)
    await third.sharing.restore()
    assert counts(third.series)[2:] == [600, 600]
    clock.turn(48 * 3_600)
    for _ in range(2):  # a few at a time
        clock.turn(60)
        await third.sharing.keep()
    assert [kept async for kept in Rollups(store).since("minute", 0) if kept.start < clock.now() - 48 * 3_600] == []


async def test_a_lost_message_is_made_up_for_from_the_store(store: SqliteStore, clock: HandClock) -> None:
    here = Replica("here", Around(MemoryCache(clock), Rollups(store), clock))
    deaf = Replica("deaf", Around(MemoryCache(clock), Rollups(store), clock))
    for n in range(130):
        tell(here.series, turned(n))
        await here.step()
        clock.turn(1)
    await deaf.step()
    assert counts(deaf.series)[2] >= 100


async def test_what_the_store_did_not_take_is_kept_when_it_is_back(store: SqliteStore, clock: HandClock) -> None:
    rollups = Away(store)
    replica = Replica("here", Around(MemoryCache(clock), rollups, clock))
    rollups.away = True
    for n in range(200):
        tell(replica.series, turned(n))
        await replica.step()
        clock.turn(1)
    assert len(replica.sharing.unkept) == 3
    assert counts(replica.series)[3] == 200
    rollups.away = False
    await replica.step()
    assert len(replica.sharing.unkept) == 0
    assert len([kept async for kept in rollups.since("minute", 0)]) == 3


async def test_a_policy_that_became_active_is_told_once(store: SqliteStore, clock: HandClock) -> None:
    rollups, told = Rollups(store), []
    for version in ("1", "1", "2", "2", "1"):
        clock.turn(60)
        told.append(await rollups.activated(version, int(clock.now()), clock.id()))
    assert told == [None, None, "1", None, "2"]
