"""What the provider port promises, of every adapter, against a provider that misbehaves in every way we know."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from pathlib import Path

import orjson
import pytest

from app.clock import HandClock
from app.errors import (
    BrokenStream,
    CredentialRefused,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    ProviderRefused,
    ProviderTimeout,
)
from app.providers.offline import OfflineTutor, load_wording
from app.providers.port import Provider
from app.providers.sse import Events
from app.providers.wire import TEXT_LIMIT
from app.vocabulary import Finish, Usage
from tests.contract.adapters import KEY, KINDS, TEXT, World, a_world, both_ways, each_dialect, heard, prompt
from tests.e2e.dialects import DIALECTS, Telling
from tests.e2e.faults import FAULTS
from tests.e2e.script import TEXTS, Script, telling

CONFIG = Path(__file__).parents[2] / "config"

ERRORS: dict[str, type[ProviderError]] = {
    "400": ProviderRefused,
    "401": CredentialRefused,
    "403": CredentialRefused,
    "404": ProviderRefused,
    "408": ProviderDown,
    "413": ProviderRefused,
    "429": ProviderBusy,
    "498": ProviderBusy,
    "500": ProviderDown,
    "503": ProviderDown,
    "504": ProviderTimeout,
    "529": ProviderBusy,
    "html": ProviderDown,
    "redirect": ProviderRefused,
    "blocked": ProviderRefused,
    "reset_first": ProviderDown,
    "close_first": ProviderDown,
    "garbage": BrokenStream,
    "cut": BrokenStream,
    "drop": BrokenStream,
    "reset": BrokenStream,
    "malformed": BrokenStream,
    "misshapen": BrokenStream,
    "bad_utf8": BrokenStream,
    "error": ProviderDown,
    "error_body": ProviderBusy,
    "empty": BrokenStream,
    "no_candidates": BrokenStream,
    "huge": BrokenStream,
    "flood": BrokenStream,
    "whitespace": BrokenStream,
    "long_header": BrokenStream,
    "many_headers": BrokenStream,
    "long_event": BrokenStream,
}
WHOLE = {
    "none": Finish.STOP,
    "drip": Finish.STOP,
    "late": Finish.STOP,
    "late_error": Finish.STOP,
    "unended": Finish.STOP,
    "comments": Finish.STOP,
    "empties": Finish.STOP,
    "filter": Finish.CONTENT_FILTER,
    "length": Finish.LENGTH,
}
SILENT = ("hang", "hang_headers", "hang_mid")


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A provider and the session of its adapters."""
    async with a_world() as opened:
        yield opened


def counted(told: Telling) -> Usage:
    """The tokens of an answer as we count them: thinking is output."""
    return Usage(told.input_tokens, told.cached_tokens, told.spoken_tokens + told.thought_tokens)


def test_every_fault_of_the_provider_is_in_these_tables() -> None:
    assert {*ERRORS, *WHOLE, *SILENT, "hang_end", "hang_refusal"} >= set(FAULTS)


@pytest.fixture(params=[*KINDS, "offline"])
def anyone(request: pytest.FixtureRequest, world: World) -> Provider:
    """Each implementation of the port."""
    if request.param != "offline":
        return world.adapter(request.param)
    return OfflineTutor(load_wording(CONFIG / "offline.toml"))


async def test_a_stream_ends_with_the_only_chunk_that_says_why(anyone: Provider) -> None:
    chunks = await heard(anyone, prompt(stream=True))
    assert [chunk.finish for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1].finish is Finish.STOP
    assert "".join(chunk.text for chunk in chunks)


async def test_without_a_stream_the_answer_is_one_chunk(anyone: Provider) -> None:
    [chunk] = await heard(anyone, prompt(stream=False))
    assert chunk.finish is Finish.STOP
    assert chunk.text


async def test_a_stream_that_is_not_asked_for_a_chunk_does_nothing(anyone: Provider) -> None:
    await anyone.stream(prompt(stream=True)).aclose()


async def test_two_answers_at_a_time_do_not_mix(anyone: Provider) -> None:
    alone = "".join(chunk.text for chunk in await heard(anyone, prompt(stream=True)))
    answers = await asyncio.gather(*(heard(anyone, prompt(stream=True)) for _ in range(20)))
    assert {"".join(chunk.text for chunk in chunks) for chunks in answers} == {alone}


@both_ways
@each_dialect
@pytest.mark.parametrize("fault", WHOLE)
async def test_a_whole_answer_arrives_whole(world: World, dialect: str, stream: bool, fault: str) -> None:
    world.provider.script(fault=fault)
    chunks = await heard(world.adapter(dialect), prompt(stream))
    assert "".join(chunk.text for chunk in chunks) == TEXT
    assert [chunk.finish for chunk in chunks if chunk.finish] == [WHOLE[fault]]
    assert chunks[-1].finish
    if (fault, dialect, stream) != ("unended", "openai", True):  # its counts come after the finish reason
        assert chunks[-1].usage == counted(telling(Script(), prompt(stream).messages[-1].text, "m-1"))


@both_ways
@each_dialect
@pytest.mark.parametrize("fault", ERRORS)
async def test_every_fault_is_an_error_of_our_tree_after_one_request(
    world: World, dialect: str, stream: bool, fault: str
) -> None:
    world.provider.script(fault=fault)
    with pytest.raises(ProviderError) as caught:
        await heard(world.adapter(dialect), prompt(stream))
    assert type(caught.value) is ERRORS[fault]
    assert KEY not in str(caught.value)
    assert len(str(caught.value)) <= 300
    assert len(world.provider.requests) == 1


@each_dialect
@pytest.mark.parametrize("fault", ["cut", "drop", "reset", "malformed", "error", "hang_mid"])
async def test_what_came_before_the_fault_is_handed_on(world: World, dialect: str, fault: str) -> None:
    world.provider.script(fault=fault, after=3, gap=5)
    text, before = "", "".join(TEXTS[:3])
    with suppress(ProviderError):
        async with aclosing(world.adapter(dialect).stream(prompt(True))) as chunks:
            async for chunk in chunks:
                text += chunk.text
                if fault == "hang_mid" and text == before:
                    break
    assert text == before


async def test_what_a_broken_answer_has_cost_is_known_where_the_provider_counts_as_it_goes(world: World) -> None:
    world.provider.script(fault="reset", after=3)
    async with aclosing(world.adapter("gemini").stream(prompt(True))) as chunks:
        assert (await anext(chunks)).usage is not None


@both_ways
@each_dialect
async def test_busy_says_when_to_come_back(world: World, dialect: str, stream: bool) -> None:
    world.provider.script(fault="429", retry="7")
    with pytest.raises(ProviderBusy) as caught:
        await heard(world.adapter(dialect), prompt(stream))
    assert (caught.value.retry_after, caught.value.status) == (7.0, 429)


@each_dialect
async def test_a_date_to_come_back_is_seen_from_the_clock(dialect: str) -> None:
    clock = HandClock()
    async with a_world(clock) as world:
        world.provider.script(fault="503", retry="date+30")
        with pytest.raises(ProviderDown) as early:
            await heard(world.adapter(dialect), prompt(True))
        clock.turn(1e9)
        with pytest.raises(ProviderDown) as late:
            await heard(world.adapter(dialect), prompt(True))
    assert (early.value.retry_after, late.value.retry_after) == (3600.0, 0.0)


@each_dialect
async def test_gemini_says_in_the_body_when_to_come_back(world: World, dialect: str) -> None:
    world.provider.script(fault="error_body")
    with pytest.raises(ProviderBusy) as caught:
        await heard(world.adapter(dialect), prompt(True))
    assert caught.value.retry_after == (7.0 if dialect == "gemini" else None)


@each_dialect
async def test_a_cut_at_any_byte_gives_the_same_text(world: World, dialect: str) -> None:
    form, told = DIALECTS[dialect], telling(Script(n=3), "words", "m-1")
    sent = b"".join([*form.opening(told), *(form.piece(told, text) for text in told.texts), *form.closing(told)])
    read = world.adapter(dialect).read
    for cut in range(len(sent) + 1):
        framing = Events()
        events = [event for part in (sent[:cut], sent[cut:]) for event in framing.feed(part)]
        texts, finishes, usages = zip(*(read(orjson.loads(e)) for e in events if e != b"[DONE]"), strict=True)
        assert "".join(texts) == "".join(told.texts)
        assert [finish for finish in finishes if finish] == [Finish.STOP]
        assert [usage for usage in usages if usage][-1] == counted(told)


async def test_a_hundred_streams_at_a_time_keep_their_words_apart(world: World) -> None:
    async def one(i: int) -> str:
        chunks = await heard(world.adapter("openai"), prompt(True, f"[[n={i} gap=1]]"))
        return "".join(chunk.text for chunk in chunks)

    answers = await asyncio.gather(*(one(i) for i in range(1, 101)))
    assert answers == ["".join(TEXTS[k % len(TEXTS)] for k in range(i)) for i in range(1, 101)]


async def test_what_is_sent_is_what_the_catalogue_and_the_prompt_say(world: World) -> None:
    for dialect, header in (("openai", "authorization"), ("groq", "authorization"), ("gemini", "x-goog-api-key")):
        await heard(world.adapter(dialect), prompt(True))
        seen = world.provider.requests[-1]
        assert seen.dialect == dialect
        assert seen.headers[header].endswith(KEY)
        assert seen.headers["content-type"] == "application/json"
        assert seen.headers["accept-encoding"] == "identity"
    assert [seen.path for seen in world.provider.requests] == [
        "/openai/v1/chat/completions",
        "/groq/openai/v1/chat/completions",
        "/gemini/v1/models/m-1:streamGenerateContent?alt=sse",
    ]


async def test_a_model_without_a_key_is_asked_without_one(world: World) -> None:
    await heard(world.adapter("openai", key=""), prompt(True))
    assert "authorization" not in world.provider.requests[-1].headers


@each_dialect
async def test_an_answer_may_have_so_much_text_and_no_more(world: World, dialect: str) -> None:
    world.provider.script(text="x" * 8, n=TEXT_LIMIT // 8)
    [chunk] = await heard(world.adapter(dialect), prompt(stream=False))
    assert len(chunk.text) == TEXT_LIMIT
    world.provider.script(text="x" * 8, n=TEXT_LIMIT // 8 + 1)
    with pytest.raises(BrokenStream, match="over its limit"):
        await heard(world.adapter(dialect), prompt(stream=False))
