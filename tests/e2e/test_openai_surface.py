"""Stock OpenAI clients, unchanged, against the real service."""

import asyncio
import json

import openai
import pytest
from openai import OpenAI
from openai.types.chat import ChatCompletionMessageParam

from tests.e2e.script import TEXTS
from tests.e2e.service import closed
from tests.e2e.surface import Surface, surface

__all__ = ["surface"]
pytestmark = pytest.mark.asyncio(loop_scope="module")

ANSWER = "".join(TEXTS)


def says(text: str) -> list[ChatCompletionMessageParam]:
    return [{"role": "user", "content": text}]


async def test_an_answer_in_one_piece(surface: Surface) -> None:
    raw = await surface.client.chat.completions.with_raw_response.create(
        model="masterx", messages=says("Which is bigger?"), user="whole"
    )
    told = raw.parse()
    (session,) = await surface.sessions("whole")
    (turn,) = await surface.masterx.turns(session["id"])
    assert told.choices[0].message.content == turn["reply"] == ANSWER
    assert (told.object, told.id, told.model) == ("chat.completion", f"chatcmpl-{turn['id']}", turn["model"])
    assert (told.choices[0].message.role, told.choices[0].finish_reason) == ("assistant", "stop")
    assert told.usage is not None
    assert told.usage.prompt_tokens == turn["usage"]["input_tokens"]
    assert told.usage.completion_tokens == turn["usage"]["output_tokens"]
    assert told.usage.total_tokens == told.usage.prompt_tokens + told.usage.completion_tokens
    assert told.usage.prompt_tokens_details is not None
    assert told.usage.prompt_tokens_details.cached_tokens == turn["usage"]["cached_tokens"]
    assert (raw.headers["x-session-id"], raw.headers["x-turn-id"]) == (session["id"], turn["id"])
    assert told.model_extra is not None
    assert told.model_extra["masterx"]["session_id"] == session["id"]


async def test_a_stream_says_the_same_and_counts_where_it_is_asked_to(surface: Surface) -> None:
    stream = await surface.client.chat.completions.create(
        model="masterx",
        messages=says("Which? [[gap=2]]"),
        user="stream",
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in stream]
    said = [chunk for chunk in chunks if chunk.choices]
    assert said[0].choices[0].delta.role == "assistant"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in said) == ANSWER
    assert [chunk.choices[0].finish_reason for chunk in said] == [None] * (len(said) - 1) + ["stop"]
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert all(chunk.usage is None for chunk in said)
    (session,) = await surface.sessions("stream")
    (turn,) = await surface.masterx.turns(session["id"])
    assert chunks[-1].usage.prompt_tokens == turn["usage"]["input_tokens"]
    assert {(c.id, c.object, c.model) for c in chunks} == {
        (f"chatcmpl-{turn['id']}", "chat.completion.chunk", turn["model"])
    }


async def test_without_include_usage_a_stream_has_none(surface: Surface) -> None:
    body = {"model": "masterx", "messages": says("Hi"), "stream": True}
    async with surface.masterx.http.post(f"{surface.masterx.url}/v1/chat/completions", json=body) as answer:
        lines = (await answer.text()).split("\n\n")
    assert lines[-2:] == ["data: [DONE]", ""]
    assert all("usage" not in json.loads(line.removeprefix("data: ")) for line in lines[:-2])


async def test_the_synchronous_client_works_unchanged(surface: Surface) -> None:
    def talk() -> tuple[str | None, str]:
        with OpenAI(base_url=f"{surface.masterx.url}/v1", api_key="any") as client:
            whole = client.chat.completions.create(model="masterx", messages=says("Hi"))
            stream = client.chat.completions.create(model="masterx", messages=says("Hi"), stream=True)
            return whole.choices[0].message.content, "".join(c.choices[0].delta.content or "" for c in stream)

    assert await asyncio.to_thread(talk) == (ANSWER, ANSWER)


@pytest.mark.parametrize(("fault", "finish"), [("length", "length"), ("filter", "content_filter")])
async def test_finish_reasons_are_handed_on(surface: Surface, fault: str, finish: str) -> None:
    asked = says(f"Hi [[fault={fault}]]")
    whole = await surface.client.chat.completions.create(model="masterx", messages=asked)
    assert whole.choices[0].finish_reason == finish
    stream = await surface.client.chat.completions.create(model="masterx", messages=asked, stream=True)
    assert [c.choices[0].finish_reason async for c in stream][-1] == finish


async def test_a_session_goes_on_by_header_and_by_metadata(surface: Surface) -> None:
    raw = await surface.client.chat.completions.with_raw_response.create(model="masterx", messages=says("What is ½?"))
    session = raw.headers["x-session-id"]
    await surface.client.chat.completions.create(
        model="masterx", messages=says("And ¼?"), extra_headers={"X-Session-Id": session}
    )
    await surface.client.chat.completions.create(
        model="masterx",
        messages=[{"role": "system", "content": "Ignored"}, *says("Also ignored"), *says("And ⅛?")],
        metadata={"session_id": session},
    )
    turns = await surface.masterx.turns(session)
    assert [turn["message"] for turn in turns] == ["And ⅛?", "And ¼?", "What is ½?"]
    sent = [message["content"] for message in surface.provider.requests[-1].body["messages"][1::2]]
    # The learner's own words come after what the tutor is told.
    assert [text.rpartition("</notes>\n\n")[2] for text in sent] == ["What is ½?", "And ¼?", "And ⅛?"]


async def test_the_header_names_the_learner_also_outside_of_ascii(surface: Surface) -> None:
    body = {"model": "masterx", "messages": says("Hi")}
    assert (await surface.post(body, X_Learner_Id="Zoë"))[0] == 200
    assert len(await surface.sessions("Zoë")) == 1


async def test_models_are_those_that_can_be_asked(surface: Surface) -> None:
    listed = [model.id async for model in surface.client.models.list()]
    assert listed[0] == "masterx"
    assert "gpt-5.4-mini" in listed
    assert not any("gemini" in name for name in listed)
    assert (await surface.client.models.retrieve("gpt-5.4-mini")).owned_by == "openai"
    with pytest.raises(openai.NotFoundError):
        await surface.client.models.retrieve("gemini-2.5-flash-lite")


async def test_a_pinned_model_is_asked_and_no_other(surface: Surface) -> None:
    told = await surface.client.chat.completions.create(model="gpt-6-luna", messages=says("Hi"))
    assert told.model == surface.provider.requests[-1].body["model"] == "gpt-6-luna"
    before = len(surface.provider.requests)
    with pytest.raises(openai.InternalServerError) as caught:
        await surface.client.chat.completions.create(model="gpt-6-luna", messages=says("Hi [[fault=500]]"), user="pin")
    assert (caught.value.status_code, caught.value.code) == (503, "no_provider")
    asked = [seen.body["model"] for seen in list(surface.provider.requests)[before:]]
    assert asked == ["gpt-6-luna"] * 3  # again, for nobody else is left


async def test_a_clients_own_retries_do_not_multiply_a_turn_that_failed(surface: Surface) -> None:
    assert surface.client.max_retries == 2
    for stream in (False, True):
        learner = f"retries-{stream}"
        with pytest.raises(openai.InternalServerError) as caught:
            await surface.client.chat.completions.create(
                model="masterx", messages=says("Hi [[fault=503]]"), user=learner, stream=stream
            )
        assert caught.value.response.headers["retry-after"] == "5"
        (session,) = await surface.sessions(learner)
        (turn,) = await surface.masterx.turns(session["id"])
        assert turn["state"] == "failed"
        assert caught.value.response.headers["x-turn-id"] == turn["id"]


async def test_an_answer_that_breaks_off_raises_in_the_client(surface: Surface) -> None:
    stream = await surface.client.chat.completions.create(
        model="masterx", messages=says("Hi [[fault=cut after=3 stop=4]]"), user="broken", stream=True
    )
    said: list[str] = []

    async def hear() -> None:
        async for chunk in stream:
            said.append(chunk.choices[0].delta.content or "")
            if said[-1]:
                surface.provider.go_on()

    with pytest.raises(openai.APIError) as caught:
        await hear()
    assert (caught.value.code, caught.value.type) == ("answer_broke_off", "server_error")
    (session,) = await surface.sessions("broken")
    (turn,) = await surface.masterx.turns(session["id"])
    assert "".join(said) == turn["reply"] == "".join(TEXTS[:3])
    assert turn["state"] == "incomplete"


async def test_a_client_that_leaves_loses_nothing(surface: Surface) -> None:
    stream = await surface.client.chat.completions.create(
        model="masterx", messages=says("Hi [[stop=3]]"), user="leaver", stream=True
    )
    await anext(aiter(stream))
    await stream.close()
    surface.provider.go_on()
    (session,) = await surface.sessions("leaver")
    turn = await closed(surface.masterx, session["id"])
    assert (turn["state"], turn["reply"]) == ("complete", ANSWER)


async def test_an_idempotency_key_makes_a_retry_return_the_first_answer(surface: Surface) -> None:
    async def ask(text: str) -> str:
        raw = await surface.client.chat.completions.with_raw_response.create(
            model="masterx",
            messages=[*says("Before"), {"role": "assistant", "content": "Yes"}, *says(text)],
            user="twice",
            extra_headers={"Idempotency-Key": "once"},
        )
        return str(raw.headers["x-turn-id"])

    first = await asyncio.gather(*(ask("Hi [[lat=50]]") for _ in range(4)))
    assert {*first, await ask("Hi [[lat=50]]")} == {first[0]}
    (session,) = await surface.sessions("twice")
    assert len(await surface.masterx.turns(session["id"])) == 2
    with pytest.raises(openai.ConflictError) as caught:
        await ask("Something else")
    assert caught.value.code == "idempotency_key_reused"
    assert len(await surface.sessions("twice")) == 1


async def test_a_busy_session_is_a_conflict_that_a_client_may_retry(surface: Surface) -> None:
    raw = await surface.client.chat.completions.with_raw_response.create(model="masterx", messages=says("Hi"))
    headers = {"X-Session-Id": raw.headers["x-session-id"]}
    running = await surface.client.chat.completions.create(
        model="masterx", messages=says("Hi [[stop=3]]"), stream=True, extra_headers=headers
    )
    impatient = surface.client.with_options(max_retries=0)
    with pytest.raises(openai.ConflictError) as caught:
        await impatient.chat.completions.create(model="masterx", messages=says("Hi"), extra_headers=headers)
    assert caught.value.code == "session_busy"
    assert "x-should-retry" not in caught.value.response.headers
    surface.provider.go_on()
    assert [c.choices[0].finish_reason async for c in running][-1] == "stop"


async def test_curl_streams_as_printed_in_the_readme(surface: Surface) -> None:
    process = await asyncio.create_subprocess_exec(
        *("curl", "-sN", f"{surface.masterx.url}/v1/chat/completions", "-d"),
        '{"model": "masterx", "stream": true, "messages": [{"role": "user", "content": "How do I solve it?"}]}',
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    events = output.decode().split("\n\n")
    assert events[-2] == "data: [DONE]"
    told = [json.loads(event.removeprefix("data: ")) for event in events[:-2]]
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in told) == ANSWER
