"""Questions that wait, over every store: queued once, claimed by one, set free when their asker is dead."""

import asyncio
from dataclasses import replace

import pytest

from app.clock import HandClock, iso
from app.errors import QueueFull
from app.storage.ports import INSTANCES, TURNS
from app.storage.presence import Instance
from app.storage.questions import MOST, Questions
from app.storage.records import from_doc, to_doc
from app.storage.sessions import Sessions
from app.vocabulary import Question, Session, State, Turn, Wait
from tests.contract.conftest import AnyStore
from tests.contract.documents import new_id, turn

AT = "2026-11-21T06:50:33.123456Z"


def degraded(**fields: str) -> Turn:
    """A turn that the offline tutor answered in a model's place."""
    return replace(
        from_doc(Turn, turn(**{"learner_id": "ada", "session_id": "s", **fields})), state=State.COMPLETE, degraded=True
    )


async def test_a_question_is_queued_once(store: AnyStore) -> None:
    questions, asked = Questions(store), degraded()
    added = await asyncio.gather(*(questions.add(asked, AT) for _ in range(5)))
    assert added == [Question(asked.id, "school", "s", "ada", AT)] * 5
    assert await questions.get(asked.id) == added[0]
    assert await questions.waiting(10) == added[:1]
    assert await questions.of_session("s", asked.id) == {asked.id: added[0]}
    assert await questions.of_session("s", new_id()) == {}


async def test_a_learner_has_so_many_waiting_and_another_learner_too(store: AnyStore) -> None:
    questions = Questions(store)
    turns = [degraded() for _ in range(MOST)]
    for asked in turns:
        await questions.add(asked, AT)
    with pytest.raises(QueueFull):
        await questions.add(degraded(), AT)
    assert (await questions.add(turns[0], AT)).state is Wait.WAITING
    await questions.add(degraded(learner_id="bob"), AT)
    await questions.add(degraded(workspace="another"), AT)
    assert await questions.take_back(turns[0].id)
    await questions.add(degraded(), AT)


async def test_of_many_that_claim_a_question_one_gets_it(store: AnyStore) -> None:
    questions = Questions(store)
    waiting = await questions.add(degraded(), AT)
    claims = await asyncio.gather(*(questions.claim(waiting, f"replica {n}") for n in range(8)))
    (claimed,) = [claim for claim in claims if claim]
    assert await questions.get(waiting.id) == claimed
    assert await questions.waiting(10) == []
    assert not await questions.take_back(waiting.id)
    assert not await questions.settle(waiting, replace(waiting, state=Wait.GIVEN_UP))
    assert await questions.settle(claimed, replace(claimed, state=Wait.ANSWERED, owner=None, answered_by="t"))
    assert not await questions.take_back(waiting.id)
    assert (await questions.add(degraded(id=waiting.id), AT)).answered_by == "t"


async def test_what_was_given_up_may_wait_anew_or_be_forgotten(store: AnyStore) -> None:
    questions, asked = Questions(store), degraded()
    waiting = await questions.add(asked, AT)
    await questions.settle(waiting, replace(waiting, state=Wait.GIVEN_UP, tries=3))
    again = await questions.add(asked, "2026-11-22T06:50:33.123456Z")
    assert (again.state, again.tries, again.created_at[:10]) == (Wait.WAITING, 3, "2026-11-22")
    await questions.settle(again, replace(again, state=Wait.GIVEN_UP))
    assert await questions.take_back(asked.id)
    assert await questions.get(asked.id) is None


async def test_the_questions_of_a_dead_asker_wait_again_and_those_of_the_living_do_not(store: AnyStore) -> None:
    questions, clock = Questions(store), HandClock()
    await store.insert(INSTANCES, to_doc(Instance("alive", "h", 1, iso(clock.now()))))
    owners = ("alive", "dead", "me", "me")
    asked = [await questions.claim(await questions.add(degraded(), AT), owner) for owner in owners]
    ids = [question.id for question in asked if question]
    await questions.free("me", {ids[2]})
    states = [found.state for id_ in ids if (found := await questions.get(id_))]
    assert states == [Wait.ASKING, Wait.WAITING, Wait.ASKING, Wait.WAITING]


async def test_an_erased_session_leaves_no_question(store: AnyStore) -> None:
    questions, sessions = Questions(store), Sessions(store)
    talk, other = Session(new_id(), "school", "ada", AT, AT), degraded()
    await sessions.add(talk)
    asked = degraded(session_id=talk.id)
    await store.insert(TURNS, to_doc(asked))
    await questions.add(asked, AT)
    await questions.add(other, AT)
    await sessions.remove(talk)
    assert [question.id for question in await questions.waiting(10)] == [other.id]
