"""What is fetched ahead of a turn, and whether it was of use."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.briefing import Briefing, Sources, Wish
from app.context.assemble import Assembler
from app.context.memory.ahead import Ahead
from app.context.preload import Preload, Prepare
from app.context.tokens import o200k
from app.events import TurnEnded
from app.policy import load
from app.readying import Readying
from app.storage.segments import Owner
from app.storage.sqlite import SqliteStore
from app.vocabulary import Ask, Task
from tests.contract.school import ADA, Replica, School

POLICY = load(Path(__file__).parents[2] / "config" / "policy.toml")


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


async def test_the_head_of_the_next_prompt_is_ready_before_its_message_comes(store: SqliteStore) -> None:
    school, assembler = School(store), Assembler(o200k())
    session = await school.history(ADA, ["I live in Vienna."])
    async with school.replica() as replica:
        snapshots = replica.records.snapshots
        briefing = Briefing(POLICY, school.clock, Sources(replica.recalls))
        readying = Readying(snapshots, briefing, assembler)
        async with ahead_of(replica, readying.ready) as preload:
            preload.expect(ADA, session.id)
            await preload.idle()
        made = assembler.fragments.lookups["miss"]
        assert made
        ask = Ask("school", session.id, "How do fractions work?", stream=False)
        brief = await briefing.brief(ask, await snapshots.of("school", session.id), Wish(Task.GENERAL, "guided"))
        prompt = assembler.assemble(brief)
        assert "Vienna" in prompt.messages[0].text
        assert assembler.fragments.lookups == {"hit": made, "miss": made}
        assert snapshots.lookups == {"hit": 1, "miss": 1}
        assert replica.recalls.lookups["warm"] == 1


async def test_nothing_is_made_ready_for_a_session_that_is_gone(store: SqliteStore) -> None:
    school, assembler = School(store), Assembler(o200k())
    async with school.replica() as replica:
        briefing = Briefing(POLICY, school.clock, Sources(replica.recalls))
        await Readying(replica.records.snapshots, briefing, assembler).ready("school", "gone")
    assert not assembler.fragments.lookups.total()
