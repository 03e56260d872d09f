"""The router asks one provider after the other until one speaks, and is honest about how it ended."""

import asyncio
import time
from dataclasses import replace

import pytest

from app.clock import HandClock
from app.errors import (
    BrokenStream,
    CredentialRefused,
    NoProvider,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    ProviderRefused,
    ProviderTimeout,
)
from app.events import AttemptEnded, Event, Events
from app.providers.port import Limits
from app.routing.answer import Answer, Request
from app.routing.forecast import Seen, Situation
from app.routing.rank import Wanted
from app.vocabulary import Chunk, Finish, Message, Prompt, Task
from tests.fakes import WHOLE, Hang, ScriptedProvider, entry, hasty, routed

PROMPT = Prompt((Message("user", "Why is the sky blue?"),), 100, 0.4, stream=True)


async def told(*providers: ScriptedProvider, last: ScriptedProvider | None = None) -> tuple[str, Answer, list[Event]]:
    heard: list[Event] = []
    events = Events()
    events.subscribe(heard.append)
    router, answer = routed(providers, last, events), Answer()
    chunks = [
        c.text async for c in router.stream(Request(PROMPT, router.candidates(Wanted(Task.GENERAL)), 5.0), answer)
    ]
    return "".join(chunks), answer, heard


def outcomes(answer: Answer) -> list[tuple[str, str]]:
    return [(attempt.provider, attempt.outcome) for attempt in answer.attempts]


async def test_the_first_candidate_that_speaks_answers() -> None:
    text, answer, heard = await told(ScriptedProvider(entry("a")), ScriptedProvider(entry("b")))
    assert text == "What do you know already?"
    assert outcomes(answer) == [("a", "ok")]
    assert answer.finish is Finish.STOP
    assert answer.usage.cached_tokens == 20
    assert [type(event) for event in heard] == [AttemptEnded]


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (ProviderDown("refused"), "down"),
        (ProviderBusy("429", retry_after=3), "busy"),
        (ProviderRefused("bad"), "refused"),
        (BrokenStream("cut"), "broken"),
        (Hang(), "timeout"),
    ],
)
async def test_a_failure_before_the_first_word_goes_to_the_next(failure: ProviderError | Hang, outcome: str) -> None:
    first = ScriptedProvider(hasty("a"), [failure])
    text, answer, _ = await told(first, ScriptedProvider(entry("b")))
    assert text == "What do you know already?"
    assert outcomes(answer) == [("a", outcome), ("b", "ok")]
    assert first.closed == 1


async def test_an_empty_answer_and_one_without_a_finish_are_broken() -> None:
    empty = ScriptedProvider(entry("a"), [Chunk(finish=Finish.STOP)])
    blocked = ScriptedProvider(entry("b"), [Chunk(finish=Finish.CONTENT_FILTER)])
    nothing = ScriptedProvider(entry("c"), [])
    _, answer, _ = await told(empty, blocked, nothing, ScriptedProvider(entry("d")))
    assert outcomes(answer) == [("a", "broken"), ("b", "refused"), ("c", "broken"), ("d", "ok")]
    assert answer.finish is Finish.STOP


@pytest.mark.parametrize("failure", [ProviderDown("reset"), Hang(), None])
async def test_after_the_first_word_the_model_is_not_switched(failure: ProviderError | Hang | None) -> None:
    script = [WHOLE[0], *([failure] if failure else [])]
    second = ScriptedProvider(entry("b"))
    with pytest.raises((ProviderDown, ProviderTimeout, BrokenStream)):
        await told(ScriptedProvider(hasty("a"), script), second)
    assert second.asked == []


async def test_when_all_fail_the_caller_is_told_when_to_come_back() -> None:
    with pytest.raises(NoProvider) as failed:
        await told(
            ScriptedProvider(entry("a"), [ProviderBusy("429", retry_after=7)]),
            ScriptedProvider(entry("b"), [ProviderBusy("429", retry_after=3)]),
        )
    assert failed.value.retry_after == 3


async def test_the_last_resort_answers_even_when_the_deadline_has_passed() -> None:
    slow = entry("slow", limits=Limits(first_token=9))
    router, answer = (
        routed([ScriptedProvider(slow, [Hang()])] * 3, ScriptedProvider(entry("offline"))),
        Answer(),
    )
    stream = router.stream(Request(PROMPT, router.candidates(Wanted(Task.GENERAL)), 0.2), answer)
    assert "".join([c.text async for c in stream]) == "What do you know already?"
    assert outcomes(answer) == [("slow", "timeout"), ("offline", "ok")]


async def test_an_abandoned_stream_closes_the_call_and_is_noted() -> None:
    provider = ScriptedProvider(entry("a"), [WHOLE[0], Hang()])
    router, answer = routed([provider]), Answer()
    stream = router.stream(Request(PROMPT, (provider,), 5.0), answer)
    assert (await anext(stream)).text == "What do you "
    await stream.aclose()
    assert provider.closed == 1
    assert outcomes(answer) == [("a", "abandoned")]


def test_the_strongest_for_the_task_comes_first_while_nothing_is_known() -> None:
    strong = ScriptedProvider(entry("strong", {Task.PRACTICE: 0.9}))
    plain, weak = ScriptedProvider(entry("plain")), ScriptedProvider(entry("weak", {Task.PRACTICE: 0.1}))
    assert routed([weak, plain, strong]).candidates(Wanted(Task.PRACTICE)) == (strong, plain, weak)
    assert routed([plain, strong]).candidates(Wanted(Task.PLANNING)) == (plain, strong)


def test_a_pinned_model_is_asked_alone() -> None:
    a, b, last = (ScriptedProvider(entry(name)) for name in ("a", "b", "last"))
    router = routed([a, b], last)
    assert router.candidates(Wanted(Task.GENERAL)) == (a, b, last)
    assert router.candidates(Wanted(Task.GENERAL, model="b-1")) == (b,)
    assert router.candidates(Wanted(Task.GENERAL, model="last-1")) == (last,)
    assert router.candidates(Wanted(Task.GENERAL, model="c-1")) == ()


async def test_a_model_that_keeps_failing_is_left_alone_and_tried_when_nobody_else_is_left() -> None:
    dead, good = ScriptedProvider(entry("dead"), [ProviderDown("refused")]), ScriptedProvider(entry("good"))
    router = routed([dead, good])
    for _ in range(30):
        answer = Answer()
        assert "".join([c.text async for c in router.stream(Request(PROMPT, (dead, good), 5.0), answer)])
    assert len(dead.asked) == 10
    assert outcomes(answer) == [("good", "ok")]
    with pytest.raises(NoProvider):
        [c async for c in router.stream(Request(PROMPT, (dead,), 5.0), Answer())]
    assert len(dead.asked) == 11


async def test_a_refused_key_closes_all_models_that_use_it() -> None:
    a, b = (ScriptedProvider(entry(name), [CredentialRefused("401")]) for name in ("a", "b"))
    good = ScriptedProvider(replace(entry("good"), credential="other"))
    router = routed([a, b, good])
    for _ in range(2):
        answer = Answer()
        assert "".join([c.text async for c in router.stream(Request(PROMPT, (a, b, good), 5.0), answer)])
    assert (len(a.asked), len(b.asked)) == (1, 0)


async def test_calls_that_wait_for_a_silent_model_fall_over_together_before_their_time() -> None:
    patient = Limits(first_token=60, idle=60, total=60)
    silent = ScriptedProvider(entry("silent", limits=patient), [Hang()])
    good = ScriptedProvider(entry("good", limits=patient))
    router = routed([silent, good])
    router.guard.pulse(silent.entry, stream=True).usual = 0.01

    async def ask() -> Answer:
        answer = Answer()
        [c async for c in router.stream(Request(PROMPT, (silent, good), 60.0), answer)]
        return answer

    answers = await asyncio.gather(*(ask() for _ in range(8)))
    assert {tuple(outcomes(answer)) for answer in answers} == {(("silent", "timeout"), ("good", "ok"))}
    assert outcomes(await ask()) == [("good", "ok")]
    assert len(silent.asked) == 8


async def test_a_slow_model_that_nobody_can_replace_is_waited_for() -> None:
    limits = Limits(first_token=0.4, idle=1, total=1)
    silent = ScriptedProvider(entry("silent", limits=limits), [Hang()])
    router = routed([silent])

    async def ask() -> float:
        began = time.monotonic()
        with pytest.raises(NoProvider):
            [c async for c in router.stream(Request(PROMPT, (silent,), 60.0), Answer())]
        return time.monotonic() - began

    assert min(await asyncio.gather(*(ask() for _ in range(8)))) >= 0.39


async def test_in_a_total_outage_each_turn_makes_one_attempt_once_the_budget_is_spent() -> None:
    # What they say is no sign of their health, so that no breaker opens.
    out = [ScriptedProvider(entry(name), [ProviderRefused("no")]) for name in ("a", "b", "c")]
    router, attempts = routed(out), []
    for _ in range(200):
        answer = Answer()
        with pytest.raises(NoProvider):
            [c async for c in router.stream(Request(PROMPT, out, 5.0), answer)]
        attempts.append(len(answer.attempts))
    assert attempts[0] == 3
    assert sum(attempts) == 200 + 100
    assert set(attempts[-100:]) == {1}


async def test_a_model_foreseen_to_fail_is_tried_later_and_asked_again_once_the_evidence_is_old() -> None:
    clock = HandClock()
    providers = ScriptedProvider(entry("a")), ScriptedProvider(entry("b"))
    router = routed(providers, clock=clock)
    foresight, key = router.guard.foresight, ("none/a/a-1", True)

    async def asked() -> str:
        answer = Answer()
        async for _ in router.stream(Request(PROMPT, providers, 5.0), answer):
            pass
        return answer.attempts[0].provider

    for call in range(-60, 0):
        foresight.began(key, call, Situation(20, 100, failures=1.0), clock.monotonic())
        foresight.ended(key, call, Seen(True, 0.1), clock.monotonic())
    assert await asked() == "b"
    clock.turn(31)
    assert await asked() == "a"
