"""Whom to ask later because a call is foreseen to go badly: one predictor a model, and its word is never enough.

What it says can only move a model behind others, and only where what was seen of late makes it likely without any
forecast. Evidence that grew old does not count: the model is then asked again, and can show that it is well.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import exp, log
from typing import TYPE_CHECKING, TypeVar

from app.errors import BrokenStream, ProviderBusy, ProviderDown, ProviderTimeout
from app.routing.forecast import Forecast, Levels, Seen, Situation, logarithm
from app.routing.pulse import Pulse
from app.routing.skill import Skill
from app.vocabulary import Prompt

if TYPE_CHECKING:  # NumPy takes a quarter of a second to load: who builds a service does it
    from app.routing.predictor import Predictor

MODELS = 256
"""Models foretold at most, as streams and in one piece; the one that was not called for longest is forgotten."""

CALLS = 4_096
"""Calls of a model under way at most; the oldest is forgotten, for nobody told its end."""

PROBABLE = 0.5
"""How probably a call must fail to be tried later."""

MANY = 0.2
"""Share of failures of late that makes a forecast of failure believable."""

FRESH = 30.0
"""Seconds after which what was seen proves nothing."""

_MINUTE = 60.0

Key = tuple[str, bool]
"""A model: the name of its breaker, and whether it is asked for a stream."""

T = TypeVar("T")


def later_last(candidates: Sequence[T], late: Callable[[T], bool]) -> tuple[T, ...]:
    """The candidates in their order, those foreseen to be late behind all others; nobody is left out.

    >>> later_last(("a", "b", "c"), lambda name: name == "a")
    ('b', 'c', 'a')
    """
    return tuple(sorted(candidates, key=late))


def may_miss(situation: Situation, by: float) -> bool:
    """Whether a first word after `by` seconds is likely without any forecast: the mean and four mean deviations, which
    TCP waits for an acknowledgement (RFC 6298, 2), come to as much, or a call has waited for twice that and still
    does."""
    if situation.usual is None:
        return False
    bound = situation.usual + 4 * situation.spread
    return (bound >= by and _fresh(situation)) or situation.oldest >= 2 * bound


def may_fail(situation: Situation) -> bool:
    """Whether so many calls of late failed that another failure is likely."""
    return situation.failures is not None and situation.failures >= MANY and _fresh(situation)


def _fresh(situation: Situation) -> bool:
    return situation.age is not None and situation.age < FRESH


def failed(error: BaseException | None) -> bool | None:
    """Whether a call failed, by how it ended; `None` where that says nothing of the next one: our request was at
    fault, the key was refused, the client left."""
    if error is None:
        return False
    return True if isinstance(error, ProviderBusy | ProviderDown | ProviderTimeout | BrokenStream) else None


@dataclass(frozen=True, slots=True)
class _Begun:
    """A call under way, and what was said of it when it began."""

    situation: Situation
    forecast: Forecast | None
    levels: Levels


@dataclass(slots=True, eq=False)
class _Model:
    """One model, and what only its calls show."""

    predictor: "Predictor"
    skill: Skill = field(default_factory=Skill)
    begun: dict[int, _Begun] = field(default_factory=dict)
    last: float | None = None
    """The last time to the first token, or what was waited for it in vain."""

    told_at: float | None = None
    """When a call last showed how it goes."""

    _calls: float = 0.0
    _calls_at: float = 0.0

    def rate(self, now: float) -> float:
        """Calls begun of late, each weighing the less the older it is, a third of it after a minute."""
        return self._calls * exp(min(self._calls_at - now, 0.0) / _MINUTE)

    def began(self, call: int, situation: Situation, now: float) -> None:
        """Notes a call, and what is said of it."""
        self._calls, self._calls_at = self.rate(now) + 1, now
        said = self.predictor.predict(situation.features)
        self.begun[call] = _Begun(situation, said, self.predictor.levels)
        if len(self.begun) > CALLS:
            del self.begun[next(iter(self.begun))]

    def ended(self, begun: _Begun, seen: Seen, now: float) -> None:
        """Judges what was said of a call, and learns from how it went."""
        self._judge(begun, seen)
        if seen.first_token is not None:
            self.last, self.told_at = seen.first_token, now
        elif seen.failed:
            self.last, self.told_at = max(self.last or 0.0, seen.lasted), now
        self.predictor.learn(begun.situation.features, seen)

    def _judge(self, begun: _Begun, seen: Seen) -> None:
        trivial = begun.levels.first_token
        if begun.forecast is not None and trivial is not None and seen.first_token is not None:
            said = log(begun.forecast.first_token)
            self.skill = self.skill.after(said, trivial, logarithm(seen.first_token))


class Foresight:
    """What is foreseen of each model by what was seen of it; times are seconds of one monotonic clock."""

    def __init__(self, new: Callable[[], "Predictor"]) -> None:
        self._new = new
        self._models: dict[Key, _Model] = {}
        self._unknown = _Model(new())

    def __len__(self) -> int:
        return len(self._models)

    def situation(self, key: Key, prompt: Prompt, pulse: Pulse, now: float) -> Situation:
        """A call of a model that is about to be made, as far as anything is known."""
        model = self._of(key)
        return Situation(
            prompt=sum([len(message.text) for message in prompt.messages]),
            room=prompt.max_tokens,
            usual=pulse.usual,
            spread=pulse.spread,
            last=model.last,
            failures=model.predictor.levels.failure,
            under_way=len(model.begun),
            oldest=now - min(pulse.waiting.values(), default=now),
            silence=None if pulse.usual is None else now - pulse.heard_at,
            rate=model.rate(now),
            age=None if model.told_at is None else now - model.told_at,
        )

    def foretold(self, key: Key, situation: Situation) -> tuple[Forecast | None, Levels]:
        """How a call of a model would go, and beside it what the means of late say."""
        predictor = self._of(key).predictor
        return predictor.predict(situation.features), predictor.levels

    def late(self, key: Key, situation: Situation, by: float) -> bool:
        """Whether a call would say its first word after `by` seconds, or fail: foreseen, and likely without that."""
        slow, failing = may_miss(situation, by), may_fail(situation)
        if not (slow or failing):
            return False  # its word alone would change nothing
        forecast, _ = self.foretold(key, situation)
        if forecast is None:
            return False
        return (slow and forecast.first_token > by) or (failing and forecast.failure >= PROBABLE)

    def began(self, key: Key, call: int, situation: Situation, now: float) -> None:
        """Notes a call that is made now; past `MODELS` the one that was not called for longest gives way."""
        if (model := self._models.pop(key, None)) is None:
            model = _Model(self._new())
        self._models[key] = model
        if len(self._models) > MODELS:
            del self._models[next(iter(self._models))]
        model.began(call, situation, now)

    def ended(self, key: Key, call: int, seen: Seen, now: float) -> None:
        """Learns from how a call went; one of which nobody said that it began is none."""
        model = self._of(key)
        if begun := model.begun.pop(call, None):
            model.ended(begun, seen, now)

    def skill(self, key: Key) -> Skill:
        """How good the forecasts of a model are."""
        model = self._of(key)
        return replace(model.skill, learned=model.predictor.learned)

    def _of(self, key: Key) -> _Model:
        return self._models.get(key, self._unknown)
