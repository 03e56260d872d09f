"""Asking again where waiting pays, and going on with an answer that broke off."""

from dataclasses import replace

import pytest

from app.errors import BrokenStream, NoProvider, ProviderBusy, ProviderDown, ProviderError, ProviderTimeout
from app.providers.port import Limits
from app.routing.answer import Answer, Request
from app.routing.router import Router
from app.vocabulary import Chunk, Finish, Message, Prompt, Usage
from tests.fakes import WHOLE, Hang, ScriptedProvider, entry, hasty, routed

PROMPT = Prompt((Message("user", "Why is the sky blue?"),), 100, 0.4, stream=True)
MARK = "\n\n(another model goes on)\n\n"


async def ask(router: Router, *providers: ScriptedProvider, **how: str) -> tuple[str, Answer]:
    answer = Answer()
    request = Request(PROMPT, providers, 30.0, continued=how.get("continued"))
    return "".join([c.text async for c in router.stream(request, answer)]), answer


def outcomes(answer: Answer) -> list[tuple[str, str]]:
    return [(attempt.provider, attempt.outcome) for attempt in answer.attempts]


@pytest.mark.parametrize("error", [ProviderDown("503"), ProviderBusy("429", retry_after=0.01)])
async def test_a_model_that_fails_for_a_moment_is_asked_again_where_nobody_else_is_left(error: ProviderError) -> None:
    flaky = ScriptedProvider(entry("flaky"), [error], later=WHOLE)
    text, answer = await ask(routed([flaky]), flaky)
    assert text == "What do you know already?"
    assert outcomes(answer)[-1] == ("flaky", "ok")
    assert len(answer.attempts) == 2


@pytest.mark.parametrize("error", [ProviderBusy("429", retry_after=30), ProviderTimeout("slow"), BrokenStream("cut")])
async def test_nobody_waits_for_a_long_time_or_for_what_waiting_does_not_mend(error: ProviderError) -> None:
    bad = ScriptedProvider(entry("bad"), [error])
    with pytest.raises(NoProvider):
        await ask(routed([bad]), bad)
    assert len(bad.asked) == 1


async def test_the_last_resort_answers_at_once_unless_a_model_said_that_it_comes_back_in_a_moment() -> None:
    dead, last = ScriptedProvider(entry("dead"), [ProviderDown("503")]), ScriptedProvider(entry("offline"))
    _, answer = await ask(routed([dead], last), dead, last)
    assert outcomes(answer) == [("dead", "down"), ("offline", "ok")]
    busy = ScriptedProvider(entry("busy"), [ProviderBusy("429", retry_after=0.01)], later=WHOLE)
    _, answer = await ask(routed([busy], last), busy, last)
    assert outcomes(answer) == [("busy", "busy"), ("busy", "ok")]


async def test_a_total_outage_asks_each_model_three_times_and_then_says_so() -> None:
    dead = [ScriptedProvider(entry(name), [ProviderDown("refused")]) for name in ("a", "b")]
    router = routed(dead)
    with pytest.raises(NoProvider):
        await ask(router, *dead)
    assert [len(provider.asked) for provider in dead] == [3, 3]


async def test_once_the_budget_is_spent_nobody_is_asked_again() -> None:
    dead = ScriptedProvider(entry("dead"), [ProviderDown("refused")])
    router = routed([dead])
    while router.retries.allows:
        router._caller.retries = router.retries.spent()
    with pytest.raises(NoProvider):
        await ask(router, dead)
    assert len(dead.asked) == 1


@pytest.mark.parametrize("failure", [ProviderDown("reset"), Hang(), None])
async def test_another_model_goes_on_with_a_broken_answer_where_the_policy_says_so(
    failure: ProviderDown | Hang | None,
) -> None:
    broken = ScriptedProvider(hasty("broken"), [WHOLE[0], *([failure] if failure else [])])
    second = ScriptedProvider(entry("second"), [Chunk("know?"), Chunk(finish=Finish.STOP, usage=Usage(7, 0, 2))])
    text, answer = await ask(routed([broken, second]), broken, second, continued=MARK)
    assert text == f"What do you {MARK}know?"
    assert answer.continued
    assert [provider for provider, _ in outcomes(answer)] == ["broken", "second"]
    assert (answer.entry, answer.finish, answer.usage) == (second.entry, Finish.STOP, Usage(7, 0, 2))
    *before, said, wish = second.asked[0].messages
    assert tuple(before) == PROMPT.messages
    assert said == Message("assistant", "What do you ")
    assert wish.role == "user"


async def test_what_breaks_twice_goes_on_twice_and_each_reads_all_that_was_said() -> None:
    first = ScriptedProvider(entry("a"), [Chunk("one "), BrokenStream("cut")])
    second = ScriptedProvider(entry("b"), [Chunk("two "), BrokenStream("cut")])
    third = ScriptedProvider(entry("c"), [Chunk("three"), Chunk(finish=Finish.STOP)])
    text, answer = await ask(routed([first, second, third]), first, second, third, continued="|")
    assert text == "one |two |three"
    assert third.asked[0].messages[1] == Message("assistant", "one two ")
    assert outcomes(answer) == [("a", "broken"), ("b", "broken"), ("c", "ok")]


async def test_what_went_on_is_counted_by_who_finished_it_and_a_longer_prompt_is_counted_anew() -> None:
    first = ScriptedProvider(entry("a"), [Chunk("one ", usage=Usage(50, 0, 9)), BrokenStream("cut")])
    second = ScriptedProvider(entry("b"), [Chunk("two"), Chunk(finish=Finish.STOP)])
    answer = Answer()
    request = Request(replace(PROMPT, tokens=7), (first, second), 30.0, continued="|")
    assert "".join([c.text async for c in routed([first, second]).stream(request, answer)]) == "one |two"
    assert answer.usage == Usage()
    assert (first.asked[0].tokens, second.asked[0].tokens) == (7, None)


async def test_where_nobody_can_go_on_the_answer_ends_as_it_broke() -> None:
    broken = ScriptedProvider(entry("broken"), [WHOLE[0], BrokenStream("cut")])
    dead, last = ScriptedProvider(entry("dead"), [ProviderDown("refused")]), ScriptedProvider(entry("offline"))
    answer = Answer()
    request = Request(PROMPT, (broken, dead, last), 30.0, continued=MARK)
    stream = routed([broken, dead], last).stream(request, answer)
    assert (await anext(stream)).text == "What do you "
    with pytest.raises(BrokenStream):
        await anext(stream)
    assert not answer.continued
    assert last.asked == []


async def test_nobody_waits_for_a_silent_model_where_the_last_resort_can_answer() -> None:
    silent, last = ScriptedProvider(entry("silent"), [Hang()]), ScriptedProvider(entry("offline"))
    router = routed([silent], last)
    pulse = router.guard.pulse(silent.entry, stream=True)
    pulse.doubts, pulse.usual = 1, 0.01
    pulse.began(-1, router.guard.clock.monotonic())  # the one call that asks whether it is back
    _, answer = await ask(router, silent, last)
    assert outcomes(answer) == [("offline", "ok")]
    pulse.ended(-1)
    _, answer = await ask(router, silent, last)
    assert outcomes(answer) == [("silent", "timeout"), ("offline", "ok")]


async def test_an_answer_in_one_piece_is_not_waited_for_for_ever_where_the_last_resort_can_answer() -> None:
    slow = ScriptedProvider(entry("slow", limits=Limits(first_token=0.05, total=600)), [Hang()])
    last = ScriptedProvider(entry("offline"))
    router, answer = routed([slow], last), Answer()
    pulse = router.guard.pulse(slow.entry, stream=False)
    pulse.usual = 0.01
    request = Request(replace(PROMPT, stream=False), (slow, last), 600.0)
    assert "".join([c.text async for c in router.stream(request, answer)]) == "What do you know already?"
    assert outcomes(answer) == [("slow", "timeout"), ("offline", "ok")]
