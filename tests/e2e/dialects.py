"""The three wire dialects as a provider speaks them; written from the providers' documents, not from our adapters."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from app.context.fence import CLOSE, OPEN

Json = dict[str, Any]


_OPENAI_KINDS = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    403: ("permission_error", None),
    404: ("invalid_request_error", "model_not_found"),
    413: ("tokens", "rate_limit_exceeded"),
    429: ("requests", "rate_limit_exceeded"),
    498: ("capacity_exceeded", "capacity_exceeded"),
}
_GOOGLE_NAMES = {
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


@dataclass(frozen=True, slots=True)
class Telling:
    """What is answered: the texts of its chunks, why it ends (`stop`, `length`, `filter`) and the tokens it took."""

    texts: tuple[str, ...]
    finish: str
    model: str
    input_tokens: int
    cached_tokens: int
    spoken_tokens: int
    thought_tokens: int
    usage_asked: bool = True


def said(text: str) -> str:
    """A message without notes."""
    return text.partition(CLOSE)[2] if text.startswith(OPEN) else text


class Dialect(Protocol):
    """How one API says things. Events are complete frames of an event stream."""

    def streams(self, path: str, body: Json) -> bool:
        """Whether a stream is asked for."""
        ...

    def last_words(self, body: Json) -> str:
        """What the user said last, without the notes that the service put before it: they may quote earlier words."""
        ...

    def model(self, path: str, body: Json) -> str:
        """The model asked for."""
        ...

    def whole(self, told: Telling) -> Json:
        """An answer in one piece."""
        ...

    def opening(self, told: Telling) -> list[bytes]:
        """Events before the first text."""
        ...

    def piece(self, told: Telling, text: str) -> bytes:
        """An event with text."""
        ...

    def closing(self, told: Telling) -> list[bytes]:
        """Events after the last text; the first one has the finish reason."""
        ...

    def refusal(self, status: int, retry: str | None) -> tuple[int, Json]:
        """Status and body of an error."""
        ...

    def blocked(self) -> tuple[int, Json]:
        """Status and body of the answer to a prompt that a content policy forbids."""
        ...

    def models(self, names: Sequence[str]) -> Json:
        """The list of models."""
        ...


def event(data: Json, end: bytes = b"\n\n") -> bytes:
    """One event of an event stream."""
    return b"data: " + json.dumps(data, ensure_ascii=False).encode() + end


class OpenAI:
    """Chat completions as OpenAI serves them."""

    def streams(self, path: str, body: Json) -> bool:
        return bool(body.get("stream"))

    def last_words(self, body: Json) -> str:
        return said(next((str(m["content"]) for m in reversed(body["messages"]) if m["role"] == "user"), ""))

    def model(self, path: str, body: Json) -> str:
        return str(body["model"])

    def whole(self, told: Telling) -> Json:
        message = {"role": "assistant", "content": "".join(told.texts), "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self._finish(told)}
        return {**self._frame(told, "chat.completion"), "choices": [choice], "usage": self.usage(told)}

    def opening(self, told: Telling) -> list[bytes]:
        return [
            self._chunk(told, {"role": "assistant", "content": "", "refusal": None}),
            self._chunk(told, {"reasoning_content": "They know halves; quarters come next."}),
        ]

    def piece(self, told: Telling, text: str) -> bytes:
        return self._chunk(told, {"content": text})

    def closing(self, told: Telling) -> list[bytes]:
        counted = {**self._frame(told, "chat.completion.chunk"), "choices": [], "usage": self.usage(told)}
        usage = [event(counted)] if told.usage_asked else []
        return [self._chunk(told, {}, self._finish(told)), *usage, b"data: [DONE]\n\n"]

    def refusal(self, status: int, retry: str | None) -> tuple[int, Json]:
        kind, code = _OPENAI_KINDS.get(status, ("server_error", None))
        return status, {"error": {"message": "misbehaving on demand", "type": kind, "param": None, "code": code}}

    def blocked(self) -> tuple[int, Json]:
        error = {"message": "rejected by our safety system", "type": "invalid_request_error"}
        return 400, {"error": {**error, "param": None, "code": "content_policy_violation"}}

    def models(self, names: Sequence[str]) -> Json:
        return {"object": "list", "data": [{"id": n, "object": "model", "created": 1, "owned_by": "x"} for n in names]}

    def usage(self, told: Telling) -> Json:
        """Tokens; reasoning is part of the completion."""
        output = told.spoken_tokens + told.thought_tokens
        return {
            "prompt_tokens": told.input_tokens,
            "completion_tokens": output,
            "total_tokens": told.input_tokens + output,
            "prompt_tokens_details": {"cached_tokens": told.cached_tokens},
            "completion_tokens_details": {"reasoning_tokens": told.thought_tokens},
        }

    def _finish(self, told: Telling) -> str:
        return {"filter": "content_filter"}.get(told.finish, told.finish)

    def _frame(self, told: Telling, kind: str) -> Json:
        return {"id": "chatcmpl-1", "object": kind, "created": 1_790_000_000, "model": told.model}

    def _chunk(self, told: Telling, delta: Json, finish: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return event({**self._frame(told, "chat.completion.chunk"), "choices": [choice], **more})


class Groq(OpenAI):
    """OpenAI's API as Groq serves it: the tokens of a stream come in `x_groq`, with the finish reason."""

    def opening(self, told: Telling) -> list[bytes]:
        return [
            self._chunk(told, {"role": "assistant", "content": ""}, x_groq={"id": "req_1"}),
            self._chunk(told, {"reasoning": "They know halves; quarters come next."}),
        ]

    def closing(self, told: Telling) -> list[bytes]:
        own = {"id": "req_1", "usage": {**self.usage(told), "queue_time": 0.01, "total_time": 0.2}}
        return [self._chunk(told, {}, self._finish(told), x_groq=own), b"data: [DONE]\n\n"]


class Gemini:
    """`generateContent` as the Gemini Developer API serves it: lines end in CRLF, counts come with every event."""

    def streams(self, path: str, body: Json) -> bool:
        return ":streamGenerateContent" in path

    def last_words(self, body: Json) -> str:
        spoken = [content for content in body["contents"] if content["role"] == "user"]
        return said(str(spoken[-1]["parts"][-1]["text"])) if spoken else ""

    def model(self, path: str, body: Json) -> str:
        return path.partition("/models/")[2].partition(":")[0]

    def whole(self, told: Telling) -> Json:
        thought = {"text": "They know halves; quarters come next.", "thought": True}
        return self._answer(told, [thought, {"text": "".join(told.texts)}], self._finish(told))

    def opening(self, told: Telling) -> list[bytes]:
        return [self._event(told, [{"text": "They know halves; quarters come next.", "thought": True}])]

    def piece(self, told: Telling, text: str) -> bytes:
        return self._event(told, [{"text": text}])

    def closing(self, told: Telling) -> list[bytes]:
        return [self._event(told, [{"text": ""}], self._finish(told))]

    def refusal(self, status: int, retry: str | None) -> tuple[int, Json]:
        # A wrong key is a bad request here.
        number, name = (400, "INVALID_ARGUMENT") if status == 401 else (status, _GOOGLE_NAMES.get(status, "INTERNAL"))
        details: list[Json] = []
        if status == 401:
            details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]
        elif retry and retry.isdecimal():
            details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{retry}s"}]
        return number, {
            "error": {"code": number, "message": "misbehaving on demand", "status": name, "details": details}
        }

    def blocked(self) -> tuple[int, Json]:
        return 200, {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 9}}

    def models(self, names: Sequence[str]) -> Json:
        return {"models": [{"name": f"models/{name}", "displayName": name} for name in names]}

    def _finish(self, told: Telling) -> str:
        return {"stop": "STOP", "length": "MAX_TOKENS", "filter": "SAFETY"}[told.finish]

    def _answer(self, told: Telling, parts: list[Json], finish: str | None) -> Json:
        counts = {
            "promptTokenCount": told.input_tokens,
            "cachedContentTokenCount": told.cached_tokens,
            "candidatesTokenCount": told.spoken_tokens,
            "thoughtsTokenCount": told.thought_tokens,
            "totalTokenCount": told.input_tokens + told.spoken_tokens + told.thought_tokens,
        }
        candidate: Json = {"content": {"parts": parts, "role": "model"}, "index": 0}
        if finish:
            candidate["finishReason"] = finish
        return {"candidates": [candidate], "usageMetadata": counts, "modelVersion": told.model, "responseId": "r1"}

    def _event(self, told: Telling, parts: list[Json], finish: str | None = None) -> bytes:
        return event(self._answer(told, parts, finish), b"\r\n\r\n")


DIALECTS: dict[str, Dialect] = {"openai": OpenAI(), "groq": Groq(), "gemini": Gemini()}
