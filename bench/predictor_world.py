"""Models that slow down, fail and hang by a script of chance, and learners who ask them: to try the predictor on.

Made up, not recorded: each world has one reason why calls differ, the last one all of them. Times are simulated
seconds; a call asks the model as it is when it begins, and nothing that is foreseen changes whom it asks.
"""

import heapq
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count

import numpy as np

from app.routing.forecast import Forecast, Levels, Seen, Situation
from app.routing.foresight import Foresight
from app.routing.predictor import Predictor
from app.routing.pulse import Pulse
from app.routing.skill import Skill
from app.vocabulary import Prompt

LIMIT = 8.0
"""Seconds for the first token, as in the catalogue."""

DAY = 3_600.0
"""Simulated seconds of a day: a short one, so that a run has several."""

CROWD = 280.0
"""Seconds from one crowd of learners to the next."""

KEY = ("world", True)
_PROMPT = 5_000
_SLOTS = 8
"""Calls that a model takes at once without slowing down much."""

_TOKENS_PER_SECOND = 80.0
_BROKEN = 0.005
"""Share of calls that fail without a reason."""


@dataclass(frozen=True, slots=True)
class World:
    """A model and its learners: the usual seconds to the first token, calls a second, and what changes them."""

    name: str
    base: float = 0.6
    noise: float = 0.25
    """Standard deviation of the logarithm: what nobody can foresee."""

    per_second: float = 2.0
    prefill: float = 0.0
    """Share of the first token's time that grows with the prompt."""

    load: float = 0.0
    """How much slower it is with 8 calls under way; learners then come in crowds."""

    diurnal: float = 0.0
    jumps: float = math.inf
    """Mean seconds until its level changes, once and for all."""

    bursts: float = math.inf
    """Mean seconds until half of its calls fail and the others take twice as long, for 5 to 40 s."""

    freezes: float = math.inf
    """Mean seconds until it says nothing for 8 to 20 s."""


WORLDS = (
    World("steady"),
    World("prompt size", prefill=0.9, base=0.9),
    World("load", load=0.5, per_second=0.7),
    World("day and night", diurnal=0.6),
    World("drift", jumps=120.0),
    World("bursts of failures", bursts=120.0),
    World("freezes", freezes=200.0),
    World("all of it", per_second=0.8, prefill=0.7, load=0.3, diurnal=0.4, jumps=300.0, bursts=300.0, freezes=400.0),
)


@dataclass(slots=True)
class Asked:
    """A call: what was known and said of it when it began, and how it went."""

    number: int
    began: float
    situation: Situation
    forecast: Forecast | None
    levels: Levels
    later: bool
    """Whether the router would have tried somebody else first."""

    first_token: float
    tokens: int
    broke: bool

    @property
    def failed(self) -> bool:
        """Whether it failed, or ran out of time."""
        return self.broke or self.first_token > LIMIT


@dataclass(slots=True)
class _Weather:
    """What befalls the model besides its calls."""

    world: World
    chance: random.Random
    level: float = 1.0
    burst_until: float = 0.0
    freeze_until: float = 0.0
    _next: dict[str, float] = field(default_factory=dict)

    def turn(self, now: float) -> None:
        """Lets happen what is due."""
        for what, mean in (("jump", self.world.jumps), ("burst", self.world.bursts), ("freeze", self.world.freezes)):
            due = self._next.setdefault(what, self._in(mean))
            if now >= due:
                getattr(self, f"_{what}")(now)
                self._next[what] = now + self._in(mean)

    def _in(self, mean: float) -> float:
        return math.inf if mean == math.inf else self.chance.expovariate(1 / mean)

    def _jump(self, _: float) -> None:
        self.level = math.exp(self.chance.uniform(-0.7, 0.9))

    def _burst(self, now: float) -> None:
        self.burst_until = now + self.chance.uniform(5, 40)

    def _freeze(self, now: float) -> None:
        self.freeze_until = now + self.chance.uniform(8, 20)

    def answer(self, now: float, prompt: int, under_way: int) -> tuple[float, bool]:
        """Seconds to the first token of a call that begins now, and whether it breaks instead."""
        world, chance = self.world, self.chance
        first = world.base * self.level * math.exp(chance.gauss(0, world.noise))
        first *= 1 + 0.8 * world.diurnal * math.sin(2 * math.pi * now / DAY)
        first *= 1 + world.load * (under_way / _SLOTS) ** 2
        first *= world.prefill * (prompt / _PROMPT) ** 0.9 + 1 - world.prefill
        burst = now < self.burst_until
        if chance.random() < (0.5 if burst else _BROKEN):
            return chance.uniform(0.05, 0.3), True
        first *= 2 if burst else 1
        return first + max(self.freeze_until - now, 0), False


class Run:
    """`calls` calls of one world, the predictor learning from each as it ends; `by` is when a first word is late."""

    def __init__(self, world: World, calls: int, seed: int, by: float) -> None:
        self._world, self._calls, self._by = world, calls, by
        self._chance = random.Random(seed)
        self._weather = _Weather(world, self._chance)
        self._foresight = Foresight(partial(Predictor, np.random.default_rng(seed)))
        self._pulse = Pulse(LIMIT)
        self._due: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = count()
        self._under_way = 0
        self.asked: list[Asked] = []

    @property
    def skill(self) -> Skill:
        """What the predictor thinks of itself in the end."""
        return self._foresight.skill(KEY)

    def play(self) -> Iterator[Asked]:
        """The calls of which something was foretold."""
        self._at(0.0, self._ask)
        while self._due:
            now, _, happens = heapq.heappop(self._due)
            self._weather.turn(now)
            happens(now)
        return (asked for asked in self.asked if asked.forecast is not None)

    def _at(self, when: float, happens: Callable[[float], None]) -> None:
        heapq.heappush(self._due, (when, next(self._order), happens))

    def _ask(self, now: float) -> None:
        if len(self.asked) + 1 < self._calls:
            crowd = 4 if self._world.load and math.sin(2 * math.pi * now / CROWD) > 0.6 else 1
            often = 1 + self._world.diurnal * math.sin(2 * math.pi * now / DAY)
            self._at(now + self._chance.expovariate(self._world.per_second * crowd * often), self._ask)
        asked = self._foretold(now)
        self.asked.append(asked)
        self._pulse.began(asked.number, now)
        self._foresight.began(KEY, asked.number, asked.situation, now)
        self._under_way += 1
        self._at(now + min(asked.first_token, LIMIT), lambda at: self._spoke(asked, at))

    def _foretold(self, now: float) -> Asked:
        chance = self._chance
        room = chance.choice((256, 512, 1_024))
        length = int(min(120_000, math.exp(chance.gauss(math.log(_PROMPT), 1.0))))
        known = self._foresight.situation(KEY, Prompt((), room, 0.4, stream=True), self._pulse, now)
        situation = replace(known, prompt=length)
        forecast, levels = self._foresight.foretold(KEY, situation)
        later = self._foresight.late(KEY, situation, self._by)
        first, broke = self._weather.answer(now, length, self._under_way)
        tokens = max(1, min(room, int(math.exp(chance.gauss(math.log(room / 2), 0.4)))))
        return Asked(len(self.asked), now, situation, forecast, levels, later, first, tokens, broke)

    def _spoke(self, asked: Asked, now: float) -> None:
        if asked.failed:
            self._pulse.ended(asked.number)
            self._ended(asked, Seen(True, now - asked.began), now)
        else:
            self._pulse.heard(asked.number, now)
            seen = Seen(False, asked.first_token + asked.tokens / _TOKENS_PER_SECOND, asked.first_token, asked.tokens)
            self._at(asked.began + seen.lasted, lambda at: self._ended(asked, seen, at))

    def _ended(self, asked: Asked, seen: Seen, now: float) -> None:
        self._under_way -= 1
        self._foresight.ended(KEY, asked.number, seen, now)
