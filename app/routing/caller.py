"""Makes one attempt and notes how it went: in the turn's record, in events, with the guard, in the retry budget."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import cast

from app.errors import BrokenStream, ProviderError, ProviderRefused, ProviderTimeout
from app.events import AttemptEnded, Events
from app.routing.answer import Answer, Try
from app.routing.forecast import Seen
from app.routing.foresight import failed
from app.routing.guard import Guard
from app.routing.retries import RetryBudget
from app.vocabulary import Attempt, Chunk, Finish, Prompt, Usage


class Caller:
    """Calls providers."""

    def __init__(self, guard: Guard, events: Events) -> None:
        self.guard, self._events, self._clock = guard, events, guard.clock
        self.retries = RetryBudget()

    async def speak(self, attempt: Try, prompt: Prompt, answer: Answer) -> AsyncGenerator[Chunk, None]:
        """The chunks of one attempt; the one with the finish reason is the last. Raises its `ProviderError`."""
        self._begin(attempt, prompt, answer)
        outcome, failure = "abandoned", cast(BaseException | None, GeneratorExit())
        try:
            async with aclosing(attempt.provider.stream(prompt)) as chunks:
                whole = False
                while not whole:
                    chunk = await self._next(chunks, attempt)
                    whole = chunk.finish is not None
                    yield chunk
            outcome, failure = "ok", None
        except ProviderError as error:
            attempt.error = error
            outcome, failure = error.outcome, error
            raise
        finally:
            if attempt.outrun:
                outcome = "outrun"
                attempt.usage = _read(attempt.usage, prompt)
            self._end(attempt, answer, outcome, failure)

    async def _next(self, chunks: AsyncGenerator[Chunk, None], attempt: Try) -> Chunk:
        try:
            with attempt.watchdog.wait(max(attempt.patience(self._clock.monotonic()), 0)):
                chunk = await anext(chunks)
        except TimeoutError as error:
            raise ProviderTimeout("no token in time") from error
        except StopAsyncIteration as end:
            raise BrokenStream("the answer ended without a finish reason") from end
        if attempt.spoke_after is None and chunk.text:
            attempt.spoke_after = self._clock.monotonic() - attempt.started
            if attempt.call is not None:
                self.guard.heard(attempt.call, attempt.spoke_after, chunk.quota)
        attempt.usage = chunk.usage or attempt.usage
        if chunk.finish and attempt.spoke_after is None:
            blocked = chunk.finish is Finish.CONTENT_FILTER
            raise ProviderRefused("blocked by content policy") if blocked else BrokenStream("an empty answer")
        return chunk

    def _begin(self, attempt: Try, prompt: Prompt, answer: Answer) -> None:
        attempt.held = answer.purse.began(attempt.provider.entry)
        if attempt.again:
            self.retries = self.retries.spent()
        if attempt.call is not None:
            self.guard.began(attempt.call, prompt)

    def _end(self, attempt: Try, answer: Answer, outcome: str, failure: BaseException | None) -> None:
        attempt.watchdog.rest()
        if attempt.call is not None:
            lasted = self._clock.monotonic() - attempt.started
            seen = Seen(failed(failure), lasted, attempt.spoke_after, attempt.usage.output_tokens)
            self.guard.ended(attempt.call, failure, seen)
            if failure is None:
                self.retries = self.retries.refunded() if attempt.again else self.retries.earned()
        self._note(attempt, answer, outcome)

    def _note(self, attempt: Try, answer: Answer, outcome: str) -> None:
        entry, usage = attempt.provider.entry, attempt.usage
        took = (self._clock.monotonic() - attempt.started) * 1e3
        cost = entry.prices.cost(usage) if usage.cost_usd is None else usage.cost_usd
        noted = Attempt(entry.provider, entry.model, outcome, round(took, 3), usage.output_tokens, cost)
        answer.attempts.append(noted)
        answer.purse.ended(attempt.held, noted)
        first = None if attempt.spoke_after is None else attempt.spoke_after * 1e3
        self._events.publish(AttemptEnded(noted, first, usage, attempt.streamed))


def _read(usage: Usage, prompt: Prompt) -> Usage:
    """What an attempt that was given up has used, as far as is known: its prompt was read."""
    return usage if usage.input_tokens is not None else Usage(input_tokens=prompt.tokens, output_tokens=0)
