"""A turn as a chat completion: counts where the provider gave none, and bytes that stock clients read."""

import json
from collections.abc import AsyncIterator, MutableMapping
from typing import Any

from openai._streaming import SSEDecoder

from app.api.openai.told import CompletionStream, usage
from app.live import Event, Live
from app.vocabulary import Finish, Receipt, State, Task, Turn, Usage

TURN = Turn(
    id="t",
    workspace="w",
    session_id="s",
    learner_id="ada",
    seq=1,
    message="Hi",
    created_at="2026-11-21T00:00:00.000000Z",
    state=State.COMPLETE,
    reply='A "quoted"\n½ 🍕',
    reply_tokens=9,
    model="m-1",
    finish_reason=Finish.STOP,
    receipt=Receipt(2_048, 150, 150, "o200k", "1", ()),
)


class SilentFirst(Live):
    """A turn with a silence of 15 seconds before each of its events."""

    async def listen(self, after: int = 0, beat: float | None = None) -> AsyncIterator[list[Event]]:
        async for events in super().listen(after, beat):
            for event in events:
                yield []
                yield [event]


async def sent(stream: CompletionStream) -> tuple[int, list[bytes]]:
    """What a server would write: the status and the parts of the body."""
    messages: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        messages.append(message)

    async def receive() -> MutableMapping[str, Any]:
        raise AssertionError("nobody asks whether the client is there")

    await stream({"type": "http"}, receive, send)
    return messages[0]["status"], [m["body"] for m in messages[1:]]


def read_by_a_stock_client(parts: list[bytes]) -> list[str]:
    return [event.data for event in SSEDecoder().iter_bytes(iter(parts))]


def test_tokens_that_the_provider_did_not_count_are_ours() -> None:
    assert usage(TURN) == {
        "prompt_tokens": 150,
        "completion_tokens": 9,
        "total_tokens": 159,
        "prompt_tokens_details": {"cached_tokens": 0},
    }


async def test_heartbeats_between_events_do_not_disturb_a_stock_client() -> None:
    live = SilentFirst(TURN, streamed=True)
    live.start("p", "m-1", Task.GENERAL)
    for text in ('A "quoted"\n', "½ 🍕"):
        live.say(text)
    live.end(TURN)
    status, parts = await sent(CompletionStream(live, "masterx", True, {}))
    assert status == 200
    assert parts.count(b": still here\n") == 4
    *chunks, done = read_by_a_stock_client(parts)
    assert done == "[DONE]"
    told = [json.loads(chunk) for chunk in chunks]
    assert "".join(c["choices"][0]["delta"].get("content", "") for c in told[:-1]) == TURN.reply
    assert told[-1]["usage"]["total_tokens"] == 159
    assert all(chunk["usage"] is None for chunk in told[:-1])


async def test_a_turn_that_fails_after_a_heartbeat_ends_with_an_error_and_no_done() -> None:
    failed = Turn(**{**vars(TURN), "state": State.FAILED, "reply": "", "problem": "no-provider", "usage": Usage()})
    live = SilentFirst(failed, streamed=True)
    live.end(failed)
    _, parts = await sent(CompletionStream(live, "masterx", False, {}))
    *_, last = read_by_a_stock_client(parts)
    assert json.loads(last)["error"]["code"] == "no_provider"


async def test_a_turn_that_fails_at_once_is_an_error_with_a_status() -> None:
    failed = Turn(**{**vars(TURN), "state": State.FAILED, "reply": "", "problem": "no-provider"})
    live = Live(failed, streamed=True)
    live.end(failed)
    status, parts = await sent(CompletionStream(live, "masterx", False, {}))
    assert (status, json.loads(parts[0])["error"]["type"]) == (503, "server_error")


async def test_each_text_goes_out_as_it_stands_in_its_event() -> None:
    live = Live(TURN, streamed=True)
    live.start("p", None, Task.GENERAL)
    live.say(']}\\"{\u2028')
    live.end(TURN)
    (body, _) = (await sent(CompletionStream(live, "asked", False, {})))[1]
    first, text, last, _ = read_by_a_stock_client([body])
    assert json.loads(first)["model"] == "asked"
    assert json.loads(text)["choices"][0]["delta"]["content"] == ']}\\"{\u2028'
    assert json.loads(last)["masterx"]["turn_id"] == "t"
