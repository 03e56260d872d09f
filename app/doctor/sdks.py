"""The providers' official SDKs as a reference: asked what our adapters are asked, retrying nothing.

The doctor and the contract tests look at both side by side; no turn goes through an SDK.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import groq
import openai
from google import genai
from google.genai import types

from app.providers.port import Entry
from app.vocabulary import Finish, Prompt, Usage

_FINISHES = {
    "stop": Finish.STOP,
    "length": Finish.LENGTH,
    "content_filter": Finish.CONTENT_FILTER,
    "STOP": Finish.STOP,
    "MAX_TOKENS": Finish.LENGTH,
    "SAFETY": Finish.CONTENT_FILTER,
}


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, as an SDK or an adapter gave it."""

    text: str
    finish: Finish | None
    usage: Usage | None


class Sdk(Protocol):
    """An official client."""

    async def ask(self, entry: Entry, prompt: Prompt) -> Told:
        """The answer to a prompt; raises whatever the SDK raises."""
        ...

    async def models(self) -> frozenset[str]:
        """The models that the provider lists."""
        ...


class _Chat:
    """The openai and groq SDKs, which are one generated code."""

    def __init__(self, client: openai.AsyncOpenAI | groq.AsyncGroq, limit_field: str) -> None:
        self._client: Any = client
        self._limit_field = limit_field

    async def ask(self, entry: Entry, prompt: Prompt) -> Told:
        fields: dict[str, Any] = {
            "model": entry.model,
            "messages": [{"role": message.role, "content": message.text} for message in prompt.messages],
            entry.extra.get("max_tokens_field", self._limit_field): prompt.max_tokens,
            **entry.extra.get("body", {}),
        }
        if entry.extra.get("temperature", True):
            fields["temperature"] = prompt.temperature
        if not prompt.stream:
            return self._whole(await self._client.chat.completions.create(**fields))
        if isinstance(self._client, openai.AsyncOpenAI):
            fields["stream_options"] = {"include_usage": True}
        return await self._streamed(await self._client.chat.completions.create(**fields, stream=True))

    async def models(self) -> frozenset[str]:
        return frozenset([model.id async for model in await self._listed()])

    async def _listed(self) -> Any:
        # The openai SDK gives pages to walk through, groq's a list.
        listed = await self._client.models.list()
        return listed if hasattr(listed, "__aiter__") else _walk(listed.data)

    def _whole(self, answer: Any) -> Told:
        choice = answer.choices[0]
        return Told(choice.message.content, _FINISHES[choice.finish_reason], _chat_usage(answer.usage))

    async def _streamed(self, chunks: Any) -> Told:
        text, finish, usage = "", None, None
        async for chunk in chunks:
            for choice in chunk.choices:
                text += choice.delta.content or ""
                finish = _FINISHES[choice.finish_reason] if choice.finish_reason else finish
            own = getattr(chunk, "x_groq", None)
            usage = chunk.usage or (own and own.usage) or usage
        return Told(text, finish, _chat_usage(usage))


def _chat_usage(usage: Any) -> Usage | None:
    if usage is None:
        return None
    details = usage.prompt_tokens_details
    return Usage(usage.prompt_tokens, details.cached_tokens if details else None, usage.completion_tokens)


async def _walk(models: list[Any]) -> AsyncIterator[Any]:
    for model in models:
        yield model


class _Genai:
    """The google-genai SDK."""

    def __init__(self, client: Any) -> None:
        self._models = client.models

    async def models(self) -> frozenset[str]:
        return frozenset([(model.name or "").removeprefix("models/") async for model in await self._models.list()])

    async def ask(self, entry: Entry, prompt: Prompt) -> Told:
        asked: dict[str, Any] = {
            "model": entry.model,
            "contents": _contents(prompt),
            "config": types.GenerateContentConfig(
                system_instruction=[m.text for m in prompt.messages if m.role == "system"] or None,
                max_output_tokens=prompt.max_tokens,
                temperature=prompt.temperature if entry.extra.get("temperature", True) else None,
            ),
        }
        if not prompt.stream:
            return _told([await self._models.generate_content(**asked)])
        return _told([chunk async for chunk in await self._models.generate_content_stream(**asked)])


def _contents(prompt: Prompt) -> list[types.Content]:
    """The turns of a prompt; the SDK leaves it to its user to join neighbours of one role."""
    contents: list[types.Content] = []
    for message in prompt.messages:
        role, part = "model" if message.role == "assistant" else "user", types.Part(text=message.text)
        if message.role == "system":
            continue
        if contents and contents[-1].role == role and contents[-1].parts is not None:
            contents[-1].parts.append(part)
        else:
            contents.append(types.Content(role=role, parts=[part]))
    return contents


def _told(chunks: list[types.GenerateContentResponse]) -> Told:
    reasons = [c.candidates[0].finish_reason for c in chunks if c.candidates and c.candidates[0].finish_reason]
    counts = [chunk.usage_metadata for chunk in chunks if chunk.usage_metadata]
    text = "".join(chunk.text or "" for chunk in chunks)
    return Told(text, _FINISHES[reasons[-1].value] if reasons else None, _genai_usage(counts[-1] if counts else None))


def _genai_usage(counts: types.GenerateContentResponseUsageMetadata | None) -> Usage | None:
    if counts is None:
        return None
    output = (counts.candidates_token_count or 0) + (counts.thoughts_token_count or 0)
    return Usage(counts.prompt_token_count, counts.cached_content_token_count, output)


@asynccontextmanager
async def sdk(dialect: str, url: str, key: str, patience: float) -> AsyncIterator[Sdk]:
    """The SDK of a dialect at an address, with a limit in seconds for bytes to come (google-genai: for the answer)."""
    if dialect == "openai":
        async with openai.AsyncOpenAI(base_url=url, api_key=key, max_retries=0, timeout=patience) as client:
            yield _Chat(client, "max_tokens")
    elif dialect == "groq":
        async with groq.AsyncGroq(base_url=url, api_key=key, max_retries=0, timeout=patience) as client:
            yield _Chat(client, "max_completion_tokens")
    else:
        once = types.HttpRetryOptions(attempts=1)
        options = types.HttpOptions(base_url=url, timeout=int(patience * 1000), retry_options=once)
        async with genai.Client(api_key=key, http_options=options).aio as client:
            yield _Genai(client)
