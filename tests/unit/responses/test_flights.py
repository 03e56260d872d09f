"""One call for all who ask the same: what each hears, who pays, and what is left when somebody goes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clock import HandClock
from app.errors import NoProvider, ProviderDown
from app.responses.flights import LINGER, MOST_FLIGHTS, Flights
from app.responses.kept import MOST_TEXT
from app.routing.money import unlimited
from app.vocabulary import Finish, Usage
from tests.unit.responses.calls import Listener, ScriptedCall, heard

ASKED = ("digest", True)


class Air:
    """Flights, their clock, and one call."""

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        self.clock = HandClock()
        self.flights = Flights(tasks, self.clock)
        self.call = ScriptedCall()

    def ask(self, streamed: bool = True) -> Listener:
        """One more who asks the same."""
        asked = (ASKED[0], streamed)
        flight = self.flights.find(*asked) or self.flights.start(asked, self.call, LINGER, unlimited())
        assert flight is not None
        return Listener(flight)


@asynccontextmanager
async def air() -> AsyncIterator[Air]:
    """Flights that all have ended when the context is left."""
    async with asyncio.TaskGroup() as tasks, asyncio.timeout(30):
        yield Air(tasks)


async def test_a_hundred_equal_questions_make_one_call_and_hear_it_piece_by_piece() -> None:
    async with air() as a:
        learners = [a.ask() for _ in range(100)]
        for said in ("What ", "do you "):
            await a.call.say(said)
        assert {learner.text for learner in learners} == {"What do you "}
        await a.call.say("know?")
        await a.call.end()
    assert a.call.made == 1
    assert {(learner.text, learner.error) for learner in learners} == {("What do you know?", None)}
    assert [len(learner.answer.attempts) for learner in learners] == [1] + [0] * 99
    assert [learner.answer.cached for learner in learners] == [False] + [True] * 99
    assert learners[0].answer.usage == Usage(100, 20, 5, 0.5)
    assert {learner.answer.usage for learner in learners[1:]} == {Usage(cost_usd=0.0)}
    assert {learner.answer.finish for learner in learners} == {Finish.STOP}
    assert len({learner.answer.entry.model for learner in learners if learner.answer.entry}) == 1


async def test_who_comes_late_hears_what_was_said_before_at_once() -> None:
    async with air() as a:
        first = a.ask()
        await a.call.say("one ")
        late = a.ask()
        await heard()
        assert late.text == "one "
        await a.call.say("two")
        await a.call.end()
    assert first.text == late.text == "one two"


async def test_one_who_is_stopped_takes_nothing_from_the_others_and_the_next_one_pays() -> None:
    async with air() as a:
        first, second, third = a.ask(), a.ask(), a.ask()
        await a.call.say("one ")
        await first.leave()
        await a.call.say("two")
        await a.call.end()
    assert a.call.made == 1
    assert (first.text, first.answer.attempts, first.answer.cached) == ("one ", [], True)
    assert (second.text, len(second.answer.attempts), second.answer.cached) == ("one two", 1, False)
    assert (third.text, third.answer.attempts, third.answer.cached) == ("one two", [], True)


async def test_the_call_ends_with_the_last_one_who_listens_and_is_on_that_one_s_record() -> None:
    async with air() as a:
        first, last = a.ask(), a.ask()
        await a.call.say("one ")
        await first.leave()
        assert a.call.open == 1
        await last.leave()
        assert (a.call.open, len(a.flights)) == (0, 0)
    assert [attempt.outcome for attempt in last.answer.attempts] == ["abandoned"]
    assert (first.answer.attempts, last.answer.cached) == ([], False)


async def test_who_asks_while_the_last_one_leaves_gets_a_call_of_its_own() -> None:
    async with air() as a:
        first = a.ask()
        await a.call.say("one ")
        first.task.cancel()
        await asyncio.sleep(0)  # the call is told to end now, and has not yet
        second = a.ask()
        await heard()
        await a.call.say("new")
        await a.call.end()
        await asyncio.wait([first.task])
    assert (second.text, second.answer.cached, a.call.made) == ("new", False, 2)


async def test_a_call_that_is_given_up_before_it_was_made_leaves_nothing() -> None:
    async with air() as a:
        flight = a.flights.start(ASKED, a.call, LINGER, unlimited())
        assert flight is not None
        listener = Listener(flight)
        await asyncio.sleep(0)
        await listener.leave()
        await heard()
        assert len(a.flights) == 0
    assert listener.answer.cached is False


@pytest.mark.parametrize("error", [NoProvider(7.0), ProviderDown("reset"), RuntimeError("a bug")], ids=str)
async def test_all_end_as_the_call_ends_and_what_was_told_stays_told(error: Exception) -> None:
    async with air() as a:
        learners = [a.ask() for _ in range(5)]
        await a.call.say("one ")
        await a.call.fail(error)
        assert {learner.text for learner in learners} == {"one "}
        assert [learner.error for learner in learners] == [error] * 5
        assert [len(learner.answer.attempts) for learner in learners] == [1, 0, 0, 0, 0]
        assert (a.call.made, len(a.flights)) == (1, 0)
        again = a.ask()
        await a.call.say("well")
        await a.call.end()
    assert (again.text, a.call.made) == ("well", 2)


async def test_where_nobody_spoke_nothing_came_from_anyone_else() -> None:
    async with air() as a:
        learners = [a.ask() for _ in range(2)]
        await a.call.fail(NoProvider(7.0))
    assert [learner.answer.cached for learner in learners] == [False, False]


async def test_a_whole_answer_is_told_for_a_moment_after_its_end() -> None:
    async with air() as a:
        a.ask()
        await a.call.say("one")
        await a.call.end()
        a.clock.turn(LINGER - 0.1)
        late = a.ask()
        await heard()
        assert (late.text, late.answer.cached, late.answer.attempts) == ("one", True, [])
        a.clock.turn(0.1)
        later = a.ask()
        await a.call.say("two")
        await a.call.end()
    assert (later.text, later.answer.cached, a.call.made) == ("two", False, 2)


@pytest.mark.parametrize("finish", [Finish.LENGTH, Finish.CONTENT_FILTER])
async def test_an_answer_that_was_cut_is_not(finish: Finish) -> None:
    async with air() as a:
        a.ask()
        await a.call.say("one")
        await a.call.end(finish)
        assert a.flights.find(*ASKED) is None


async def test_the_offline_tutor_s_answer_is_not() -> None:
    async with air() as a:
        a.call = ScriptedCall("offline")
        a.ask()
        await a.call.say("one")
        await a.call.end()
        assert a.flights.find(*ASKED) is None


async def test_an_answer_that_another_model_went_on_with_is_not() -> None:
    async with air() as a:
        first = a.ask()
        await a.call.say("one")
        a.call.answers[0].continued = True
        await a.call.end()
        assert a.flights.find(*ASKED) is None
    assert first.answer.continued


async def test_who_reads_along_does_not_wait_for_an_answer_in_one_piece() -> None:
    async with air() as a:
        whole = a.ask(streamed=False)
        reader = a.ask(streamed=True)
        await heard()
        assert a.call.made == 2
        another = a.ask(streamed=False)
        await heard()
        assert a.call.made == 2
        for listener in (whole, reader, another):
            await listener.leave()


async def test_an_answer_that_grows_too_long_takes_nobody_more() -> None:
    async with air() as a:
        first = a.ask()
        await a.call.say("x" * (MOST_TEXT + 1))
        assert a.flights.find(*ASKED) is None
        await a.call.end()
    assert len(first.text) == MOST_TEXT + 1


async def test_there_are_never_more_calls_to_join_than_the_bound() -> None:
    async with air() as a:
        listeners = [
            Listener(flight)
            for n in range(MOST_FLIGHTS + 1)
            if (flight := a.flights.start((str(n), True), a.call, LINGER, unlimited()))
        ]
        assert len(listeners) == len(a.flights) == MOST_FLIGHTS
        await heard()
        for listener in listeners:
            await listener.leave()
        assert len(a.flights) == 0


STEPS = st.lists(st.sampled_from(["join", "leave first", "leave last", "say"]), min_size=1, max_size=30)


@given(STEPS, st.booleans())
def test_whoever_comes_and_goes_each_call_is_on_one_record_and_who_stays_hears_it_all(
    steps: Sequence[str], well: bool
) -> None:
    asyncio.run(_come_and_go(steps, well))


async def _come_and_go(steps: Sequence[str], well: bool) -> None:
    async with air() as a:
        here, gone = [a.ask()], list[Listener]()
        await heard()
        for n, step in enumerate(steps):
            if step == "join":
                here.append(a.ask())
                await heard()
            elif step == "say" and here:
                await a.call.say(f"{n} ")
            elif step.startswith("leave") and here:
                gone.append(here.pop(0 if step == "leave first" else -1))
                await gone[-1].leave()
        if here:
            await (a.call.end() if well else a.call.fail(ProviderDown("reset")))
        assert a.call.open == 0
    assert len({listener.text for listener in here}) <= 1
    assert all((listener.error is None) == well for listener in here)
    assert sum(len(listener.answer.attempts) for listener in [*here, *gone]) == a.call.made
