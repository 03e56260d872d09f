"""The breakers port: one breaker by name, asked before each attempt and told how it ended. And the port in one process.

A name is text: `credential/provider/model` for what calls show of a model, `credential` alone for a refused key.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from app.clock import Clock
from app.routing.breaker import Breaker, Outcome, Rules, State, Told

NAMES = 1_000
"""Breakers that one process keeps at most; a catalogue has far fewer."""


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to make one call; `id` is given in the half-open state, where only so many may be out."""

    name: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a breaker stands: the seconds for which it lets nobody through, openings in a row, the calls of its window.

    A breaker that an operator forced open has no such time. `shared` tells whether all replicas see it so.
    """

    state: State
    rest: float = 0.0
    opens: int = 0
    calls: int = 0
    failed: int = 0
    slow: int = 0
    shared: bool = False


class Breakers(Protocol):
    """Breakers by name; one that nobody told of is closed."""

    async def ask(self, name: str) -> Permit | None:
        """Leave to call, or `None`: not now. Never raises, and waits 50 ms at most."""
        ...

    def tell(self, permit: Permit, outcome: Outcome, retry_after: float | None = None) -> None:
        """Notes how a call ended, and the seconds that the provider asked to be left alone. Returns at once.

        Every permit is to be told of once, also where nothing was learned (`NEUTRAL`): it is given back by that.
        """
        ...

    def view(self, name: str) -> Standing:
        """How a breaker stands, as far as this process knows."""
        ...

    async def force(self, name: str, state: State) -> bool:
        """Sets a state as an operator, forgetting what was counted; false when only this process heard of it, for
        as long as the cache is away."""
        ...


class LocalBreakers:
    """The breakers of one process. Past `NAMES` of them, one that is closed gives way. `changed` hears of each new
    state with the breaker's name, also of one that this process was told by the others."""

    def __init__(
        self, clock: Clock, rules: Rules, chance: random.Random, changed: Callable[[str, State], None] | None = None
    ) -> None:
        self.rules, self._changed = rules, changed
        self.chance = chance.random
        self._clock = clock
        self._breakers: dict[str, Breaker] = {}

    async def ask(self, name: str) -> Permit | None:
        breaker = self._breakers.get(name)
        if breaker is None or breaker.state is State.CLOSED:
            return Permit(name)
        permit = self._clock.id()
        after, allowed = breaker.ask(self._clock.monotonic(), permit, self.rules)
        self._keep(name, after)
        if not allowed:
            return None
        return Permit(name, permit if after.state is State.HALF_OPEN else None)

    def tell(self, permit: Permit, outcome: Outcome, retry_after: float | None = None) -> None:
        told = Told(outcome, permit.id, retry_after, self.chance())
        before = self._breakers.get(permit.name) or Breaker()
        after = before.tell(self._clock.monotonic(), told, self.rules)
        if after is not before:
            self._keep(permit.name, after)

    def view(self, name: str) -> Standing:
        breaker, now = self._breakers.get(name) or Breaker(), self._clock.monotonic()
        window = breaker.rates(now, self.rules)
        rest = breaker.rest(now, self.rules)
        return Standing(breaker.state, rest, breaker.opens, window.calls, window.failed, window.slow)

    async def force(self, name: str, state: State) -> bool:
        self._keep(name, Breaker().forced(state))
        return True

    def rests(self, name: str) -> bool:
        """Whether it lets nobody through, by what this process has seen itself or heard from the others."""
        breaker = self._breakers.get(name)
        if breaker is None or breaker.state is State.CLOSED:
            return False
        return breaker.rest(self._clock.monotonic(), self.rules) > 0

    def follow(self, name: str, standing: Standing) -> None:
        """Stands as all replicas together do, and keeps what it has counted itself while both are in the same state."""
        before = self._breakers.get(name) or Breaker()
        if standing.state is State.OPEN:
            until = self._clock.monotonic() + standing.rest
            self._keep(name, Breaker(State.OPEN, until=until, opens=standing.opens))
        elif standing.state is not before.state:
            self._keep(name, Breaker(standing.state, opens=standing.opens))

    def _keep(self, name: str, breaker: Breaker) -> None:
        if name not in self._breakers and len(self._breakers) >= NAMES:
            closed = (other for other, b in self._breakers.items() if b.state is State.CLOSED)
            del self._breakers[next(closed, next(iter(self._breakers)))]
        before = self._breakers.get(name)
        self._breakers[name] = breaker
        if self._changed and breaker.state is not (before.state if before else State.CLOSED):
            self._changed(name, breaker.state)
