"""A second model beside one that is slow to speak: whoever speaks first answers, and the other is given up."""

import asyncio
from dataclasses import replace

import pytest

from app.errors import NoProvider, ProviderDown
from app.providers.port import Prices
from app.routing.answer import Answer, Request
from app.routing.breaker import State
from app.routing.hedge import HedgeBudget
from app.routing.pulse import KNOWN, Pulse
from app.routing.router import Router
from app.vocabulary import Message, Prompt
from tests.fakes import WHOLE, Hang, ScriptedProvider, Until, entry, routed

PROMPT = Prompt((Message("user", "Why is the sky blue?"),), 100, 0.4, stream=True, tokens=1_000)


def hurried(*providers: ScriptedProvider) -> Router:
    """A router that knows the first model to speak within a hundredth of a second, and may hedge."""
    router = routed(providers)
    pulse = router.guard.pulse(providers[0].entry, stream=True)
    pulse.tail, pulse.calls = 0.01, KNOWN
    router._hedges = HedgeBudget(1.0)
    return router


async def ask(router: Router, *providers: ScriptedProvider, hedged: float = 0.05) -> tuple[str, Answer]:
    answer = Answer()
    request = Request(PROMPT, providers, 30.0, hedged=hedged)
    return "".join([c.text async for c in router.stream(request, answer)]), answer


def outcomes(answer: Answer) -> list[tuple[str, str]]:
    return [(attempt.provider, attempt.outcome) for attempt in answer.attempts]


async def test_a_model_that_is_slower_than_usual_is_outrun() -> None:
    slow, quick = ScriptedProvider(entry("slow"), [Hang()]), ScriptedProvider(entry("quick"))
    router = hurried(slow, quick)
    text, answer = await ask(router, slow, quick)
    assert text == "What do you know already?"
    assert outcomes(answer) == [("slow", "outrun"), ("quick", "ok")]
    assert answer.entry is quick.entry
    assert (slow.closed, quick.closed) == (1, 1)
    assert router.retries.tokens == 500
    assert router.guard.standing(slow.entry).failed == 0


async def test_a_model_that_is_outrun_has_read_the_prompt_and_that_costs() -> None:
    dear = replace(entry("slow"), prices=Prices(input=2.0, output=10.0))
    slow, quick = ScriptedProvider(dear, [Hang()]), ScriptedProvider(entry("quick"))
    _, answer = await ask(hurried(slow, quick), slow, quick)
    assert [attempt.cost_usd for attempt in answer.attempts] == [0.002, None]


async def test_a_first_model_that_speaks_after_all_wins() -> None:
    here = asyncio.Event()
    slow = ScriptedProvider(entry("slow"), [Until(here), *WHOLE])
    second = ScriptedProvider(entry("second"), [Until(here, sets=True), Hang()])
    text, answer = await ask(hurried(slow, second), slow, second)
    assert text == "What do you know already?"
    assert outcomes(answer) == [("second", "outrun"), ("slow", "ok")]


async def test_where_one_of_both_fails_the_other_answers_and_where_both_do_the_next() -> None:
    asked = asyncio.Event()
    slow = ScriptedProvider(entry("slow"), [Until(asked), ProviderDown("gone")])
    second = ScriptedProvider(entry("second"), [Until(asked, sets=True), *WHOLE])
    _, answer = await ask(hurried(slow, second), slow, second)
    assert sorted(outcomes(answer)) == [("second", "ok"), ("slow", "down")]
    asked = asyncio.Event()
    slow = ScriptedProvider(entry("slow"), [Until(asked), ProviderDown("gone")])
    second = ScriptedProvider(entry("second"), [Until(asked, sets=True), ProviderDown("gone")])
    third = ScriptedProvider(entry("third"))
    _, answer = await ask(hurried(slow, second, third), slow, second, third)
    assert outcomes(answer)[-1] == ("third", "ok")
    assert len(answer.attempts) == 3


async def test_a_model_that_fails_before_anyone_is_asked_beside_it_is_fallen_over_from() -> None:
    dead, good = ScriptedProvider(entry("dead"), [ProviderDown("refused")]), ScriptedProvider(entry("good"))
    router = hurried(dead, good)
    _, answer = await ask(router, dead, good)
    assert outcomes(answer) == [("dead", "down"), ("good", "ok")]
    assert router._hedges.allows


async def test_the_client_that_leaves_in_the_race_ends_both_calls() -> None:
    asked = asyncio.Event()
    slow = ScriptedProvider(entry("slow"), [Hang()])
    second = ScriptedProvider(entry("second"), [Until(asked, sets=True), Hang()])
    task = asyncio.create_task(ask(hurried(slow, second), slow, second))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (slow.closed, second.closed) == (1, 1)


async def test_a_client_that_leaves_while_the_loser_is_being_closed_ends_the_winner_too() -> None:
    gone = asyncio.Event()
    slow = ScriptedProvider(entry("slow"), [Hang()], closing=gone)
    quick = ScriptedProvider(entry("quick"))
    task = asyncio.create_task(ask(hurried(slow, quick), slow, quick))
    await slow.leaving.wait()
    task.cancel()
    gone.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (slow.closed, quick.closed) == (1, 1)


@pytest.mark.parametrize("state", [State.OPEN, State.FORCED_OPEN, State.HALF_OPEN])
async def test_a_model_that_is_not_known_to_be_well_is_never_asked_beside_another(state: State) -> None:
    here = asyncio.Event()
    slow, second = ScriptedProvider(entry("slow"), [Until(here), *WHOLE]), ScriptedProvider(entry("second"))
    router = hurried(slow, second)
    await router.guard._breakers.force(f"none/{second.entry.provider}/{second.entry.model}", state)
    task = asyncio.create_task(ask(router, slow, second))
    asyncio.get_running_loop().call_later(0.05, here.set)
    _, answer = await task
    assert outcomes(answer) == [("slow", "ok")]


async def test_one_turn_in_twenty_may_ask_two_at_most() -> None:
    slow, quick = ScriptedProvider(entry("slow"), [Hang()]), ScriptedProvider(entry("quick"))
    router = hurried(slow, quick)
    router._hedges = HedgeBudget()
    hedged = []
    for _ in range(100):
        done = ScriptedProvider(slow.entry, WHOLE) if not router._hedges.turn(0.05).allows else slow
        _, answer = await ask(router, done, quick)
        hedged.append(len(answer.attempts) == 2)
        router.guard.pulse(slow.entry, stream=True).tail = 0.01
    assert sum(hedged) == 5


async def test_nobody_is_asked_beside_another_unless_the_policy_says_so() -> None:
    here = asyncio.Event()
    slow, second = ScriptedProvider(entry("slow"), [Until(here), *WHOLE]), ScriptedProvider(entry("second"))
    asyncio.get_running_loop().call_later(0.05, here.set)
    _, answer = await ask(hurried(slow, second), slow, second, hedged=0.0)
    assert outcomes(answer) == [("slow", "ok")]


async def test_when_nobody_speaks_the_caller_is_told() -> None:
    asked = asyncio.Event()
    slow = ScriptedProvider(entry("slow"), [Until(asked), ProviderDown("gone", retry_after=30)])
    second = ScriptedProvider(entry("second"), [Until(asked, sets=True), ProviderDown("gone", retry_after=20)])
    with pytest.raises(NoProvider) as failed:
        await ask(hurried(slow, second), slow, second)
    assert failed.value.retry_after == 20


def test_the_tail_is_what_nineteen_of_twenty_first_tokens_take_less_than() -> None:
    pulse, took = Pulse(limit=8.0), [0.1 + 0.001 * (n * 37 % 100) for n in range(4_000)]
    for number, seconds in enumerate(took):
        assert pulse.p95 is None or number >= KNOWN
        pulse.began(number, float(number))
        pulse.heard(number, number + seconds)
    assert pulse.p95 is not None
    assert 0.18 <= pulse.p95 <= 0.21
