"""What is remembered of a learner, over both stores (`app/context/memory/`)."""

import asyncio
import logging

import pytest

from app.storage.ports import SEGMENTS, Find
from app.storage.segments import Owner, Segment, Segments
from tests.contract.conftest import AnyStore
from tests.contract.school import ADA, LONG, School, closing, packed, until_segments


@pytest.fixture
async def school(store: AnyStore) -> School:
    return School(store)


async def test_what_was_said_survives_the_process(school: School) -> None:
    async with school.replica() as replica:
        await replica.say(school.turn(await school.session(), "My birthday is in May"))
    async with school.replica() as replica:
        assert "My birthday is in May" in await replica.found("birthday")


async def test_equal_names_in_other_workspaces_and_other_learners_find_nothing(school: School) -> None:
    async with school.replica() as replica:
        await replica.say(school.turn(await school.session(), "My birthday is in May"))
        assert await replica.found("birthday", Owner("college", "ada")) == []
        assert await replica.found("birthday", Owner("school", "bob")) == []


async def test_long_histories_are_packed_and_unpacked(school: School, caplog: pytest.LogCaptureFixture) -> None:
    await packed(school)
    async with school.replica() as replica:
        assert LONG[7] in await replica.found("w7x")
        assert LONG[299] in await replica.found("w299x")
    assert not caplog.records


async def test_a_turn_that_was_open_while_later_ones_were_packed_is_not_lost(school: School) -> None:
    slow = school.turn(await school.session(), "My birthday is in May")
    async with school.replica() as replica:
        await replica.records.turns.open(slow)
    await school.history(ADA, LONG)
    school.clock.turn(61)
    async with school.replica() as replica:
        assert LONG[7] in await replica.found("w7x")
        assert await Segments(school.store).newest(ADA) == -1
        await replica.close(slow)
        assert "My birthday is in May" in await replica.found("birthday")
        school.clock.turn(31)
        await replica.found("birthday")
        await until_segments(school, ADA, 2)
    async with school.replica() as replica:
        assert "My birthday is in May" in await replica.found("birthday")


async def test_a_turn_recorded_late_under_an_early_id_is_found(
    school: School, caplog: pytest.LogCaptureFixture
) -> None:
    early = school.turn(await school.session(), "My birthday is in May")
    await packed(school)
    async with school.replica() as replica:
        await replica.records.turns.open(early)
        await replica.records.turns.close(closing(early, school.clock))
        with caplog.at_level(logging.WARNING):
            assert "My birthday is in May" in await replica.found("birthday")
        assert LONG[7] in await replica.found("w7x")
    assert [record.message for record in caplog.records if "derived from the turn log again" in record.message]


async def test_two_replicas_pack_the_same_history_once(school: School) -> None:
    await school.history(ADA, LONG)
    school.clock.turn(61)
    async with school.replica() as here, school.replica() as there:
        await asyncio.gather(here.found("w7x"), there.found("w7x"))
        await until_segments(school, ADA, 2)
    assert [doc["n"] for doc in await school.store.find(SEGMENTS, Find(ADA.where))] == [0, 1]
    async with school.replica() as replica:
        assert LONG[299] in await replica.found("w299x")


async def test_a_segment_that_quotes_an_erased_session_is_not_kept(school: School) -> None:
    async with school.replica() as replica:
        session = await school.session()
        await replica.say(school.turn(session, "My birthday is in May"))
        await replica.records.sessions.remove(session)
    late = Segment(0, "", "0", 1, b"quotes")
    assert not await Segments(school.store).add(ADA, late, (session.id,))
    assert await Segments(school.store).newest(ADA) == -1


async def test_facts_hold_until_a_newer_one_says_otherwise_and_survive_packing_and_restarts(school: School) -> None:
    async with school.replica() as replica:
        session = await school.session()
        await replica.say(school.turn(session, "I'm in 9th grade and I live in Vienna."))
        assert await replica.facts() == {"grade": "9th grade", "home": "Vienna"}
    await packed(school)
    async with school.replica() as replica:
        assert await replica.facts() == {"grade": "9th grade", "home": "Vienna"}
        school.clock.turn(1)
        await replica.say(school.turn(session, "We moved. I live in Graz."))
        assert (await replica.facts())["home"] == "Graz"
    async with school.replica() as replica:
        assert (await replica.facts())["home"] == "Graz"
        await replica.records.sessions.remove(session)
        replica.recalls.forget(ADA)
        assert await replica.facts() == {}
