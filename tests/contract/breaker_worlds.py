"""Breakers under a clock that is turned by hand, in one process and in two replicas, and the reference model beside."""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Protocol
from uuid import uuid4

import orjson

from app.clock import HandClock
from app.routing.breaker import Breaker, Outcome, Rules, State, Told
from app.routing.breakers import Breakers, LocalBreakers, Permit, Standing
from app.storage.redis import RedisBreakers, RedisCache
from app.storage.redis.wire import Address, Script
from tests.contract.replicas import until

RULES = Rules()

SOON = 0.01
"""Seconds in which the clocks of a replica and of the server may differ about what is over."""


class Reference:
    """The model, fed with the history of one breaker."""

    def __init__(self) -> None:
        self.breaker = Breaker()
        self.edges: list[tuple[State, State]] = []
        """Every change of state that nobody forced."""

    def ask(self, now: float, permit: str) -> bool:
        after, allowed = self.breaker.ask(now, permit, RULES)
        self._become(after)
        return allowed

    def tell(self, now: float, told: Told) -> None:
        self._become(self.breaker.tell(now, told, RULES))

    def force(self, state: State) -> None:
        self.breaker = self.breaker.forced(state)

    def _become(self, after: Breaker) -> None:
        if after.state is not self.breaker.state:
            self.edges.append((self.breaker.state, after.state))
        self.breaker = after


def agrees(standing: Standing, breaker: Breaker, now: float) -> bool:
    """Whether a port shows how the model stands. For how long a half-open breaker has no free permit is told when that
    begins; a port that thinks it shorter only asks in vain."""
    if standing.state is not breaker.state or standing.opens != breaker.opens:
        return False
    longer = standing.rest - breaker.rest(now, RULES)
    return abs(longer) < SOON if breaker.state is State.OPEN else longer < SOON


class World(Protocol):
    """One breaker, seen through as many ports as there are processes."""

    name: str
    clock: HandClock
    reference: Reference

    @property
    def ports(self) -> Sequence[Breakers]:
        """That of each process."""
        ...

    @property
    def now(self) -> float:
        """The time by which the breaker goes."""
        ...

    @property
    def spoilt(self) -> bool:
        """Whether this machine was too slow for what happened to be comparable."""
        ...

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    async def ask(self, port: int) -> Permit | None: ...
    async def tell(self, port: int, permit: Permit, outcome: Outcome, retry_after: float | None) -> None: ...
    async def force(self, port: int, state: State) -> None: ...


class OneProcess:
    """`LocalBreakers`; the model is told the same."""

    spoilt = False

    def __init__(self) -> None:
        self.name, self.clock, self.reference = "one", HandClock(), Reference()
        self._chance = random.Random(1)
        self.ports = (LocalBreakers(self.clock, RULES, random.Random(1)),)

    @property
    def now(self) -> float:
        return self.clock.monotonic()

    async def open(self) -> None:
        return

    async def close(self) -> None:
        return

    async def ask(self, port: int) -> Permit | None:
        permit = await self.ports[port].ask(self.name)
        allowed = self.reference.ask(self.now, (permit and permit.id) or "refused")
        assert allowed == (permit is not None)
        return permit

    async def tell(self, port: int, permit: Permit, outcome: Outcome, retry_after: float | None) -> None:
        self.ports[port].tell(permit, outcome, retry_after)
        self.reference.tell(self.now, Told(outcome, permit.id, retry_after, self._chance.random()))

    async def force(self, port: int, state: State) -> None:
        await self.ports[port].force(self.name, state)
        self.reference.force(state)


class _Turned(RedisCache):
    """A cache on a real server whose scripts go by a clock of the test, one after the other over all replicas. What
    they are asked is asked of the model, too, and what they say compared."""

    def __init__(self, address: Address, world: "TwoReplicas") -> None:
        super().__init__(address)
        self._world = world
        self.newest = b""
        """The last message that its replica has taken in."""

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncGenerator[AsyncIterator[bytes], None]:
        async with super().subscribe(channel) as messages:
            yield self._noted(messages)

    async def _noted(self, messages: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for message in messages:
            yield message
            self.newest = message  # whoever got it has come back for more

    async def run(self, script: Script, keys: Sequence[str], args: Sequence[bytes]) -> Any:
        try:
            async with self._world.turn:
                now = self._world.tick()
                said = await super().run(script, keys, [repr(now).encode(), *args[1:]])
                for steps, one in zip(args[3:], said, strict=True):
                    self._world.follow(now, orjson.loads(steps), orjson.loads(one))
        except BaseException:
            self._world.spoilt = True  # it may have been run or not, and the replica goes on by itself
            raise
        return said


class TwoReplicas:
    """Two `RedisBreakers` on one real server."""

    def __init__(self, url: str) -> None:
        self.name, self.clock, self.reference = uuid4().hex, HandClock(), Reference()
        self.ports: list[RedisBreakers] = []
        self.turn, self.spoilt = asyncio.Lock(), False
        self.differences: list[tuple[object, object]] = []
        self._url, self._ticks, self._marks, self._stack = url, 0, 0, AsyncExitStack()
        self._caches: list[_Turned] = []

    @property
    def now(self) -> float:
        return self.clock.now()

    def tick(self) -> float:
        """The server's time: no two scripts run in the same microsecond."""
        self._ticks += 1
        return self.clock.now() + self._ticks * 1e-6

    def follow(self, now: float, steps: list[list[Any]], said: dict[str, Any]) -> None:
        """Takes the steps of a script on the model; notes where the server says something else."""
        allowed = True
        for kind, *step in steps:
            if kind == "ask":
                allowed = self.reference.ask(now, step[0])
            elif kind == "tell":
                self.reference.tell(now, Told(Outcome(step[0]), *step[1:]))
            elif kind == "force":
                self.reference.force(State(step[0]))
        model = self.reference.breaker
        window = model.rates(now, RULES)
        expected = (allowed, model.state, model.opens, window.calls, window.failed, window.slow)
        found = tuple(said[name] for name in ("allowed", "state", "opens", "calls", "failed", "slow"))
        if found != expected or abs(said["rest"] - model.rest(now, RULES)) > 1e-3:
            self.differences.append((said, model))

    async def open(self) -> None:
        self.ports = [await self._replica() for _ in range(2)]
        while not self._all_heard():  # what is published before a replica listens, it does not hear
            self._mark()
            with suppress(TimeoutError):
                await until(self._all_heard, 0.05)
        for state in (State.METRICS_ONLY, State.CLOSED):  # a breaker that nobody has heard of yet is looked up
            await self.force(0, state)

    async def close(self) -> None:
        await self._stack.aclose()

    async def ask(self, port: int) -> Permit | None:
        permit = await self.ports[port].ask(self.name)
        await self._settled()
        return permit

    async def tell(self, port: int, permit: Permit, outcome: Outcome, retry_after: float | None) -> None:
        self.ports[port].tell(permit, outcome, retry_after)
        self.ports[port]._urgent.set()  # good ones, too, are sent at once
        await self._settled()

    async def force(self, port: int, state: State) -> None:
        await self.ports[port].force(self.name, state)
        await self._settled()

    async def _settled(self) -> None:
        """Waits until all that was told has arrived, and both replicas have heard all that came of it."""
        await until(lambda: not self.turn.locked() and not any(port._count for port in self.ports))
        self._mark()
        await until(self._all_heard)
        assert self.spoilt or self.differences == []

    def _mark(self) -> None:
        self._marks += 1
        self._caches[0].publish("breakers", b"mark %d" % self._marks)

    def _all_heard(self) -> bool:
        return all(cache.newest == b"mark %d" % self._marks for cache in self._caches)

    async def _replica(self) -> RedisBreakers:
        cache = _Turned(Address.of(self._url), self)
        await cache._tried.wait()
        self._caches.append(cache)
        self._stack.push_async_callback(cache.close)
        breakers = RedisBreakers(cache, LocalBreakers(self.clock, RULES, random.Random(1)), self.clock)
        staying = asyncio.create_task(breakers.stay())
        self._stack.push_async_callback(_ended, staying)
        return breakers


async def _ended(task: asyncio.Task[None]) -> None:
    assert not task.done()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
