"""What is fetched ahead of a turn, and whether it was of use."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.context.memory.ahead import Ahead
from app.context.preload import Preload, Prepare
from app.events import TurnEnded
from app.storage.segments import Owner
from app.storage.sqlite import SqliteStore
from tests.contract.school import ADA, Replica, School


@asynccontextmanager
async def ahead_of(replica: Replica, *prepare: Prepare) -> AsyncIterator[Preload]:
    preload = Preload(replica.recalls, replica.clock, prepare)
    working = asyncio.ensure_future(preload.stay())
    try:
        yield preload
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def test_what_is_expected_is_warm_when_it_is_asked(store: SqliteStore) -> None:
    school = School(store)
    session = await school.history(ADA, ["My birthday is in May"])
    async with school.replica() as replica, ahead_of(replica) as preload:
        preload.expect(ADA, session.id)
        preload.expect(ADA, session.id)
        await preload.idle()
        assert "My birthday is in May" in await replica.found("birthday")
        assert replica.recalls.lookups == {"warm": 1, "loaded": 0, "stale": 0, "loading": 0}
        preload.expect(ADA, session.id)  # it is there: nothing to do
        await preload.idle()
        assert replica.recalls.ahead.counts == {"made": 1, "used": 1, "wasted": 0}


async def test_after_a_turn_only_what_gave_way_is_fetched(store: SqliteStore) -> None:
    school = School(store)
    async with school.replica() as replica, ahead_of(replica) as preload:
        await replica.found("anything")
        turn = await replica.say(school.turn(await school.session(), "My birthday is in May"))
        preload.hear(TurnEnded(turn))
        await preload.idle()
        assert replica.recalls.ahead.counts["made"] == 0
        replica.recalls.forget(ADA)
        preload.hear(TurnEnded(turn))
        await preload.idle()
        assert replica.recalls.ahead.counts["made"] == 1
        assert replica.recalls.fresh(ADA)


async def test_of_too_many_that_are_expected_those_who_waited_longest_are_given_up(store: SqliteStore) -> None:
    school = School(store)
    async with school.replica() as replica:
        preload = Preload(replica.recalls, school.clock)
        for n in range(300):
            preload.expect(Owner("school", f"learner {n}"), "session")
        assert preload.dropped == 300 - 256


async def test_what_else_a_turn_needs_is_prepared_once_in_a_while_and_may_fail(store: SqliteStore) -> None:
    school = School(store)
    prepared = []

    async def prepare(workspace: str, session_id: str) -> None:
        prepared.append((workspace, session_id))
        if len(prepared) == 2:
            raise RuntimeError("no such course")

    async with school.replica() as replica, ahead_of(replica, prepare) as preload:
        for turned in (0, 1, 20, 0):
            school.clock.turn(turned)
            preload.expect(ADA, "s")
            await preload.idle()
        assert prepared == [("school", "s")] * 3


async def test_while_the_store_is_away_nothing_is_fetched_and_nothing_breaks(store: SqliteStore) -> None:
    school = School(store)
    async with school.replica() as replica, ahead_of(replica) as preload:
        await store.close()
        preload.expect(ADA, "s")
        await preload.idle()
        assert not replica.recalls.fresh(ADA)
        assert replica.recalls.ahead.counts["made"] == 0


def test_what_was_fetched_and_not_asked_for_is_wasted() -> None:
    ahead, bob = Ahead(), Owner("school", "bob")
    ahead.made(ADA, 0.0)
    ahead.made(bob, 1.0)
    ahead.used(bob)
    ahead.used(bob)
    ahead.lost(ADA)
    ahead.made(ADA, 2.0)
    ahead.made(ADA, 3.0)
    ahead.made(bob, 700.0)
    assert ahead.counts == {"made": 5, "used": 1, "wasted": 3}
