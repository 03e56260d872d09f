"""The chain of providers for one answer: fall over before the first word, within one deadline and one budget.

Whom not to ask just now is for `guard.py` to say, whom to ask next for `chain.py`, in which order for `rank.py`; what
was learned over weeks chooses at `candidates` who comes first of those who are well.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import TypeVar

from app.errors import NoProvider, ProviderError
from app.providers.port import Entry, Provider
from app.routing.answer import Answer, Request, Try
from app.routing.caller import Caller
from app.routing.chain import Chain
from app.routing.hedge import HedgeBudget, Voice, outrun
from app.routing.rank import Candidate, Ranked, Wanted, choosable, rank, safest
from app.routing.retries import RetryBudget
from app.routing.spread import spread
from app.vocabulary import Chunk, Message, Prompt, Usage

T = TypeVar("T")
Lead = Callable[[Sequence[Ranked], str], str | None]
"""Says who of these is asked first, as `provider/model`; told also who is safe for the task (`rank.safest`)."""

_GO_ON = (
    "Your answer broke off exactly where it ends above. Go on from there, in the same language and tone: begin with "
    "the very next word, repeat nothing, and do not mention the interruption."
)


class Router:
    """Asks one provider after the other until one speaks."""

    def __init__(
        self,
        providers: Sequence[Provider],
        last_resort: Provider | None,
        caller: Caller,
        chance: Callable[[], float],
    ) -> None:
        """`chance` gives numbers from 0 to 1."""
        self._providers, self._last_resort = tuple(providers), last_resort
        self._caller, self._chance = caller, chance
        self.guard, self._clock = caller.guard, caller.guard.clock
        self._hedges = HedgeBudget()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The models that can be asked, without the last resort."""
        return tuple(provider.entry for provider in self._providers)

    @property
    def retries(self) -> RetryBudget:
        """What is left for second attempts."""
        return self._caller.retries

    def candidates(self, wanted: Wanted, lead: Lead | None = None) -> tuple[Provider, ...]:
        """Who would be asked, in order; the last resort comes last. A model that is named is asked alone: who names
        one does not want another's answer. Else `lead` may choose who is asked first of those who are well."""
        chosen = spread(self.ranked(wanted), self._chance())
        if lead is not None and wanted.model is None:
            chosen = self._led(chosen, lead, safest(self.entries, wanted))
        last = (self._last_resort,) if self._last_resort and wanted.last_resort else ()
        everyone = (*(one.provider for one in chosen), *last)
        return everyone if wanted.model is None else tuple(p for p in everyone if p.entry.model == wanted.model)

    def _led(self, order: tuple[Ranked, ...], lead: Lead, safe: str) -> tuple[Ranked, ...]:
        """The same order with the one first that is chosen; those whose breaker lets nobody through are no choice."""
        calm = [one for one in choosable(order) if self.guard.standing(one.provider.entry).rest <= 0]
        name = lead(calm, safe)
        if name is None or name == calm[0].provider.entry.name:
            return order
        return tuple(sorted(order, key=lambda one: one.provider.entry.name != name))

    def ranked(self, wanted: Wanted) -> tuple[Ranked, ...]:
        """The models that may be asked, best first, each with what its score is made of."""
        known = self.guard.figures.known
        return rank([Candidate(provider, known(provider.entry)) for provider in self._providers], wanted)

    async def stream(self, request: Request, answer: Answer) -> AsyncGenerator[Chunk, None]:
        """The answer of the first candidate that speaks before the deadline.

        Raises `NoProvider` when none did. When a provider fails after its first word, the next one goes on with the
        answer where the request allows it, and says so; else, and where none can, that provider's own error is raised:
        the model is not silently switched in the middle of an answer.
        """
        chain = Chain(request, answer, self._caller, self._last_resort)
        prompt, said, mark, broke = request.prompt, list[str](), "", None
        self._hedges = self._hedges.turn(request.hedged)
        while (attempt := await chain.next(self._chance)) is not None:
            try:
                async with aclosing(self._voice(attempt, prompt, chain, (request, answer))) as chunks:
                    async for chunk in chunks:
                        if mark:
                            answer.continued = True
                            yield Chunk(mark)
                            mark = ""
                        said.append(chunk.text)
                        yield chunk
                return
            except ProviderError as error:
                if answer.entry is None:
                    continue
                if request.continued is None or not prompt.stream:
                    raise
                if not mark:  # something was said since it last broke off
                    answer.purse.longer()
                mark, broke = request.continued, broke or error
                prompt = _going_on(request.prompt, "".join(said))
        answer.retry_after = chain.retry_after
        raise broke or NoProvider(answer.retry_after)

    async def _voice(
        self, attempt: Try, prompt: Prompt, chain: Chain, of: tuple[Request, Answer]
    ) -> AsyncGenerator[Chunk, None]:
        """What an attempt says, or another beside it that speaks first."""
        request, answer = of
        voice: Voice = (attempt, self._caller.speak(attempt, prompt, answer))
        chunk: Chunk | None = None
        if request.hedged and (delay := self._hedge_after(attempt, answer)) is not None:
            race = outrun(voice, delay, lambda: self._beside(prompt, chain, answer))
            voice, chunk = await self._wait(race, answer)
        async with aclosing(voice[1]) as chunks:
            while chunk := chunk or await self._wait(anext(chunks, None), answer):
                self._heard(voice[0], chunk, answer)
                yield chunk
                chunk = None

    async def _wait(self, said: Awaitable[T], answer: Answer) -> T:
        asked = self._clock.monotonic()
        try:
            return await said
        finally:
            answer.waited += self._clock.monotonic() - asked

    def _heard(self, attempt: Try, chunk: Chunk, answer: Answer) -> None:
        if answer.entry is not attempt.provider.entry:
            answer.entry, answer.finish, answer.usage = attempt.provider.entry, None, Usage()
        if answer.first_token_at is None:
            answer.first_token_at = self._clock.monotonic()
        answer.hear(chunk)

    def _hedge_after(self, attempt: Try, answer: Answer) -> float | None:
        """Seconds of silence after which a second model is asked, too; `None` for never."""
        if attempt.call is None or answer.attempts:
            return None
        return attempt.call.model.pulse.p95

    async def _beside(self, prompt: Prompt, chain: Chain, answer: Answer) -> Voice | None:
        if not self._hedges.allows or (attempt := await chain.spare()) is None:
            return None
        self._hedges = self._hedges.spent()
        return attempt, self._caller.speak(attempt, prompt, answer)


def _going_on(prompt: Prompt, said: str) -> Prompt:
    """The prompt for a model that goes on where another one broke off."""
    broken = (Message("assistant", said), Message("user", _GO_ON))
    return replace(prompt, messages=(*prompt.messages, *broken), tokens=None)
