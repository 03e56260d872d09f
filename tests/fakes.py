"""Fakes with behaviour, at ports only."""

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from app.clock import Clock, SystemClock
from app.errors import ProviderError
from app.events import Events
from app.providers.port import Entry, Limits, Provider
from app.routing.breaker import Rules
from app.routing.breakers import LocalBreakers
from app.routing.guard import Guard
from app.routing.router import Router
from app.vocabulary import Chunk, Finish, Prompt, Task, Usage

WHOLE = (Chunk("What do you "), Chunk("know already?"), Chunk(finish=Finish.STOP, usage=Usage(100, 20, 5)))


def entry(name: str, strengths: dict[Task, float] | None = None, limits: Limits | None = None) -> Entry:
    """A catalogue entry of a provider called `name`."""
    return Entry(
        provider=name,
        model=f"{name}-1",
        dialect="openai",
        base_url="http://127.0.0.1:9/v1",
        context_window=8_192,
        max_output=1_024,
        tokenizer="o200k",
        limits=limits or Limits(connect=1, first_token=0.05, idle=0.05, total=0.5),
        strengths=strengths or {},
    )


def routed(
    providers: Sequence[Provider],
    last: Provider | None = None,
    events: Events | None = None,
    clock: Clock | None = None,
) -> Router:
    """A router over these providers, with breakers of its own."""
    clock, rules = clock or SystemClock(), Rules()
    guard = Guard(LocalBreakers(clock, rules, random.Random(1)), clock, rules)
    return Router(providers, last, guard, events or Events())


class Hang:
    """In a script: says nothing for ever."""


@dataclass
class ScriptedProvider:
    """Says what its script says: chunks, an error to raise, or a hang. Notes what it was asked."""

    entry: Entry
    script: Sequence[Chunk | ProviderError | Hang] = WHOLE
    asked: list[Prompt] = field(default_factory=list)
    closed: int = 0

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        self.asked.append(prompt)
        try:
            for step in self.script:
                if isinstance(step, Hang):
                    await asyncio.get_running_loop().create_future()
                elif isinstance(step, ProviderError):
                    raise step
                else:
                    await asyncio.sleep(0)
                    yield step
        finally:
            self.closed += 1
