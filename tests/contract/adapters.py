"""The adapters over a provider that misbehaves: what the contract tests of providers stand on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest

from app.clock import Clock, HandClock
from app.providers.gemini import Gemini
from app.providers.groq import Groq
from app.providers.openai_compatible import OpenAICompatible
from app.providers.port import Entry, Limits, Provider
from app.providers.wire import http_session
from app.vocabulary import Chunk, Message, Prompt
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.script import TEXTS

Adapter = OpenAICompatible | Gemini
KINDS: dict[str, type[OpenAICompatible] | type[Gemini]] = {"openai": OpenAICompatible, "groq": Groq, "gemini": Gemini}
TEXT = "".join(TEXTS)
KEY = "sk-secret-0815"

both_ways = pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
each_dialect = pytest.mark.parametrize("dialect", KINDS)


@dataclass(frozen=True)
class World:
    """A provider and the session that adapters share."""

    provider: MisbehavingProvider
    http: aiohttp.ClientSession
    clock: Clock

    def adapter(self, dialect: str, *, key: str = KEY) -> Adapter:
        """The adapter of a dialect, at the misbehaving provider."""
        return self.elsewhere(entry(dialect, self.provider.url(dialect)), key)

    def elsewhere(self, catalogued: Entry, key: str = KEY) -> Adapter:
        """The adapter of an entry."""
        return KINDS[catalogued.dialect](catalogued, key, self.http, self.clock)


@asynccontextmanager
async def a_world(clock: Clock | None = None) -> AsyncIterator[World]:
    """All of it, opened and closed again."""
    async with MisbehavingProvider() as provider, http_session() as http:
        yield World(provider, http, clock or HandClock())


def entry(dialect: str, url: str, connect: float = 10.0) -> Entry:
    """A catalogue entry; connections are given time, for the machine may be busy."""
    return Entry(dialect, "m-1", dialect, url, 8_192, 1_024, "o200k", limits=Limits(connect=connect))


def prompt(stream: bool, words: str = "What is bigger, ½ or ¼?") -> Prompt:
    """A short prompt."""
    return Prompt((Message("system", "Be kind."), Message("user", words)), 200, 0.4, stream)


async def heard(provider: Provider, asked: Prompt) -> list[Chunk]:
    """All chunks of an answer."""
    async with aclosing(provider.stream(asked)) as chunks:
        return [chunk async for chunk in chunks]


async def until(condition: Callable[[], bool]) -> None:
    """Waits for something that no event tells of, at most 30 seconds."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.002)
