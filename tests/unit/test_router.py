"""The router asks one provider after the other until one speaks, and is honest about how it ended."""

import pytest

from app.clock import SystemClock
from app.errors import (
    BrokenStream,
    NoProvider,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    ProviderRefused,
    ProviderTimeout,
)
from app.events import AttemptEnded, Event, Events
from app.providers.port import Limits
from app.routing.rank import rank
from app.routing.router import Answer, Router
from app.vocabulary import Chunk, Finish, Message, Prompt, Task
from tests.fakes import WHOLE, Hang, ScriptedProvider, entry

PROMPT = Prompt((Message("user", "Why is the sky blue?"),), 100, 0.4, stream=True)


async def told(*providers: ScriptedProvider, last: ScriptedProvider | None = None) -> tuple[str, Answer, list[Event]]:
    heard: list[Event] = []
    events = Events()
    events.subscribe(heard.append)
    router, answer = Router(providers, last, events, SystemClock()), Answer()
    chunks = [c.text async for c in router.stream(PROMPT, router.candidates(Task.GENERAL), answer, 5.0)]
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
    first = ScriptedProvider(entry("a"), [failure])
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
        await told(ScriptedProvider(entry("a"), script), second)
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
        Router([ScriptedProvider(slow, [Hang()])] * 3, ScriptedProvider(entry("offline")), Events(), SystemClock()),
        Answer(),
    )
    stream = router.stream(PROMPT, router.candidates(Task.GENERAL), answer, 0.05)
    assert "".join([c.text async for c in stream]) == "What do you know already?"
    assert outcomes(answer) == [("slow", "timeout"), ("offline", "ok")]


async def test_an_abandoned_stream_closes_the_call_and_is_noted() -> None:
    provider = ScriptedProvider(entry("a"), [WHOLE[0], Hang()])
    router, answer = Router([provider], None, Events(), SystemClock()), Answer()
    stream = router.stream(PROMPT, (provider,), answer, 5.0)
    assert (await anext(stream)).text == "What do you "
    await stream.aclose()
    assert provider.closed == 1
    assert outcomes(answer) == [("a", "abandoned")]


def test_the_strongest_for_the_task_comes_first() -> None:
    strong = ScriptedProvider(entry("strong", {Task.PRACTICE: 0.9}))
    plain, weak = ScriptedProvider(entry("plain")), ScriptedProvider(entry("weak", {Task.PRACTICE: 0.1}))
    assert rank([weak, plain, strong], Task.PRACTICE) == (strong, plain, weak)
    assert rank([plain, strong], Task.PLANNING) == (plain, strong)


def test_a_pinned_model_is_asked_alone() -> None:
    a, b, last = (ScriptedProvider(entry(name)) for name in ("a", "b", "last"))
    router = Router([a, b], last, Events(), SystemClock())
    assert router.candidates(Task.GENERAL) == (a, b, last)
    assert router.candidates(Task.GENERAL, "b-1") == (b,)
    assert router.candidates(Task.GENERAL, "last-1") == (last,)
    assert router.candidates(Task.GENERAL, "c-1") == ()
