"""The chain of providers for one answer: fall over before the first word; one deadline and one budget for all of them.

Whom not to ask just now is for `guard.py` to say; learned choice attaches at `candidates`, which it puts in order.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import cast

from app.errors import BrokenStream, NoProvider, ProviderError, ProviderRefused, ProviderTimeout
from app.events import AttemptEnded, Events
from app.providers.port import Entry, Provider
from app.routing.guard import Call, Guard
from app.routing.rank import rank
from app.routing.retries import RetryBudget
from app.routing.watchdog import Watchdog
from app.vocabulary import Attempt, Chunk, Finish, Prompt, Task, Usage

_RETRY_AFTER = 5.0
"""Seconds a caller is asked to wait when no provider said how long."""

_LEAST = 0.1
"""Seconds without which an attempt is not begun: it could only fail, and would be held against the provider."""


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

    retry_after: float | None = None
    """Seconds after which asking again may help, where nobody answered."""

    def hear(self, chunk: Chunk) -> None:
        """Notes what a chunk says besides its text."""
        if chunk.finish:
            self.finish = chunk.finish
        if chunk.usage:
            self.usage = chunk.usage


@dataclass(slots=True)
class _Try:
    """One attempt under way: when it started and when it must have spoken. The last resort needs no call admitted."""

    provider: Provider
    call: Call | None
    watchdog: Watchdog
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
        self, providers: Sequence[Provider], last_resort: Provider | None, guard: Guard, events: Events
    ) -> None:
        self._providers, self._last_resort = tuple(providers), last_resort
        self.guard, self._events, self._clock = guard, events, guard.clock
        self.retries = RetryBudget()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The models that can be asked, without the last resort."""
        return tuple(provider.entry for provider in self._providers)

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
        async with aclosing(self._tries(prompt, candidates, answer, ends)) as tries:
            async for attempt in tries:
                try:
                    async with aclosing(self._attempt(attempt, prompt, answer)) as chunks:
                        async for chunk in chunks:
                            yield chunk
                    return
                except ProviderError as error:
                    if answer.entry is not None:
                        raise
                    waits.append(error.retry_after or _RETRY_AFTER)
        answer.retry_after = min(waits, default=_RETRY_AFTER)
        raise NoProvider(answer.retry_after)

    async def _tries(
        self, prompt: Prompt, candidates: Sequence[Provider], answer: Answer, ends: float
    ) -> AsyncGenerator[_Try, None]:
        """Whom to ask, one after the other, for as long as the one before did not speak."""
        passed_over: list[Provider] = []
        models = [provider for provider in candidates if provider is not self._last_resort]
        for provider in candidates:
            if provider is self._last_resort:
                yield self._try(provider, None, prompt, ends)
            elif self._affords(answer, ends):
                call = await self.guard.admit(provider.entry, prompt.stream, replaceable=provider is not models[-1])
                if call is None:
                    passed_over.append(provider)
                else:
                    yield self._try(provider, call, prompt, ends)
        if passed_over and self._affords(answer, ends):
            # Nobody else is left: it is tried, whatever is known of it.
            call = await self.guard.admit(passed_over[0].entry, prompt.stream, must=True)
            yield self._try(passed_over[0], call, prompt, ends)

    def _affords(self, answer: Answer, ends: float) -> bool:
        """Whether there is time for another attempt, and the budget that all turns share allows it."""
        return self._clock.monotonic() + _LEAST < ends and (not answer.attempts or self.retries.allows)

    def _try(self, provider: Provider, call: Call | None, prompt: Prompt, ends: float) -> _Try:
        now, limits = self._clock.monotonic(), provider.entry.limits
        if call is None:
            first = limits.first_token if prompt.stream else limits.total
        else:
            # Half of the time that is left is for those who come after.
            left = (ends - now) / 2 if call.replaceable else ends - now
            first = min(self.guard.allowance(call, prompt), left)
        return _Try(provider, call, call.watchdog if call else Watchdog(), now, now + first)

    async def _attempt(self, attempt: _Try, prompt: Prompt, answer: Answer) -> AsyncGenerator[Chunk, None]:
        answer.finish, answer.usage = None, Usage()
        self._begin(attempt, answer)
        outcome, failure = "abandoned", cast(BaseException | None, GeneratorExit())
        try:
            async with aclosing(attempt.provider.stream(prompt)) as chunks:
                whole = False
                while not whole:
                    chunk = await self._next(chunks, attempt, answer)
                    whole = chunk.finish is not None
                    yield chunk
            outcome, failure = "ok", None
        except ProviderError as error:
            outcome, failure = error.outcome, error
            raise
        finally:
            self._end(attempt, answer, outcome, failure)

    async def _next(self, chunks: AsyncGenerator[Chunk, None], attempt: _Try, answer: Answer) -> Chunk:
        """The next chunk; the one with the finish reason is the last."""
        asked = self._clock.monotonic()
        try:
            with attempt.watchdog.wait(max(attempt.patience(asked), 0)):
                chunk = await anext(chunks)
        except TimeoutError as error:
            raise ProviderTimeout("no token in time") from error
        except StopAsyncIteration as end:
            raise BrokenStream("the answer ended without a finish reason") from end
        finally:
            now = self._clock.monotonic()
            answer.waited += now - asked
        if attempt.spoke_after is None and chunk.text:
            self._spoke(attempt, answer, now)
        if chunk.finish and attempt.spoke_after is None:
            blocked = chunk.finish is Finish.CONTENT_FILTER
            raise ProviderRefused("blocked by content policy") if blocked else BrokenStream("an empty answer")
        answer.hear(chunk)
        return chunk

    def _begin(self, attempt: _Try, answer: Answer) -> None:
        if attempt.call is None:
            return
        if answer.attempts:
            self.retries = self.retries.spent()
        self.guard.began(attempt.call)

    def _spoke(self, attempt: _Try, answer: Answer, now: float) -> None:
        attempt.spoke_after = now - attempt.started
        answer.entry = attempt.provider.entry
        answer.first_token_at = now
        if attempt.call is not None:
            self.guard.heard(attempt.call, attempt.spoke_after)

    def _end(self, attempt: _Try, answer: Answer, outcome: str, failure: BaseException | None) -> None:
        attempt.watchdog.rest()
        if attempt.call is not None:
            self.guard.ended(attempt.call, failure, attempt.spoke_after)
            if failure is None:
                self.retries = self.retries.refunded() if answer.attempts else self.retries.earned()
        self._note(attempt, answer, outcome)

    def _note(self, attempt: _Try, answer: Answer, outcome: str) -> None:
        entry = attempt.provider.entry
        took = (self._clock.monotonic() - attempt.started) * 1e3
        usage = answer.usage
        cost = entry.prices.cost(usage) if usage.cost_usd is None else usage.cost_usd
        noted = Attempt(entry.provider, entry.model, outcome, round(took, 3), usage.output_tokens, cost)
        answer.attempts.append(noted)
        first = None if attempt.spoke_after is None else attempt.spoke_after * 1e3
        self._events.publish(AttemptEnded(noted, first))
