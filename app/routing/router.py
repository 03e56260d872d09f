"""The chain of providers for one answer: fall over before the first word, one deadline for all of them.

A breaker, hedging and learned choice attach here: they change the order of `candidates`, or refuse one.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from app.clock import Clock
from app.errors import BrokenStream, NoProvider, ProviderError, ProviderRefused, ProviderTimeout
from app.events import AttemptEnded, Events
from app.providers.port import Entry, Provider
from app.routing.rank import rank
from app.vocabulary import Attempt, Chunk, Finish, Prompt, Task, Usage

_RETRY_AFTER = 5.0
"""Seconds a caller is asked to wait when no provider said how long."""


@dataclass(slots=True)
class Answer:
    """How an answer came about; filled in while it streams."""

    attempts: list[Attempt] = field(default_factory=list)
    entry: Entry | None = None
    finish: Finish | None = None
    usage: Usage = field(default_factory=Usage)
    first_token_at: float | None = None
    waited: float = 0.0
    """Seconds spent waiting for providers."""

    def hear(self, chunk: Chunk) -> None:
        """Notes what a chunk says besides its text."""
        if chunk.finish:
            self.finish = chunk.finish
        if chunk.usage:
            self.usage = chunk.usage


@dataclass(slots=True)
class _Try:
    """One attempt under way: when it started, when it must have spoken and when it must have ended."""

    provider: Provider
    started: float
    first_by: float
    spoke_after: float | None = None

    def patience(self, now: float) -> float:
        """Seconds to wait for the next chunk."""
        limits = self.provider.entry.limits
        if self.spoke_after is None:
            return self.first_by - now
        return min(limits.idle, self.started + limits.total - now)


class Router:
    """Asks one provider after the other until one speaks."""

    def __init__(
        self, providers: Sequence[Provider], last_resort: Provider | None, events: Events, clock: Clock
    ) -> None:
        self._providers, self._last_resort = tuple(providers), last_resort
        self._events, self._clock = events, clock

    def candidates(self, task: Task, pinned: str | None = None) -> tuple[Provider, ...]:
        """Who would be asked, in order; the last resort comes last. A `pinned` model is asked alone: who names one
        does not want another's answer."""
        everyone = (*rank(self._providers, task), *((self._last_resort,) if self._last_resort else ()))
        return everyone if pinned is None else tuple(p for p in everyone if p.entry.model == pinned)

    async def stream(
        self, prompt: Prompt, candidates: Sequence[Provider], answer: Answer, deadline: float
    ) -> AsyncGenerator[Chunk, None]:
        """The answer of the first candidate that speaks within `deadline` seconds of now.

        Raises `NoProvider` when none did, and the provider's own error when it fails after its first word: the
        model is not switched in the middle of an answer.
        """
        ends = self._clock.monotonic() + deadline
        waits: list[float] = []
        for provider in candidates:
            if self._clock.monotonic() >= ends and provider is not self._last_resort:
                continue
            try:
                async with aclosing(self._attempt(provider, prompt, answer, ends)) as chunks:
                    async for chunk in chunks:
                        yield chunk
                return
            except ProviderError as error:
                if answer.entry is not None:
                    raise
                waits.append(error.retry_after or _RETRY_AFTER)
        raise NoProvider(min(waits, default=_RETRY_AFTER))

    async def _attempt(
        self, provider: Provider, prompt: Prompt, answer: Answer, ends: float
    ) -> AsyncGenerator[Chunk, None]:
        now = self._clock.monotonic()
        answer.finish, answer.usage = None, Usage()
        limits = provider.entry.limits
        first = limits.first_token if prompt.stream else limits.total
        attempt = _Try(provider, now, now + first if provider is self._last_resort else min(now + first, ends))
        outcome = "abandoned"
        try:
            async with aclosing(provider.stream(prompt)) as chunks:
                whole = False
                while not whole:
                    chunk = await self._next(chunks, attempt, answer)
                    whole = chunk.finish is not None
                    yield chunk
            outcome = "ok"
        except ProviderError as error:
            outcome = error.outcome
            raise
        finally:
            self._note(attempt, answer, outcome)

    async def _next(self, chunks: AsyncGenerator[Chunk, None], attempt: _Try, answer: Answer) -> Chunk:
        """The next chunk; the one with the finish reason is the last."""
        asked = self._clock.monotonic()
        try:
            async with asyncio.timeout(max(attempt.patience(asked), 0)):
                chunk = await anext(chunks)
        except TimeoutError as error:
            raise ProviderTimeout("no token in time") from error
        except StopAsyncIteration as end:
            raise BrokenStream("the answer ended without a finish reason") from end
        finally:
            now = self._clock.monotonic()
            answer.waited += now - asked
        if attempt.spoke_after is None and chunk.text:
            attempt.spoke_after = now - attempt.started
            answer.entry = attempt.provider.entry
            answer.first_token_at = now
        if chunk.finish and attempt.spoke_after is None:
            blocked = chunk.finish is Finish.CONTENT_FILTER
            raise ProviderRefused("blocked by content policy") if blocked else BrokenStream("an empty answer")
        answer.hear(chunk)
        return chunk

    def _note(self, attempt: _Try, answer: Answer, outcome: str) -> None:
        entry = attempt.provider.entry
        took = (self._clock.monotonic() - attempt.started) * 1e3
        noted = Attempt(entry.provider, entry.model, outcome, round(took, 3))
        answer.attempts.append(noted)
        first = None if attempt.spoke_after is None else attempt.spoke_after * 1e3
        self._events.publish(AttemptEnded(noted, first))
