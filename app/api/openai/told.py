"""A turn as a chat completion, whole or as a stream: one write for each read from the provider."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.api.openai import errors
from app.api.problems import Problem, of_turn
from app.api.sse import BEAT, HEADERS
from app.live import Event, Live, Name
from app.vocabulary import Turn

# A comment without a blank line after it: openai-python takes a blank line for an event once it has seen an `id:`.
_COMMENT = b": still here\n"
_DONE = b"data: [DONE]\n\n"
_TEXT = len(b'{"text":')


def completion(turn: Turn, asked: str, headers: dict[str, str]) -> Response:
    """An answer in one piece. `asked` is the model that the request named."""
    if problem := of_turn(turn):
        return failed(problem, headers)
    message: dict[str, Any] = {"role": "assistant", "content": turn.reply, "refusal": None, "annotations": []}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(turn)}
    head = _head("chat.completion", turn, turn.model or asked)
    body = {**head, "choices": [choice], "usage": usage(turn), "masterx": _ours(turn)}
    return Response(orjson.dumps(body), 200, headers, "application/json")


def failed(problem: Problem, headers: Mapping[str, str]) -> Response:
    """What became of a turn that is no answer. It is on record: a client that repeats it by itself would multiply
    it."""
    told = {**problem.headers, **headers, errors.NO_RETRY: "false"}
    return Response(errors.body(problem), errors.status(problem), told, "application/json")


def usage(turn: Turn) -> dict[str, Any]:
    """Tokens as the provider counted them, as we did where it did not: clients compute with them."""
    sent = turn.receipt.tokens if turn.receipt else 0
    prompt = turn.usage.input_tokens if turn.usage.input_tokens is not None else sent
    said = turn.usage.output_tokens if turn.usage.output_tokens is not None else turn.reply_tokens or 0
    return {
        "prompt_tokens": prompt,
        "completion_tokens": said,
        "total_tokens": prompt + said,
        "prompt_tokens_details": {"cached_tokens": turn.usage.cached_tokens or 0},
    }


class CompletionStream(Response):
    """A turn relayed as `chat.completion.chunk` events. A client that leaves only ends the relaying.

    Headers go out with the first word, or after 15 silent seconds: a turn that fails before is an error with a status.
    """

    def __init__(self, live: Live, asked: str, with_usage: bool, headers: dict[str, str]) -> None:
        self.status_code, self.background = 200, None
        self._live, self._asked, self._with_usage, self._own = live, asked, with_usage, headers
        self._before = self._after = b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False
        try:
            async for events in self._live.listen(0, BEAT):
                if not begun and (problem := self._failed(events)):
                    return await failed(problem, self._own)(scope, receive, send)
                if not begun:
                    await send({"type": "http.response.start", "status": 200, "headers": self._first()})
                    begun = True
                body = b"".join([self._frame(event) for event in events]) or _COMMENT
                await send({"type": "http.response.body", "body": body, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except (ClientDisconnect, OSError):
            return None

    def _first(self) -> list[tuple[bytes, bytes]]:
        return [*HEADERS, *((name.lower().encode(), value.encode()) for name, value in self._own.items())]

    def _failed(self, events: Sequence[Event]) -> Problem | None:
        """What went wrong before a word was said."""
        ended = events and events[-1].name is Name.ENDED
        return of_turn(self._live.turn) if ended and all(e.name is not Name.DELTA for e in events) else None

    def _frame(self, event: Event) -> bytes:
        if event.name is Name.DELTA:
            # The text as it stands in the event is JSON already.
            return b"%b%b%b" % (self._before, event.data[_TEXT:-1], self._after)
        if event.name is Name.STARTED:
            return self._start(orjson.loads(event.data)["model"])
        return self._end()

    def _start(self, model: str | None) -> bytes:
        head = orjson.dumps(_head("chat.completion.chunk", self._live.turn, model or self._asked))[:-1]
        self._before = b'data: %b,"choices":[{"index":0,"delta":{"content":' % head
        usage_to_come = b',"usage":null' if self._with_usage else b""
        self._after = b'},"logprobs":null,"finish_reason":null}]%b}\n\n' % usage_to_come
        first = b'data: %b,"choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null' % head
        return first + self._after

    def _end(self) -> bytes:
        turn = self._live.turn
        if problem := of_turn(turn):
            return b"data: %b\n\n" % errors.body(problem)
        head = _head("chat.completion.chunk", turn, turn.model or self._asked)
        choice = {"index": 0, "delta": {}, "logprobs": None, "finish_reason": _finish(turn)}
        coming: dict[str, None] = {"usage": None} if self._with_usage else {}
        last = b"data: %b\n\n" % orjson.dumps({**head, "choices": [choice], **coming, "masterx": _ours(turn)})
        if not self._with_usage:
            return last + _DONE
        counted = orjson.dumps({**head, "choices": [], "usage": usage(turn)})
        return b"%bdata: %b\n\n%b" % (last, counted, _DONE)


def _head(kind: str, turn: Turn, model: str) -> dict[str, Any]:
    created = int(datetime.fromisoformat(turn.created_at).timestamp())
    return {
        "id": f"chatcmpl-{turn.id}",
        "object": kind,
        "created": created,
        "model": model,
        "service_tier": None,
        "system_fingerprint": None,
    }


def _finish(turn: Turn) -> str:
    """Why the text ends; one that the learner stopped ends like any other."""
    return turn.finish_reason or "stop"


def _ours(turn: Turn) -> dict[str, Any]:
    """What OpenAI has no field for."""
    named = ("session_id", "seq", "state", "provider", "task", "strategy", "degraded", "cached")
    return {"turn_id": turn.id, **{name: getattr(turn, name) for name in named}}
