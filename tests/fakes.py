"""Fakes with behaviour, at ports only."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from numpy.random import default_rng

from app.clock import Clock, SystemClock
from app.errors import ProviderError
from app.events import Events
from app.providers.port import Entry, Limits, Provider
from app.routing.breaker import Rules
from app.routing.breakers import LocalBreakers
from app.routing.caller import Caller
from app.routing.foresight import Foresight
from app.routing.guard import Guard
from app.routing.known import Figures
from app.routing.predictor import Predictor
from app.routing.router import Router
from app.vocabulary import Chunk, Finish, Prompt, Task, Usage

WHOLE = (Chunk("What do you "), Chunk("know already?"), Chunk(finish=Finish.STOP, usage=Usage(100, 20, 5)))


def entry(name: str, strengths: dict[Task, float] | None = None, limits: Limits | None = None) -> Entry:
    """A catalogue entry of a provider called `name`; its limits nobody reaches in a test."""
    return Entry(
        provider=name,
        model=f"{name}-1",
        dialect="openai",
        base_url="http://127.0.0.1:9/v1",
        context_window=8_192,
        max_output=1_024,
        tokenizer="o200k",
        limits=limits or Limits(connect=30, first_token=30, idle=30, total=30),
        strengths=strengths or {},
    )


def hasty(name: str) -> Entry:
    """A catalogue entry of one that may be silent for a moment only: for what hangs, and has said all before."""
    return entry(name, limits=Limits(first_token=0.05, idle=0.05, total=30))


def routed(
    providers: Sequence[Provider],
    last: Provider | None = None,
    events: Events | None = None,
    clock: Clock | None = None,
    *,
    chance: Callable[[], float] = lambda: 0.0,
) -> Router:
    """A router over these providers, with breakers of its own."""
    caller = Caller(guard(clock or SystemClock(), chance), events or Events())
    return Router(providers, last, caller, random.Random(1).random)


def guard(clock: Clock, chance: Callable[[], float] = lambda: 0.0) -> Guard:
    """A guard with breakers of its own."""
    rules = Rules()
    foresight = Foresight(partial(Predictor, default_rng(1)))
    return Guard(LocalBreakers(clock, rules, random.Random(1)), Figures(clock, chance), rules, foresight)


class Hang:
    """In a script: says nothing for ever."""


@dataclass(frozen=True)
class Until:
    """In a script: goes on when somebody else sets the event, or `sets` it for them."""

    event: asyncio.Event
    sets: bool = False


Script = Sequence[Chunk | ProviderError | Hang | Until]


@dataclass
class ScriptedProvider:
    """Says what its script says: chunks, an error to raise, or a hang; from the second time on what is for `later`, if
    that is given. Notes what it was asked. `leaving` is set when a call of it ends, which takes until `closing` is."""

    entry: Entry
    script: Script = WHOLE
    later: Script | None = None
    asked: list[Prompt] = field(default_factory=list)
    closed: int = 0
    closing: asyncio.Event | None = None
    leaving: asyncio.Event = field(default_factory=asyncio.Event)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        script = self.later if self.asked and self.later is not None else self.script
        self.asked.append(prompt)
        try:
            for step in script:
                if isinstance(step, Hang):
                    await asyncio.get_running_loop().create_future()
                elif isinstance(step, ProviderError):
                    raise step
                elif isinstance(step, Until):
                    if step.sets:
                        step.event.set()
                    await step.event.wait()
                else:
                    await asyncio.sleep(0)
                    yield step
        finally:
            self.closed += 1
            self.leaving.set()
            if self.closing:
                await self.closing.wait()
