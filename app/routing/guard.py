"""Which models may be asked now, by what their breakers, their rate limits and the calls that wait for them say."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from app.errors import (
    BrokenStream,
    CredentialRefused,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    ProviderTimeout,
)
from app.providers.port import Entry, Limits
from app.routing.breaker import Outcome, Rules, State
from app.routing.breakers import Breakers, Permit, Standing
from app.routing.forecast import Seen
from app.routing.foresight import Foresight, Key
from app.routing.known import Figures, Stake
from app.routing.pulse import Pulse
from app.routing.skill import Skill
from app.routing.watchdog import Watchdog
from app.vocabulary import Prompt, Quota

_LOOKS = 8
"""How often within a model's patience its calls are looked at."""

_TOKENS_PER_SECOND = 50.0
"""What a model is thought to write while nothing is known of it."""

log = logging.getLogger("masterx.routing")


@dataclass(slots=True, eq=False)
class _Watched:
    """A model as streams, or as answers in one piece, hear it: these take as long as all of it, so they are apart."""

    name: str
    stream: bool
    limits: Limits
    pulse: Pulse
    calls: dict[int, "Call"] = field(default_factory=dict)
    looking: bool = False
    """Whether a timer runs that will look at the calls; one is enough, however often calls come and go."""

    @property
    def key(self) -> Key:
        """What it is foreseen as."""
        return self.name, self.stream


@dataclass(slots=True, eq=False)
class Call:
    """A call of a model that may be made. Only one that has someone to fall over to is cut short."""

    number: int
    model: _Watched
    permits: tuple[Permit, Permit]
    """That of the key and that of the model."""

    stake: Stake
    replaceable: bool
    stand_in: bool
    """Whether somebody else answers where this call does not: another model, or the last resort."""

    watchdog: Watchdog
    told: bool = False
    """Whether the model's breaker knows how the call went; what is learned later counts as a call of its own."""


def _name_of(entry: Entry) -> str:
    """The breaker of a model: credential, provider, model."""
    return f"{entry.credential}/{entry.provider}/{entry.model}"


class Guard:
    """Asked before each call, told how it went."""

    def __init__(self, breakers: Breakers, figures: Figures, rules: Rules, foresight: Foresight) -> None:
        self.figures, self.foresight = figures, foresight
        self._breakers, self.clock, self._rules = breakers, figures.clock, rules
        self._models: dict[tuple[str, bool], _Watched] = {}
        self._numbers = count()

    async def admit(
        self, entry: Entry, prompt: Prompt, *, replaceable: bool = False, stand_in: bool = False, must: bool = False
    ) -> Call | None:
        """A call of this model, if one may be made now, or `must` be because nobody else is left.

        `replaceable` where another model is left: only then is a limit that has no room heeded, and are calls kept
        back. `stand_in` where the last resort would answer: a learner is not let wait for a model that has fallen
        silent then, but one that is only slow today is better than the last resort.
        """
        model = self._watched(entry, prompt.stream)
        stand_in = stand_in or replaceable
        if stand_in and not model.pulse.admits(self.clock.monotonic()):
            return None
        stake = self.figures.take(entry, prompt, must=not replaceable)
        permits = await self._permits(stake, (entry.credential, model.name), must) if stake else None
        if stake is None or permits is None:
            return None
        if replaceable and self.figures.throttles(stake):
            self._give_back(stake, permits)
            return None
        replaceable = replaceable or (stand_in and model.pulse.silent)
        return Call(next(self._numbers), model, permits, stake, replaceable, stand_in, Watchdog())

    async def _permits(self, stake: Stake, names: tuple[str, str], must: bool) -> tuple[Permit, Permit] | None:
        """A permit of each breaker, or `None` where one of them does not let the call through; then nothing is held."""
        permits: list[Permit] = []
        try:
            for name in names:
                permit = await self._breakers.ask(name)
                if permit is None and not must:
                    break
                permits.append(permit or Permit(name))
            else:
                return permits[0], permits[1]
        except asyncio.CancelledError:
            self._give_back(stake, permits)
            raise
        self._give_back(stake, permits)
        return None

    def _give_back(self, stake: Stake, permits: Sequence[Permit]) -> None:
        self.figures.give_back(stake)
        for permit in permits:
            self._breakers.tell(permit, Outcome.NEUTRAL)

    def allowance(self, call: Call, prompt: Prompt) -> float:
        """Seconds until a call must have spoken. An answer in one piece says nothing until all of it is there; where
        somebody else could answer, it is not given all the time that it might take, but what it usually takes."""
        limits, pulse = call.model.limits, call.model.pulse
        if prompt.stream:
            return limits.first_token
        if not call.stand_in:
            return limits.total
        usual = prompt.max_tokens / _TOKENS_PER_SECOND if pulse.usual is None else pulse.patience
        return min(limits.first_token + usual, limits.total)

    def late(self, entry: Entry, prompt: Prompt, by: float) -> bool:
        """Whether a call of a model is foreseen, and likely, to say its first word after `by` seconds, or to fail."""
        model, now = self._watched(entry, prompt.stream), self.clock.monotonic()
        return self.foresight.late(model.key, self.foresight.situation(model.key, prompt, model.pulse, now), by)

    def began(self, call: Call, prompt: Prompt) -> None:
        """Notes that a call is under way."""
        model, now = call.model, self.clock.monotonic()
        self.foresight.began(model.key, call.number, self.foresight.situation(model.key, prompt, model.pulse, now), now)
        model.pulse.began(call.number, now)
        call.model.calls[call.number] = call
        self.figures.began(call.stake)
        if not call.model.looking:
            self._look_later(call.model)

    def heard(self, call: Call, took: float, quota: Quota | None) -> None:
        """Notes a call's first word, after so many seconds, and what the provider says is left."""
        call.model.calls.pop(call.number, None)
        call.model.pulse.heard(call.number, self.clock.monotonic())
        self.figures.heard(call.stake, took, quota)
        if any(permit.id for permit in call.permits):
            # The lease of a permit may be shorter than the answer.
            self._tell(call, None, self._outcome(call, None, took))

    def ended(self, call: Call, error: BaseException | None, seen: Seen) -> None:
        """Notes how a call ended: with which error, if any, and what was seen of it."""
        self.foresight.ended(call.model.key, call.number, seen, self.clock.monotonic())
        call.model.calls.pop(call.number, None)
        call.model.pulse.ended(call.number)
        outcome = self._outcome(call, error, seen.first_token)
        quota = error.quota if isinstance(error, ProviderError) else None
        self.figures.ended(call.stake, outcome, quota, seen.tokens)
        if not call.told or error is not None:
            self._tell(call, error, outcome)

    def _outcome(self, call: Call, error: BaseException | None, first_token: float | None) -> Outcome:
        slow = call.model.stream and first_token is not None and first_token > self._rules.slow
        return _of_model(error, first_token, slow)

    def _tell(self, call: Call, error: BaseException | None, outcome: Outcome) -> None:
        key, model = (Permit(p.name) for p in call.permits) if call.told else call.permits
        call.told = True
        retry_after = error.retry_after if isinstance(error, ProviderError) else None
        self._breakers.tell(key, _of_key(error))
        self._breakers.tell(model, outcome, retry_after)

    def standing(self, entry: Entry) -> Standing:
        """How a model stands: as its key's breaker does where that lets nobody through, else as its own."""
        key, model = self._breakers.view(entry.credential), self._breakers.view(_name_of(entry))
        return model if key.state is State.CLOSED else key

    async def reset(self, entry: Entry) -> None:
        """Lets everybody through again, whatever was counted; an operator knows why."""
        for name in (entry.credential, _name_of(entry)):
            await self._breakers.force(name, State.CLOSED)
        for stream in (True, False):
            self.pulse(entry, stream).trusted()
        self.figures.forget(entry)

    def skill(self, entry: Entry, stream: bool) -> Skill:
        """How good the forecasts of a model are."""
        return self.foresight.skill(self._watched(entry, stream).key)

    def pulse(self, entry: Entry, stream: bool) -> Pulse:
        """How a model is heard here."""
        return self._watched(entry, stream).pulse

    def _watched(self, entry: Entry, stream: bool) -> _Watched:
        key = (_name_of(entry), stream)
        if (model := self._models.get(key)) is None:
            limit = entry.limits.first_token if stream else entry.limits.total
            model = self._models[key] = _Watched(*key, entry.limits, Pulse(limit))
        return model

    def _look_later(self, model: _Watched) -> None:
        model.looking = True
        asyncio.get_running_loop().call_later(model.pulse.patience / _LOOKS, self._look, model)

    def _look(self, model: _Watched) -> None:
        """Lets calls that wait for a silent model fall over."""
        model.looking = False
        patience = model.pulse.patience
        late = [model.calls[number] for number in model.pulse.late(self.clock.monotonic())]
        if late:
            log.warning("%s is silent: %d call(s) wait, the longest over %.2f s", model.name, len(late), patience)
        for call in late:
            if call.replaceable:
                call.watchdog.bite()
        if model.calls:
            self._look_later(model)


def _of_model(error: BaseException | None, first_token: float | None, slow: bool) -> Outcome:
    """What a call says of the model."""
    match error:
        case None:
            return Outcome.SLOW if slow else Outcome.OK
        case ProviderBusy():
            return Outcome.BUSY
        case ProviderTimeout() if first_token is None:
            return Outcome.LATE
        case ProviderTimeout() | ProviderDown() | BrokenStream():
            return Outcome.FAILED
        case _:
            return Outcome.NEUTRAL


def _of_key(error: BaseException | None) -> Outcome:
    """What a call says of the key that it was made with."""
    if isinstance(error, CredentialRefused):
        return Outcome.REFUSED
    return Outcome.OK if error is None else Outcome.NEUTRAL
