"""What is remembered of a learner: what other replicas, erasures, clocks, damage and want of room make of it."""

import asyncio
import base64

import pytest

from app.context.memory.memory import SIZE
from app.context.memory.recalls import Sought
from app.context.recall.search import Question
from app.policy import RecallPolicy
from app.storage.belongings import Belongings
from app.storage.ports import SEGMENTS, Find
from app.storage.segments import Owner
from app.storage.sqlite import SqliteStore
from app.vocabulary import State
from tests.contract.school import ADA, LONG, School, closing, packed, until_segments


@pytest.fixture
async def school(store: SqliteStore) -> School:
    return School(store)


async def test_a_turn_is_found_as_soon_as_it_has_ended(school: School) -> None:
    async with school.replica() as replica:
        assert await replica.found("birthday") == []
        session = await school.session()
        await replica.say(school.turn(session, "My birthday is in May"), reply="A birthday in spring!")
        assert sorted(await replica.found("birthday")) == ["A birthday in spring!", "My birthday is in May"]


async def test_another_replica_finds_it_too_when_it_has_heard_of_it(school: School) -> None:
    async with school.replica() as here, school.replica() as there:
        assert await there.found("birthday") == []
        await here.say(school.turn(await school.session(), "My birthday is in May"))
        for _ in range(3):  # the message is on its way
            await asyncio.sleep(0)
        assert "My birthday is in May" in await there.found("birthday")


async def test_what_nobody_tells_of_is_found_after_half_a_minute(school: School) -> None:
    async with school.replica() as replica:
        assert await replica.found("birthday") == []
        turn = school.turn(await school.session(), "My birthday is in May")
        await replica.records.turns.open(turn)
        await replica.records.turns.close(closing(turn, school.clock))
        assert await replica.found("birthday") == []
        school.clock.turn(31)
        assert "My birthday is in May" in await replica.found("birthday")


async def test_a_clock_that_jumps_back_loses_nothing(school: School) -> None:
    school.clock.turn(86_400)
    await school.history(ADA, LONG)
    restarted = School(school.store)  # with a clock of a day before
    async with restarted.replica() as replica:
        assert LONG[7] in await replica.found("w7x")
        for n in range(3):
            await replica.say(restarted.turn(await restarted.session(), f"Number {n} of may{n}day"))
            restarted.clock.turn(31)
            assert f"Number {n} of may{n}day" in await replica.found(f"may{n}day")
    async with restarted.replica() as replica:
        assert "Number 1 of may1day" in await replica.found("may1day")


@pytest.mark.parametrize("harm", ["data", "version", "gap", "nothing"])
async def test_a_segment_that_cannot_be_used_is_derived_again_and_that_is_logged(
    school: School, harm: str, caplog: pytest.LogCaptureFixture
) -> None:
    await packed(school)
    found = await school.store.find(SEGMENTS, Find(ADA.where))
    doc = found[-1]
    data = bytearray(base64.b64decode(doc["data"]))
    if harm == "gap":
        await school.store.delete(SEGMENTS, {"id": found[0]["id"]})
    elif harm == "nothing":
        await school.store.replace(SEGMENTS, {**doc, "data": None}, {})
    else:
        data[4 if harm == "version" else len(data) // 2] ^= 0xFF
        await school.store.replace(SEGMENTS, {**doc, "data": base64.b64encode(data).decode()}, {})
    async with school.replica() as replica:
        assert LONG[7] in await replica.found("w7x")
        assert LONG[200] in await replica.found("w200x")
        await until_segments(school, ADA, 2)
    assert len([record for record in caplog.records if "derived from the turn log again" in record.message]) == 1


async def test_an_erased_session_is_in_no_memory_that_is_asked_next(school: School) -> None:
    async with school.replica() as here, school.replica() as there:
        session = await school.session()
        await here.say(school.turn(session, "My birthday is in May"))
        await here.say(school.turn(await school.session(), "I like algebra"))
        assert await here.found("birthday")
        assert await there.found("birthday")
        await here.records.sessions.remove(session)
        here.recalls.forget(ADA)
        assert await here.found("birthday") == []
        assert "I like algebra" in await here.found("algebra")
        for _ in range(3):
            await asyncio.sleep(0)
        assert await there.found("birthday") == []


@pytest.mark.parametrize("open_before", [False, True], ids=["", "after an open turn"])
async def test_an_erasure_that_nobody_tells_of_is_noticed_after_half_a_minute(
    school: School, open_before: bool
) -> None:
    async with school.replica() as replica:
        if open_before:  # what comes after it is never settled
            await replica.records.turns.open(school.turn(await school.session(), "Still thinking"))
        session = await school.session()
        await replica.say(school.turn(session, "My birthday is in May"))
        assert await replica.found("birthday")
        await replica.records.sessions.remove(session)
        school.clock.turn(31)
        assert await replica.found("birthday") == []
        assert await replica.facts() == {}


async def test_what_is_erased_while_it_is_loaded_does_not_come_back(school: School) -> None:
    async with school.replica() as replica:
        session = await school.session()
        await replica.say(school.turn(session, "My birthday is in May"))
    async with school.replica(RecallPolicy(patience=0)) as replica:
        asking = asyncio.ensure_future(replica.recalls.fetch(ADA))
        await asyncio.sleep(0)
        await Belongings(school.store).erase(ADA)
        replica.recalls.forget(ADA)
        await asking
        assert not replica.recalls.fresh(ADA)
    async with school.replica() as replica:
        assert await replica.found("birthday") == []


async def test_a_turn_does_not_wait_for_a_memory_longer_than_it_may(school: School) -> None:
    await school.history(ADA, LONG)
    async with school.replica(RecallPolicy(patience=0)) as replica:
        found = await replica.recalls.find(Sought(ADA, Question("w7x", "")))
        assert (found.ranked, found.why) == (None, "loading")
        await replica.recalls.fetch(ADA)
        async with asyncio.timeout(30):
            while not replica.recalls.fresh(ADA):
                await asyncio.sleep(0)
        assert (await replica.recalls.find(Sought(ADA, Question("w7x", "")))).why == "warm"


async def test_the_newest_passages_are_remembered_and_the_others_stay_in_the_log(school: School) -> None:
    school_long = [f"Lesson {n} is about w{n}x" for n in range(900)]
    await school.history(ADA, school_long)
    school.clock.turn(61)
    few = RecallPolicy(patience=5, passages=1_000)
    for _ in range(2):  # from the log, then from segments
        async with school.replica(few) as replica:
            assert school_long[899] in await replica.found("w899x")
            memory = replica.recalls.warm.peek(ADA)
            assert memory is not None
            assert len(memory.index) <= 1_000 + 400 + SIZE
            await until_segments(school, ADA, 3)


@pytest.mark.parametrize(
    ("ended", "kept"),
    [
        ({"state": State.COMPLETE}, {"The question", "The answer"}),
        ({"state": State.INCOMPLETE}, {"The question", "The answer"}),
        ({"state": State.CANCELLED, "reply": ""}, {"The question"}),
        ({"state": State.GUARDED}, {"The question"}),
        ({"degraded": True}, {"The question"}),
        ({"state": State.FAILED}, set()),
    ],
)
async def test_what_is_worth_remembering(school: School, ended: dict[str, object], kept: set[str]) -> None:
    async with school.replica() as replica:
        await replica.say(school.turn(await school.session(), "The question"), **{"reply": "The answer", **ended})
        assert set(await replica.found("question answer")) == kept


async def test_memories_give_way_by_bytes_and_come_back(school: School) -> None:
    owners = [Owner("school", f"learner {n}") for n in range(12)]
    for n, owner in enumerate(owners):
        await school.history(owner, [f"canary{n} " + "many words " * 90] * 40)
    async with school.replica(RecallPolicy(patience=5, megabytes=1)) as replica:
        for _ in range(2):
            for n, owner in enumerate(owners):
                texts = await replica.found("canary" + str(n), owner)
                assert texts
                assert all(f"canary{n} " in text for text in texts if text != "I see.")
        assert replica.recalls.warm.evicted
        assert replica.recalls.warm.size <= 1 << 20


async def test_while_the_store_is_away_a_warm_memory_is_used_as_it_is(school: School) -> None:
    async with school.replica() as replica:
        await replica.say(school.turn(await school.session(), "My birthday is in May"))
        assert await replica.found("birthday")
        await school.store.close()
        school.clock.turn(31)
        assert "My birthday is in May" in await replica.found("birthday")
        assert replica.recalls.lookups["stale"] == 1
