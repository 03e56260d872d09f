"""Google's Gemini API (`generateContent`), as the Gemini Developer API serves it."""

from collections.abc import AsyncGenerator, Iterable
from itertools import groupby
from typing import Any

import aiohttp

from app.clock import Clock
from app.errors import BrokenStream, ProviderRefused
from app.providers.port import Entry
from app.providers.refusals import complaint
from app.providers.wire import Line, Piece, count, encoded, headers_with, relay, rooted
from app.vocabulary import Chunk, Finish, Message, Prompt, Usage

_FINISHES = {
    "STOP": Finish.STOP,
    "MAX_TOKENS": Finish.LENGTH,
    "SAFETY": Finish.CONTENT_FILTER,
    "RECITATION": Finish.CONTENT_FILTER,
    "LANGUAGE": Finish.CONTENT_FILTER,
    "BLOCKLIST": Finish.CONTENT_FILTER,
    "PROHIBITED_CONTENT": Finish.CONTENT_FILTER,
    "SPII": Finish.CONTENT_FILTER,
}
_UNSAID = "FINISH_REASON_UNSPECIFIED"


class Gemini:
    """One Gemini model."""

    def __init__(self, entry: Entry, key: str, http: aiohttp.ClientSession, clock: Clock) -> None:
        self._entry, self._key = entry, key
        url = f"{rooted(entry.base_url, '/v1')}/models/{entry.model}"
        self._line = Line(
            http=http,
            clock=clock,
            url=f"{url}:generateContent",
            stream_url=f"{url}:streamGenerateContent?alt=sse",
            headers=headers_with(**{"x-goog-api-key": key}),
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

    def body(self, prompt: Prompt) -> dict[str, object]:
        """The request for a prompt; the same for a stream and for an answer in one piece."""
        config = {
            **self._entry.extra.get("body", {}),
            "maxOutputTokens": min(prompt.max_tokens, self._entry.max_output),
        }
        if self._entry.extra.get("temperature", True):
            config["temperature"] = prompt.temperature
        body: dict[str, object] = {"contents": _contents(prompt), "generationConfig": config}
        if system := [message for message in prompt.messages if message.role == "system"]:
            body["systemInstruction"] = {"parts": _parts(system)}
        return body

    def read(self, message: Any) -> Piece:
        """One event of a stream, or a whole answer. A model's thoughts are not part of what it says."""
        if error := message.get("error"):
            raise complaint(error, self._key)
        if reason := (message.get("promptFeedback") or {}).get("blockReason"):
            raise ProviderRefused(f"the prompt was blocked: {reason}")
        usage = _usage(message.get("usageMetadata"))
        candidates = message.get("candidates")
        if not candidates:
            return "", None, usage
        parts = (candidates[0].get("content") or {}).get("parts") or ()
        text = "".join([part.get("text") or "" for part in parts if not part.get("thought")])
        return text, _finish(candidates[0].get("finishReason")), usage


def _contents(prompt: Prompt) -> list[dict[str, object]]:
    """What was said, in turns: the API wants them to alternate, so neighbours of one role are one turn."""
    said = (message for message in prompt.messages if message.role != "system")
    return [
        {"role": "model" if role == "assistant" else "user", "parts": _parts(messages)}
        for role, messages in groupby(said, lambda message: message.role)
    ]


def _parts(messages: Iterable[Message]) -> list[dict[str, str]]:
    return [{"text": message.text} for message in messages]


def _finish(reason: str | None) -> Finish | None:
    """Why it ends; for a reason that is none of the learner's (`OTHER`, `MALFORMED_…`) the answer is broken."""
    if not reason or reason == _UNSAID:
        return None
    if reason not in _FINISHES:
        raise BrokenStream(f"the provider ended the answer: {reason}")
    return _FINISHES[reason]


def _usage(usage: Any) -> Usage | None:
    """Tokens; thinking is billed as output."""
    if not usage:
        return None
    said, thought = count(usage.get("candidatesTokenCount")), count(usage.get("thoughtsTokenCount"))
    return Usage(
        input_tokens=count(usage.get("promptTokenCount")),
        cached_tokens=count(usage.get("cachedContentTokenCount")),
        output_tokens=None if said is None and thought is None else (said or 0) + (thought or 0),
    )
