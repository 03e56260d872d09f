"""What an OpenAI request may say: history and instructions for a new session, limits, and what is refused."""

import io
import json
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI

from tests.e2e.conftest import AsyncStart
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.script import TEXTS
from tests.e2e.service import cli
from tests.e2e.surface import Surface, surface

__all__ = ["surface"]

ANSWER = "".join(TEXTS)
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,"}}
shared = pytest.mark.asyncio(loop_scope="module")


def user(content: object) -> dict[str, object]:
    return {"role": "user", "content": content}


def assistant(content: object) -> dict[str, object]:
    return {"role": "assistant", "content": content}


def chat(*messages: object, **more: object) -> dict[str, object]:
    return {"model": "masterx", "messages": list(messages), **more}


async def test_history_seeds_a_new_session_once(
    start: AsyncStart, provider: MisbehavingProvider, production: dict[str, str]
) -> None:
    masterx = await start(**production)
    asked = chat(
        {"role": "system", "content": "Be brief."},
        assistant("Hello, shall we begin?"),
        user("What is ½"),
        user("of 10?"),
        {"role": "developer", "content": [{"type": "text", "text": "Use metres."}]},
        assistant("What do you think?"),
        user([{"type": "text", "text": "5? "}, {"type": "text", "text": "Or 4?"}]),
    )
    status, told = await masterx.call("POST", "/v1/chat/completions", asked, X_Learner_Id="ada")
    assert status == 200, told
    session = told["masterx"]["session_id"]
    turns = await masterx.turns(session)
    assert [(t["seq"], t["message"], t["reply"]) for t in reversed(turns)] == [
        (1, "", "Hello, shall we begin?"),
        (2, "What is ½\n\nof 10?", "What do you think?"),
        (3, "5? Or 4?", ANSWER),
    ]
    assert {(t["state"], t["provider"], t["strategy"], t["finish_reason"], len(t["attempts"])) for t in turns[1:]} == {
        ("complete", None, None, None, 0)
    }
    sent = provider.requests[-1].body["messages"]
    assert [m["role"] for m in sent] == ["system", "assistant", "user", "assistant", "user"]
    assert "application asks:\nBe brief.\n\nUse metres." in sent[0]["content"]
    _, receipt = await masterx.call("GET", f"/v1/turns/{turns[0]['id']}/context")
    layers = {layer["name"]: layer for layer in receipt["layers"]}
    assert (layers["history"]["items"], layers["history"]["full_items"]) == (2, 2)
    assert (layers["front_end"]["outcome"], layers["instructions"]["outcome"]) == ("kept", "kept")
    # The same list once more, in the session: only its last message counts.
    asked["messages"].append(user("And now?"))  # type: ignore[attr-defined]
    status, again = await masterx.call("POST", "/v1/chat/completions", asked, X_Session_Id=session)
    assert (status, again["masterx"]["seq"]) == (200, 4)
    assert "Be brief." in provider.requests[-1].body["messages"][0]["content"]


@shared
async def test_only_the_newest_exchanges_are_kept(surface: Surface) -> None:
    history = [m for n in range(100) for m in (user(f"Question {n}"), assistant(f"Reply {n}"))]
    status, told = await surface.post(chat(*history, user("And?")), X_Learner_Id="long")
    assert status == 200
    turns = await surface.masterx.turns(told["masterx"]["session_id"])
    assert len(turns) == 65
    assert (turns[1]["message"], turns[-1]["message"]) == ("Question 99", "Question 36")


@shared
async def test_long_instructions_are_cut_to_their_share(surface: Surface) -> None:
    told = (await surface.post(chat({"role": "system", "content": "数学は楽しい。" * 500}, user("Hi " * 9_000))))[1]
    _, receipt = await surface.masterx.call("GET", f"/v1/turns/{told['masterx']['turn_id']}/context")
    assert receipt["tokens"] <= receipt["budget"]
    assert next(layer["outcome"] for layer in receipt["layers"] if layer["name"] == "front_end") == "cut"


async def test_wishes_for_an_answer_count_within_the_policy(start: AsyncStart, provider: MisbehavingProvider) -> None:
    masterx = await start(OPENAI_API_KEY="", GROQ_API_KEY="k", GROQ_BASE_URL=provider.url("groq"))
    for wish, tokens, temperature in (
        ({"max_tokens": 50, "temperature": 0}, 50, 0.0),
        ({"max_completion_tokens": 60, "max_tokens": 50}, 60, 0.4),
        ({"max_tokens": 100_000, "temperature": 1.5}, 1024, 1.5),
        ({}, 1024, 0.4),
    ):
        assert (await masterx.call("POST", "/v1/chat/completions", chat(user("Hi"), **wish)))[0] == 200
        sent = provider.requests[-1].body
        assert sent.get("max_tokens", sent.get("max_completion_tokens")) == tokens
        assert sent["temperature"] == temperature


HARMLESS: dict[str, Any] = {
    "n": 1,
    "tools": [],
    "tool_choice": "none",
    "response_format": {"type": "text"},
    "modalities": ["text"],
    "logprobs": False,
    "stop": None,
    "logit_bias": {},
    "top_p": 0.9,
    "frequency_penalty": 1,
    "presence_penalty": 0.5,
    "seed": 7,
    "store": True,
    "service_tier": "auto",
    "parallel_tool_calls": True,
    "reasoning_effort": "low",
    "verbosity": "low",
    "safety_identifier": "x",
    "prompt_cache_key": "x",
    "metadata": {"about": "nothing"},
    "stream": None,
    "stream_options": None,
}


@shared
async def test_harmless_parameters_are_left_alone(surface: Surface) -> None:
    status, told = await surface.post(chat(user("Hi"), **HARMLESS))
    assert (status, told["choices"][0]["message"]["content"]) == (200, ANSWER)


REFUSED: list[tuple[str, object, int, str, str | None]] = [
    ("an array", [], 400, "invalid_type", ""),
    ("nothing", {}, 400, "missing_required_parameter", "model"),
    ("no messages", {"model": "masterx"}, 400, "missing_required_parameter", "messages"),
    ("empty messages", chat(), 400, "invalid_value", "messages"),
    ("too many messages", chat(*[user("Hi")] * 2_049), 400, "invalid_value", "messages"),
    ("messages as text", {"model": "masterx", "messages": "Hi"}, 400, "invalid_type", "messages"),
    ("a message as text", chat("Hi"), 400, "invalid_type", "messages[0]"),
    ("no role", chat({"content": "Hi"}), 400, "missing_required_parameter", "messages[0].role"),
    ("an unknown role", chat({"role": "wizard", "content": "Hi"}), 400, "invalid_value", "messages[0].role"),
    ("a tool's role", chat({"role": "tool", "content": "1"}, user("Hi")), 400, "invalid_value", "messages[0].role"),
    ("assistant last", chat(user("Hi"), assistant("Yes")), 400, "invalid_value", "messages[1].role"),
    ("an empty message", chat(user(" \n")), 400, "invalid_value", "messages[0].content"),
    ("no content", chat({"role": "user"}), 400, "invalid_type", "messages[0].content"),
    ("a number", chat(user(7)), 400, "invalid_type", "messages[0].content"),
    ("NUL", chat(user("a\x00b")), 400, "invalid_value", "messages[0].content"),
    ("an image", chat(user([IMAGE])), 400, "unsupported_value", "messages[0].content[0]"),
    ("audio", chat(user([{"type": "input_audio"}])), 400, "unsupported_value", "messages[0].content[0]"),
    ("a part without text", chat(user([{"type": "text"}])), 400, "invalid_type", "messages[0].content[0].text"),
    ("a part that is none", chat(user([7])), 400, "unsupported_value", "messages[0].content[0]"),
    ("32,001 characters", chat(user("x" * 32_001)), 400, "context_length_exceeded", "messages[0]"),
    ("together too long", chat(user("x" * 20_000), user("x" * 20_000)), 400, "context_length_exceeded", "messages"),
    (
        "long instructions",
        chat({"role": "system", "content": "x" * 4_001}, user("Hi")),
        400,
        "context_length_exceeded",
        "messages",
    ),
    (
        "tool calls",
        chat(user("Hi"), {**assistant(None), "tool_calls": [{}]}, user("Hi")),
        400,
        "unsupported_value",
        "messages[1].tool_calls",
    ),
    ("an unknown model", chat(user("Hi"), model="gpt-2"), 404, "model_not_found", None),
    ("a model without its key", chat(user("Hi"), model="gemini-2.5-flash-lite"), 404, "model_not_found", None),
    ("model as number", chat(user("Hi"), model=4), 400, "invalid_type", "model"),
    ("temperature too high", chat(user("Hi"), temperature=3), 400, "invalid_value", "temperature"),
    ("temperature as text", chat(user("Hi"), temperature="1"), 400, "invalid_type", "temperature"),
    ("no tokens", chat(user("Hi"), max_tokens=0), 400, "invalid_value", "max_tokens"),
    ("stream as text", chat(user("Hi"), stream="yes"), 400, "invalid_type", "stream"),
    (
        "options without a stream",
        chat(user("Hi"), stream_options={"include_usage": True}),
        400,
        "invalid_value",
        "stream_options",
    ),
    ("tools", chat(user("Hi"), tools=[{"type": "function"}]), 400, "unsupported_parameter", "tools"),
    ("functions", chat(user("Hi"), functions=[{}]), 400, "unsupported_parameter", "functions"),
    ("n", chat(user("Hi"), n=2), 400, "unsupported_parameter", "n"),
    ("n as a truth", chat(user("Hi"), n=True), 400, "unsupported_parameter", "n"),
    (
        "JSON wanted",
        chat(user("Hi"), response_format={"type": "json_object"}),
        400,
        "unsupported_parameter",
        "response_format",
    ),
    ("logprobs", chat(user("Hi"), logprobs=True), 400, "unsupported_parameter", "logprobs"),
    ("stop", chat(user("Hi"), stop="."), 400, "unsupported_parameter", "stop"),
    ("voice", chat(user("Hi"), modalities=["text", "audio"]), 400, "unsupported_parameter", "modalities"),
    ("web search", chat(user("Hi"), web_search_options={}), 400, "unsupported_parameter", "web_search_options"),
    ("user as number", chat(user("Hi"), user=7), 400, "invalid_type", "user"),
    ("user with a line break", chat(user("Hi"), user="a\nb"), 400, "invalid_value", "user"),
    ("metadata of numbers", chat(user("Hi"), metadata={"session_id": 7}), 400, "invalid_type", "metadata.session_id"),
    ("an unknown session", chat(user("Hi"), metadata={"session_id": "x"}), 404, "session_not_found", None),
    ("unknown", chat(user("Hi"), foo=1), 400, "unknown_parameter", "foo"),
]


@shared
async def test_each_bad_request_has_a_stated_answer_in_openais_shape(surface: Surface) -> None:
    before = len(surface.provider.requests)
    for name, body, status, code, param in REFUSED:
        found, told = await surface.post(body, X_Learner_Id="refused")
        assert found == status, (name, told)
        error = told["error"]
        assert set(error) == {"message", "type", "param", "code"}, name
        assert (error["type"], error["code"], error["param"] or "") == ("invalid_request_error", code, param or ""), (
            name
        )
        assert error["message"], name
    assert len(surface.provider.requests) == before
    assert await surface.sessions("refused") == []


@shared
async def test_unknown_arguments_are_all_named_in_openais_words(surface: Surface) -> None:
    told = (await surface.post(chat(user("Hi"), foo=1, bar=2)))[1]
    assert told["error"]["message"] == "Unrecognized request arguments supplied: foo, bar"


@shared
async def test_what_is_no_request_at_all_is_answered_in_openais_shape(surface: Surface) -> None:
    image = {**IMAGE, "image_url": {"url": "data:image/png;base64," + "A" * 2_000_000}}
    bodies: list[tuple[bytes, int, str]] = [
        (b"", 400, "invalid_json"),
        (b'{"model": "masterx", "messages": [', 400, "invalid_json"),
        (b'{"model": "\xff"}', 400, "invalid_json"),
        (b"[" * 100_000, 400, "invalid_json"),
        (json.dumps(chat(user([image]))).encode(), 413, "request_too_large"),
    ]
    url = f"{surface.masterx.url}/v1/chat/completions"
    for body, status, code in bodies:
        async with surface.masterx.http.post(url, data=io.BytesIO(body)) as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (status, code)
    for method, path, status, code in (
        ("GET", "/v1/chat/completions", 405, "method_not_allowed"),
        ("POST", "/v1/chat/nothing", 404, "not_found"),
        ("DELETE", "/v1/models/masterx", 405, "method_not_allowed"),
        ("GET", "/v1/models/nothing", 404, "model_not_found"),
    ):
        found, told = await surface.masterx.call(method, path)
        assert (found, told["error"]["code"]) == (status, code), path
    status, told = await surface.post(chat(user("Hi")), Idempotency_Key="two words")
    assert (status, told["error"]["param"]) == (400, "Idempotency-Key")


@shared
async def test_a_picture_of_2_mb_is_too_large_also_for_a_stock_client(surface: Surface) -> None:
    picture: Any = {**IMAGE, "image_url": {"url": "data:image/png;base64," + "A" * 2_000_000}}
    with pytest.raises(openai.APIStatusError) as caught:
        await surface.client.chat.completions.create(model="masterx", messages=[{"role": "user", "content": [picture]}])
    assert (caught.value.status_code, caught.value.code) == (413, "request_too_large")


@shared
async def test_contradictions_are_refused(surface: Surface) -> None:
    asked = chat(user("Hi"), user="ada", metadata={"session_id": "a"})
    assert (await surface.post(asked, X_Session_Id="b"))[1]["error"]["param"] == "metadata.session_id"
    assert (await surface.post(chat(user("Hi"), user="ada"), X_Learner_Id="bob"))[1]["error"]["param"] == "user"


@shared
async def test_a_session_of_another_learner_is_not_there(surface: Surface) -> None:
    session = await surface.masterx.session("owner")
    status, told = await surface.post(chat(user("Hi"), user="thief"), X_Session_Id=session)
    assert (status, told["error"]["code"]) == (404, "session_not_found")
    assert (await surface.post(chat(user("Hi"), user="owner"), X_Session_Id=session))[0] == 200
    assert (await surface.post(chat(user("Hi")), X_Session_Id=session))[0] == 200


async def test_keys_name_their_learner_and_are_asked_for_where_they_are_required(
    start: AsyncStart, tmp_path: Path
) -> None:
    store = f"sqlite:///{tmp_path}/masterx.db"
    masterx = await start(MASTERX_AUTH="required", MASTERX_STORE=store)

    async def client(*arguments: str) -> AsyncOpenAI:
        _, key, _ = await cli(tmp_path, {"MASTERX_STORE": store}, "keys", "create", *arguments)
        return AsyncOpenAI(base_url=f"{masterx.url}/v1", api_key=key.strip() or "none", max_retries=0)

    async with await client("--role", "nobody") as stranger:
        with pytest.raises(openai.AuthenticationError) as caught:
            await stranger.chat.completions.create(model="masterx", messages=[{"role": "user", "content": "Hi"}])
        assert caught.value.code == "invalid_api_key"
        with pytest.raises(openai.AuthenticationError):
            await stranger.models.list()
    async with await client("--role", "learner", "--learner", "ada") as ada:
        raw = await ada.chat.completions.with_raw_response.create(
            model="masterx", messages=[{"role": "user", "content": "Hi"}]
        )
        session = raw.headers["x-session-id"]
        with pytest.raises(openai.NotFoundError):
            await ada.chat.completions.create(model="masterx", messages=[{"role": "user", "content": "Hi"}], user="bob")
    async with await client("--role", "teacher") as teacher:
        with pytest.raises(openai.PermissionDeniedError):
            await teacher.chat.completions.create(
                model="masterx", messages=[{"role": "user", "content": "Hi"}], user="ada"
            )
    async with await client("--role", "service") as service:
        told = await service.chat.completions.create(
            model="masterx",
            messages=[{"role": "user", "content": "Hi"}],
            user="ada",
            extra_headers={"X-Session-Id": session},
        )
        assert told.model_extra is not None
        assert told.model_extra["masterx"]["seq"] == 2


async def test_openapi_describes_the_surface(start: AsyncStart) -> None:
    masterx = await start()
    _, document = await masterx.call("GET", "/openapi.json")
    asked = document["paths"]["/v1/chat/completions"]["post"]
    schema = asked["requestBody"]["content"]["application/json"]["schema"]
    assert set(schema["required"]) == {"model", "messages"}
    assert "$ref" not in json.dumps(schema)
    assert asked["responses"]["200"]["content"]["application/json"]["example"]["object"] == "chat.completion"
