"""Nobody is asked more than there is room for, and who turns calls down is kept from them while another is left."""

import asyncio
import random
from dataclasses import replace

import pytest

from app.clock import HandClock
from app.errors import ProviderBusy, ProviderDown
from app.providers.port import Rate
from app.routing.answer import Answer, Request
from app.routing.router import Router
from app.vocabulary import Chunk, Finish, Left, Message, Prompt, Quota, Usage
from tests.fakes import Hang, ScriptedProvider, entry, hasty, routed

PROMPT = Prompt((Message("user", "Why is the sky blue?"),), 100, 0.4, stream=True, tokens=50)


async def ask(router: Router, *candidates: ScriptedProvider) -> list[tuple[str, str]]:
    """Who was asked, and how it ended."""
    answer = Answer()
    [chunk async for chunk in router.stream(Request(PROMPT, candidates, 60.0), answer)]
    return [(attempt.provider, attempt.outcome) for attempt in answer.attempts]


async def test_no_more_turns_at_a_time_than_the_catalogue_allows() -> None:
    first = ScriptedProvider(replace(entry("first"), rate=Rate(requests_per_minute=7)))
    second = ScriptedProvider(replace(entry("second"), rate=Rate(tokens_per_minute=20 * 150)))
    third = ScriptedProvider(entry("third"))
    router = routed([first, second, third], clock=HandClock())
    await asyncio.gather(*(ask(router, first, second, third) for _ in range(40)))
    assert (len(first.asked), len(second.asked), len(third.asked)) == (7, 20, 13)


async def test_what_a_provider_says_is_left_holds_for_all_turns_at_a_time() -> None:
    told = (Chunk("Well, ", quota=Quota(Left(10, 11, 60.0))), Chunk(finish=Finish.STOP))
    limited, other = ScriptedProvider(entry("limited"), told), ScriptedProvider(entry("other"))
    router = routed([limited, other], clock=HandClock())
    await ask(router, limited, other)
    limited.script = (Chunk("Well, "), Chunk(finish=Finish.STOP))
    await asyncio.gather(*(ask(router, limited, other) for _ in range(100)))
    assert (len(limited.asked), len(other.asked)) == (11, 90)


async def test_what_a_refusal_says_is_left_counts_too() -> None:
    busy = ProviderBusy("429")
    busy.quota = Quota(Left(0, 100, 3600.0))
    full, other = ScriptedProvider(entry("full"), [busy]), ScriptedProvider(entry("other"))
    clock = HandClock()
    router = routed([full, other], clock=clock)
    expected = [("full", "busy"), ("other", "ok")]
    for _ in range(4):
        assert await ask(router, full, other) == expected
        expected = [("other", "ok")]
        clock.turn(600)  # no breaker is open for so long, nothing is kept back for so long
    assert router.guard.figures.known(full.entry).throttled == 0


async def test_a_call_that_a_breaker_stops_takes_nothing_from_the_limit() -> None:
    dead = ScriptedProvider(replace(entry("dead"), rate=Rate(requests_per_minute=100)), [ProviderDown("refused")])
    router, other = routed([dead]), ScriptedProvider(entry("other"))
    for _ in range(30):
        await ask(router, dead, other)
    assert len(dead.asked) == 10
    known = router.guard.figures.known(dead.entry)
    assert known.left[0] == 90
    assert known.failures is not None
    assert (known.failures.value, known.failures.count, known.under_way) == (1.0, 10, 0)


async def test_who_turns_calls_down_is_asked_less_while_another_is_left_and_always_when_nobody_is() -> None:
    clock, chance = HandClock(), random.Random(7)
    busy, good = ScriptedProvider(entry("busy"), [ProviderBusy("429")]), ScriptedProvider(entry("good"))
    router = routed([busy, good], clock=clock, chance=chance.random)
    for _ in range(300):
        clock.turn(6.0)  # by then the breaker that the 429 opened lets calls through again
        await ask(router, busy, good)
    assert 5 < len(busy.asked) < 150
    alone, asked = ScriptedProvider(entry("busy")), len(busy.asked)
    clock.turn(6.0)
    assert router.guard.figures.known(busy.entry).throttled > 0.5
    assert await ask(router, alone) == [("busy", "ok")]
    assert (len(alone.asked), len(busy.asked)) == (1, asked)


async def test_only_streams_long_enough_say_how_fast_a_model_writes() -> None:
    texts = [Chunk("word "), Chunk(finish=Finish.STOP, usage=Usage(50, 0, 15))]
    model = ScriptedProvider(entry("model"), texts)
    router = routed([model])
    await ask(router, model)
    assert router.guard.figures.known(model.entry).speed is None
    model.script = [texts[0], Chunk(finish=Finish.STOP, usage=Usage(50, 0, 16))]
    await ask(router, model)
    known = router.guard.figures.known(model.entry)
    assert known.speed is not None
    assert 0 < known.speed.value <= 1_600
    assert known.first_token is not None
    assert known.first_token.count == 2


async def test_a_learner_who_leaves_says_nothing_of_a_model() -> None:
    model = ScriptedProvider(entry("model"))
    router = routed([model])
    stream = router.stream(Request(PROMPT, (model,), 5.0), Answer())
    await anext(stream)
    assert router.guard.figures.known(model.entry).under_way == 1
    await stream.aclose()
    known = router.guard.figures.known(model.entry)
    assert (known.under_way, known.failures) == (0, None)


async def test_an_answer_in_one_piece_says_nothing_of_first_tokens_whether_it_comes_or_not() -> None:
    model, other = ScriptedProvider(entry("model")), ScriptedProvider(entry("other"))
    router, whole = routed([model, other]), replace(PROMPT, stream=False)
    for script in (model.script, [Hang()]):
        model.script = script
        [chunk async for chunk in router.stream(Request(whole, (model, other), 1.0), Answer())]
    known = router.guard.figures.known(model.entry)
    assert (known.first_token, known.speed) == (None, None)
    assert known.failures is not None
    assert known.failures.count == 2
    assert known.failures.value == pytest.approx(0.5, abs=0.01)


async def test_the_wait_for_a_first_token_that_did_not_come_counts_as_one() -> None:
    model, other = ScriptedProvider(hasty("model"), [Hang()]), ScriptedProvider(entry("other"))
    router = routed([model, other])
    assert await ask(router, model, other) == [("model", "timeout"), ("other", "ok")]
    first = router.guard.figures.known(model.entry).first_token
    assert first is not None
    assert first.value >= 0.04
