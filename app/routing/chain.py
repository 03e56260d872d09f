"""Whom to ask next for one answer: within one deadline, one budget of second attempts and one purse, and again only
where waiting pays.

Waiting pays where nobody is left to fall over to: a model that is busy or down for a moment is asked once more after a
random while ("full jitter", Brooker 2015, "Exponential backoff and jitter"), or after the time that it asked for.
"""

import asyncio
from collections.abc import Callable

from app.errors import ProviderBusy, ProviderDown
from app.providers.port import Provider
from app.routing.answer import Answer, Request, Try
from app.routing.breaker import State
from app.routing.caller import Caller
from app.routing.foresight import later_last
from app.routing.guard import Call
from app.routing.watchdog import Watchdog

RETRY_AFTER = 5.0
"""Seconds a caller is asked to wait when no provider said how long."""

ROUNDS = 2
"""How often those who failed are asked again, where nobody else is left."""

_LEAST = 0.1
"""Seconds without which an attempt is not begun: it could only fail, and would be held against the provider."""

_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 2.0
"""Seconds that one pause takes at most; whoever asks for a longer one is not waited for."""

_INSTEAD_OF_LAST = 1.0
"""The same where the last resort could answer at once: a moment's wait for a model is better than its answer."""


class Chain:
    """The attempts at one answer, one after the other."""

    def __init__(self, request: Request, answer: Answer, caller: Caller, last: Provider | None) -> None:
        self._request, self._answer, self._caller, self._guard = request, answer, caller, caller.guard
        self._last = last if last in request.candidates else None
        models = [provider for provider in request.candidates if provider is not last]
        self._models = list(later_last(models, self._late)) if len(models) > 1 else models
        self._passed_over: list[Provider] = []
        self._tries: list[Try] = []
        self._round = 0
        self._ends = caller.guard.clock.monotonic() + request.deadline

    @property
    def retry_after(self) -> float:
        """Seconds after which asking again may help: the least that those who failed said."""
        waits = [t.error.retry_after or RETRY_AFTER for t in self._tries if t.error]
        return min(waits, default=RETRY_AFTER)

    async def next(self, chance: Callable[[], float]) -> Try | None:
        """The next attempt; waits first where that pays. `chance` gives numbers from 0 to 1."""
        if (attempt := await self._next_model()) is not None or self._answer.entry is not None:
            return attempt  # an answer that has begun is gone on with by a model that may be asked now, or by nobody
        if (pause := self._pause(chance)) is not None:
            self._round += 1
            await asyncio.sleep(pause)
            self._answer.waited += pause
            self._models = [t.provider for t in self._failed_for_now()]
            self._tries.clear()
            return await self.next(chance)
        if self._last is not None:
            last, self._last = self._last, None
            return self._try(last, None)
        if self._affords() and (provider := self._pop(self._passed_over)):
            # Nobody else is left: it is tried, whatever is known of it.
            return self._try(provider, await self._guard.admit(provider.entry, self._request.prompt, must=True))
        return None

    def _late(self, provider: Provider) -> bool:
        limits, prompt = provider.entry.limits, self._request.prompt
        by = min(limits.first_token if prompt.stream else limits.total, self._request.deadline / 2)
        return self._guard.late(provider.entry, prompt, by)

    async def spare(self) -> Try | None:
        """An attempt beside the one under way, at a model of which nothing bad is known."""
        for provider in filter(self._can_pay, self._models):
            if self._guard.standing(provider.entry).state is State.CLOSED and self._in_time():
                call = await self._guard.admit(provider.entry, self._request.prompt, replaceable=True)
                if call is not None:
                    self._models.remove(provider)
                    return self._try(provider, call)
        return None

    async def _next_model(self) -> Try | None:
        while self._affords() and (provider := self._pop(self._models)):
            call = await self._guard.admit(
                provider.entry,
                self._request.prompt,
                replaceable=any(map(self._can_pay, self._models)),
                stand_in=self._last is not None,
            )
            if call is not None:
                return self._try(provider, call)
            self._passed_over.append(provider)
        return None

    def _pop(self, providers: list[Provider]) -> Provider | None:
        """Takes the first one out that can be paid for, and those before it."""
        while providers:
            if self._can_pay(provider := providers.pop(0)):
                return provider
        return None

    def _can_pay(self, provider: Provider) -> bool:
        return self._answer.purse.covers(provider.entry)

    def _affords(self) -> bool:
        """Whether there is time for another attempt, and the budget that all turns share allows it."""
        return self._in_time() and (not self._answer.attempts or self._caller.retries.allows)

    def _in_time(self) -> bool:
        return self._guard.clock.monotonic() + _LEAST < self._ends

    def _pause(self, chance: Callable[[], float]) -> float | None:
        """Seconds to wait before those who failed are asked again, `None` where that does not pay."""
        failed = self._failed_for_now()
        if not failed or self._round >= ROUNDS or not self._caller.retries.allows:
            return None
        asked = [t.error.retry_after for t in failed if t.error and t.error.retry_after]
        if self._last is not None and not asked:
            return None
        pause = min(asked) if asked else chance() * min(_FIRST_PAUSE * 2.0**self._round, _LONGEST_PAUSE)
        longest = _LONGEST_PAUSE if self._last is None else _INSTEAD_OF_LAST
        fits = self._guard.clock.monotonic() + pause + _LEAST < self._ends
        return pause if pause <= longest and fits else None

    def _failed_for_now(self) -> list[Try]:
        """The attempts that failed by what may be over in a moment, once for each model: one that is busy, or that is
        down without having been so for long."""
        failed = {id(t.provider): t for t in self._tries if isinstance(t.error, ProviderBusy) or self._just_down(t)}
        return list(failed.values())

    def _just_down(self, attempt: Try) -> bool:
        standing = self._guard.standing(attempt.provider.entry)
        return isinstance(attempt.error, ProviderDown) and standing.state is State.CLOSED

    def _try(self, provider: Provider, call: Call | None) -> Try:
        now, limits, prompt = self._guard.clock.monotonic(), provider.entry.limits, self._request.prompt
        if call is None:
            first = limits.first_token if prompt.stream else limits.total
        else:
            # Half of the time that is left is for those who come after.
            left = (self._ends - now) / 2 if call.replaceable or self._last else self._ends - now
            first = min(self._guard.allowance(call, prompt), left)
        again = call is not None and bool(self._answer.attempts)
        watchdog = call.watchdog if call else Watchdog()
        attempt = Try(provider, call, watchdog, now, now + first, prompt.stream, again)
        self._tries.append(attempt)
        return attempt
