"""The chat completions API of OpenAI, which many other servers speak: vLLM, llama.cpp, Ollama, LiteLLM."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, ClassVar

import aiohttp

from app.clock import Clock
from app.errors import BrokenStream
from app.providers.port import Entry
from app.providers.refusals import complaint
from app.providers.wire import Line, Piece, count, encoded, headers_with, relay
from app.vocabulary import Chunk, Finish, Prompt, Usage

_FINISHES = {"length": Finish.LENGTH, "content_filter": Finish.CONTENT_FILTER}
_ACCIDENTS = {"error", "abort"}


class OpenAICompatible:
    """One model behind the chat completions API."""

    # What every server understands. OpenAI's own models refuse it: their catalogue entries say `max_completion_tokens`.
    limit_field: ClassVar[str] = "max_tokens"
    stream_fields: ClassVar[Mapping[str, object]] = {"stream": True, "stream_options": {"include_usage": True}}

    def __init__(self, entry: Entry, key: str, http: aiohttp.ClientSession, clock: Clock) -> None:
        self._entry, self._key = entry, key
        self._limit_field = entry.extra.get("max_tokens_field", self.limit_field)
        self._always = {"model": entry.model, **entry.extra.get("body", {})}
        url = f"{self.root(entry.base_url)}/chat/completions"
        self._line = Line(
            http=http,
            clock=clock,
            url=url,
            stream_url=url,
            headers=headers_with(authorization=f"Bearer {key}") if key else headers_with(),
            key=key,
            timeout=aiohttp.ClientTimeout(total=None, connect=entry.limits.connect),
            read=self.read,
        )

    @property
    def entry(self) -> Entry:
        """What the catalogue says of it."""
        return self._entry

    def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        """The answer, as `providers.port.Provider` promises it."""
        return relay(self._line, encoded(self.body(prompt)), prompt.stream)

    def root(self, base_url: str) -> str:
        """Where the API's paths begin."""
        return base_url

    def body(self, prompt: Prompt) -> dict[str, object]:
        """The request for a prompt."""
        body = {
            **self._always,
            "messages": [{"role": message.role, "content": message.text} for message in prompt.messages],
            self._limit_field: min(prompt.max_tokens, self._entry.max_output),
        }
        if self._entry.extra.get("temperature", True):
            body["temperature"] = prompt.temperature
        return {**body, **self.stream_fields} if prompt.stream else body

    def read(self, message: Any) -> Piece:
        """One event of a stream, or a whole answer. A model's reasoning is not part of what it says."""
        if error := message.get("error"):
            raise complaint(error, self._key)
        usage = _usage(message.get("usage"))
        choices = message.get("choices")
        if not choices:
            return "", None, usage
        said = choices[0].get("delta") or choices[0].get("message") or {}
        text = said.get("content") or ""
        if not isinstance(text, str):
            raise TypeError("content is not text")
        return text, _finish(choices[0].get("finish_reason")), usage


def _finish(reason: str | None) -> Finish | None:
    """Why it ends; a word we do not know (`eos`, `stop_sequence`, …) is some server's own for a normal end."""
    if reason in _ACCIDENTS:
        raise BrokenStream(f"the provider ended the answer: {reason}")
    return _FINISHES.get(reason, Finish.STOP) if reason else None


def _usage(usage: Any) -> Usage | None:
    if not usage:
        return None
    details = usage.get("prompt_tokens_details") or {}
    return Usage(
        input_tokens=count(usage.get("prompt_tokens")),
        cached_tokens=count(details.get("cached_tokens")),
        output_tokens=count(usage.get("completion_tokens")),
    )
