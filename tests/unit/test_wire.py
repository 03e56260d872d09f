"""The way to a model: the shared session, the form of requests, the reading of events in each dialect."""

from typing import Any

import aiohttp
import orjson
import pytest

from app.clock import HandClock
from app.errors import BrokenStream, ProviderBusy, ProviderError, ProviderRefused
from app.providers.gemini import Gemini
from app.providers.groq import Groq
from app.providers.openai_compatible import OpenAICompatible
from app.providers.port import Entry, Prices
from app.providers.wire import Line, count, encoded, headers_with, http_session
from app.vocabulary import Finish, Message, Prompt, Usage

Adapter = OpenAICompatible | Gemini
KINDS: dict[str, type[OpenAICompatible] | type[Gemini]] = {"openai": OpenAICompatible, "groq": Groq, "gemini": Gemini}
PROMPT = Prompt(
    (
        Message("system", "Be kind."),
        Message("user", "Hi"),
        Message("user", "What is ½?"),
        Message("assistant", "Half."),
        Message("system", "Be brief."),
        Message("user", "Of what?"),
    ),
    max_tokens=100,
    temperature=0.4,
    stream=True,
)


async def adapter(dialect: str, **extra: Any) -> Adapter:
    """An adapter that is never asked anything."""
    entry = Entry(dialect, "m", dialect, "http://127.0.0.1:9", 8_192, 64, "o200k", extra=extra)
    async with http_session() as http:
        return KINDS[dialect](entry, "key", http, HandClock())


async def test_the_session_has_room_for_a_thousand_calls_and_keeps_no_cookies() -> None:
    async with http_session() as http:
        assert http.connector is not None
        assert http.connector.limit >= 1_000
        assert isinstance(http.cookie_jar, aiohttp.DummyCookieJar)
        assert http.timeout.total is None


def test_requests_ask_for_uncompressed_answers() -> None:
    assert headers_with(authorization="Bearer k") == {
        "content-type": "application/json",
        "accept-encoding": "identity",
        "user-agent": "MasterX",
        "authorization": "Bearer k",
    }


def test_a_lone_surrogate_costs_a_character_and_not_the_turn() -> None:
    assert orjson.loads(encoded({"text": "½ \ud83c 🍕"})) == {"text": "½ ? 🍕"}


@pytest.mark.parametrize(("value", "tokens"), [(0, 0), (7, 7), (-1, None), ("7", None), (None, None), (1.5, None)])
def test_a_count_of_tokens_is_a_whole_number_or_unknown(value: object, tokens: int | None) -> None:
    assert count(value) == tokens


async def test_a_prompt_for_a_compatible_server() -> None:
    openai = await adapter("openai")
    assert isinstance(openai, OpenAICompatible)
    assert openai.body(PROMPT) == {
        "model": "m",
        "messages": [{"role": message.role, "content": message.text} for message in PROMPT.messages],
        "max_tokens": 64,
        "temperature": 0.4,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def test_a_catalogue_entry_says_how_its_model_wants_to_be_asked() -> None:
    luna = await adapter(
        "openai",
        max_tokens_field="max_completion_tokens",
        temperature=False,
        body={"reasoning_effort": "none"},
    )
    body = luna.body(PROMPT)
    assert body["max_completion_tokens"] == 64
    assert body["reasoning_effort"] == "none"
    assert not {"temperature", "max_tokens"} & body.keys()


async def test_groq_is_asked_in_its_own_way() -> None:
    body = (await adapter("groq")).body(PROMPT)
    assert body["max_completion_tokens"] == 64
    assert "stream_options" not in body


async def test_a_prompt_for_gemini_has_turns_that_alternate() -> None:
    thinking = {"thinkingConfig": {"thinkingBudget": 0}}
    assert (await adapter("gemini", body=thinking)).body(PROMPT) == {
        "systemInstruction": {"parts": [{"text": "Be kind."}, {"text": "Be brief."}]},
        "contents": [
            {"role": "user", "parts": [{"text": "Hi"}, {"text": "What is ½?"}]},
            {"role": "model", "parts": [{"text": "Half."}]},
            {"role": "user", "parts": [{"text": "Of what?"}]},
        ],
        "generationConfig": {"maxOutputTokens": 64, "temperature": 0.4, **thinking},
    }


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        (None, None),
        ("", None),
        ("stop", Finish.STOP),
        ("length", Finish.LENGTH),
        ("content_filter", Finish.CONTENT_FILTER),
        ("eos_token", Finish.STOP),
    ],
)
async def test_why_an_answer_of_openai_ends(reason: str | None, finish: Finish | None) -> None:
    event = {"choices": [{"delta": {"content": "x"}, "finish_reason": reason}], "usage": None}
    assert (await adapter("openai")).read(event) == ("x", finish, None)


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        (None, None),
        ("FINISH_REASON_UNSPECIFIED", None),
        ("STOP", Finish.STOP),
        ("MAX_TOKENS", Finish.LENGTH),
        ("SAFETY", Finish.CONTENT_FILTER),
        ("RECITATION", Finish.CONTENT_FILTER),
    ],
)
async def test_why_an_answer_of_gemini_ends(reason: str | None, finish: Finish | None) -> None:
    event = {"candidates": [{"content": {"parts": [{"text": "x"}]}, "finishReason": reason}]}
    assert (await adapter("gemini")).read(event) == ("x", finish, None)


@pytest.mark.parametrize(
    ("dialect", "event", "error"),
    [
        ("openai", {"choices": [{"delta": {}, "finish_reason": "error"}]}, BrokenStream),
        ("gemini", {"candidates": [{"finishReason": "MALFORMED_RESPONSE"}]}, BrokenStream),
        ("gemini", {"promptFeedback": {"blockReason": "SAFETY"}}, ProviderRefused),
        ("openai", {"error": {"code": "rate_limit_exceeded"}}, ProviderBusy),
        ("groq", {"x_groq": {"error": "capacity_exceeded"}, "choices": []}, ProviderBusy),
    ],
)
async def test_bad_news_inside_an_event_is_an_error(dialect: str, event: object, error: type[ProviderError]) -> None:
    with pytest.raises(error):
        (await adapter(dialect)).read(event)


async def test_thoughts_and_reasoning_are_not_text() -> None:
    reasoned = {"choices": [{"delta": {"reasoning_content": "hm", "reasoning": "hm", "content": None}}]}
    assert (await adapter("openai")).read(reasoned)[0] == ""
    thought = {"candidates": [{"content": {"parts": [{"text": "hm", "thought": True}, {"text": "Hi"}]}}]}
    assert (await adapter("gemini")).read(thought)[0] == "Hi"


async def test_what_is_not_text_is_not_taken_for_it() -> None:
    with pytest.raises(TypeError):
        (await adapter("openai")).read({"choices": [{"delta": {"content": [{"type": "text", "text": "Hi"}]}}]})


async def test_tokens_as_each_provider_counts_them() -> None:
    openai = {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 5}}
    assert (await adapter("openai")).read({"choices": [], "usage": openai})[2] == Usage(9, 5, 4)
    assert (await adapter("groq")).read({"choices": [], "x_groq": {"usage": openai}})[2] == Usage(9, 5, 4)
    gemini = {"promptTokenCount": 9, "cachedContentTokenCount": 5, "candidatesTokenCount": 3, "thoughtsTokenCount": 1}
    assert (await adapter("gemini")).read({"usageMetadata": gemini})[2] == Usage(9, 5, 4)


async def test_what_a_provider_does_not_count_is_unknown() -> None:
    odd = {"prompt_tokens": "9", "completion_tokens": None, "prompt_tokens_details": None}
    assert (await adapter("openai")).read({"choices": [], "usage": odd})[2] == Usage(None, None, None)
    assert (await adapter("gemini")).read({"usageMetadata": {"promptTokenCount": 9}})[2] == Usage(9, None, None)


async def test_a_line_does_not_show_its_key() -> None:
    forever = aiohttp.ClientTimeout()
    async with http_session() as http:
        headers = headers_with(authorization="Bearer sk-0815")
        line = Line(http, HandClock(), "http://h", "http://h", headers, "sk-0815", forever, lambda _: ("", None, None))
        assert "sk-0815" not in repr(line)


@pytest.mark.parametrize("said", [-1, True, 1.5, "12", None, 2**63, 10**9 + 1])
def test_a_number_of_tokens_that_makes_no_sense_is_unknown(said: object) -> None:
    assert count(said) is None


def test_more_cached_tokens_than_were_read_make_no_negative_cost() -> None:
    assert Prices(input=1.0, cached=0.1, output=2.0).cost(Usage(10, 1_000, 10)) == 0.000021
