"""What this process knows of each model from its own calls: health, room in its limits, calls under way."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.clock import Clock
from app.providers.port import Entry
from app.routing.breaker import Outcome
from app.routing.health import Estimate, Health
from app.routing.quotas import Room, Spent
from app.routing.throttle import Throttle
from app.vocabulary import Prompt, Quota

_FEW = 16
"""Tokens of an answer that is too short to say how fast its model writes."""

_INSTANT = 0.01
"""Seconds that an answer took at least after its first token; servers next door send all of it at once."""

_WORKED = (Outcome.OK, Outcome.SLOW)
_FAILED = (Outcome.FAILED, Outcome.LATE)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one model now; `None` is unknown. `throttled` is the share of calls that are kept back."""

    first_token: Estimate | None = None
    speed: Estimate | None = None
    failures: Estimate | None = None
    left: tuple[float | None, float | None] = (None, None)
    """Requests, tokens."""

    under_way: int = 0
    throttled: float = 0.0


@dataclass(slots=True, eq=False)
class _Model:
    room: Room
    health: Health
    throttle: Throttle
    under_way: int = 0


@dataclass(slots=True, eq=False)
class Stake:
    """What one call has taken of its model's limits, when it began and when it spoke. Only streams say how fast a
    model is: the first word of an answer in one piece comes with its last."""

    model: _Model
    stream: bool
    spent: tuple[Spent, Spent] | None
    """`None` once the provider has said how it counts."""

    began: float | None = None
    spoke: float | None = None


class Figures:
    """What is known of each model that was asked about; no more of them than there are entries in the catalogue."""

    def __init__(self, clock: Clock, chance: Callable[[], float]) -> None:
        self.clock, self._chance = clock, chance
        self._models: dict[tuple[str, str, str], _Model] = {}

    def known(self, entry: Entry) -> Known:
        """What is known of a model now."""
        model, now = self._model(entry), self.clock.monotonic()
        health = model.health
        return Known(
            health.first_token.at(now),
            health.speed.at(now),
            health.failures.at(now),
            model.room.left(now),
            model.under_way,
            model.throttle.share(now),
        )

    def outlook(self, entry: Entry) -> Mapping[str, tuple[float | None, int | None, float | None]]:
        """What is left of a model's limits, as `Room.outlook`."""
        return self._model(entry).room.outlook(self.clock.monotonic())

    def take(self, entry: Entry, prompt: Prompt, must: bool) -> Stake | None:
        """Takes what a call needs of its model's limits; `None` where that is not there, unless it `must` be made."""
        model, now, tokens = self._model(entry), self.clock.monotonic(), _needs(entry, prompt)
        if not must and not model.room.fits(tokens, now):
            return None
        model.room, spent = model.room.taken(tokens, now)
        return Stake(model, prompt.stream, spent)

    def give_back(self, stake: Stake) -> None:
        """Notes that a call is not made after all."""
        if stake.spent:
            stake.model.room = stake.model.room.given_back(stake.spent, self.clock.monotonic())
            stake.spent = None

    def throttles(self, stake: Stake) -> bool:
        """Whether a call is to be kept back, for the provider would turn it down."""
        throttle, now = stake.model.throttle, self.clock.monotonic()
        share = throttle.share(now)
        kept_back = share > 0 and self._chance() < share
        if kept_back:
            stake.model.throttle = throttle.after(now, False)
        return kept_back

    def began(self, stake: Stake) -> None:
        """Notes that a call is under way."""
        stake.began = self.clock.monotonic()
        stake.model.under_way += 1

    def heard(self, stake: Stake, took: float, quota: Quota | None) -> None:
        """Notes a call's first word, after so many seconds, and what the provider says is left."""
        stake.spoke = now = self.clock.monotonic()
        self._settle(stake, quota)
        if stake.stream:
            stake.model.health = stake.model.health.spoke(now, took)

    def ended(self, stake: Stake, outcome: Outcome, quota: Quota | None, output_tokens: int | None) -> None:
        """Notes how a call ended, what was left then if it was refused, and how long its answer was."""
        model, now = stake.model, self.clock.monotonic()
        model.under_way -= 1
        self._settle(stake, quota)
        if outcome in (*_WORKED, Outcome.BUSY):
            model.throttle = model.throttle.after(now, outcome is not Outcome.BUSY)
        if outcome in (*_WORKED, *_FAILED):
            model.health = model.health.ended(now, outcome in _FAILED)
        if stake.stream and outcome is Outcome.LATE and stake.began is not None:
            model.health = model.health.spoke(now, now - stake.began)
        if outcome in _WORKED and (speed := _speed(stake, now, output_tokens)) is not None:
            model.health = model.health.wrote(now, speed)

    def forget(self, entry: Entry) -> None:
        """Judges a model anew; what its limits are is still known."""
        model = self._model(entry)
        model.health, model.throttle = Health(), Throttle()

    def _settle(self, stake: Stake, quota: Quota | None) -> None:
        if stake.spent:
            model, now = stake.model, self.clock.monotonic()
            model.room, stake.spent = model.room.settled(stake.spent, quota, now), None

    def _model(self, entry: Entry) -> _Model:
        name = (entry.credential, entry.provider, entry.model)
        if (model := self._models.get(name)) is None:
            model = self._models[name] = _Model(Room(entry.rate), Health(), Throttle())
        return model


def _speed(stake: Stake, now: float, tokens: int | None) -> float | None:
    """Tokens per second after the first one; `None` where the answer does not tell."""
    if not stake.stream or stake.spoke is None or tokens is None or tokens < _FEW:
        return None
    return tokens / max(now - stake.spoke, _INSTANT)


def _needs(entry: Entry, prompt: Prompt) -> int:
    """Tokens that providers reserve for a call: those of the prompt and the most that its answer may have."""
    return prompt.most_tokens + min(prompt.max_tokens, entry.max_output)
