"""The breakers port for many replicas: what one of them learns, all of them know.

A closed breaker costs no round trip: `ask` is answered from what was last heard, and outcomes gather for one exchange.
A change of state is published by the script that makes it, so the others hear of it without asking; what was not heard
of for `_FRESH` is looked at again in the background. Only a permit of the half-open state is waited for, up to `_WAIT`.
"""

import asyncio
from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from importlib.resources import files
from typing import Any

import orjson

from app.clock import Clock
from app.errors import CacheUnavailable
from app.routing.breaker import Outcome, State
from app.routing.breakers import NAMES, LocalBreakers, Permit, Standing
from app.storage.redis.cache import RedisCache
from app.storage.redis.wire import Script

_WAIT = 0.05
"""Seconds that `ask` waits for Redis; then the process decides by itself."""

_SHUNNED = 1.0
"""Seconds for which a Redis that was too slow is not waited for again."""

_GATHER = 0.05
"""Seconds for which good outcomes wait for company. Bad ones do not wait, and take the good ones with them."""

_FRESH = 5.0
"""Seconds after which a breaker is looked at again: a message may have been lost with a connection."""

_SKEW = 5.0
"""Seconds by which news may be older than the last ones and still count: the server's clock went back."""

_COMPANY = 200
"""Outcomes that are sent without waiting for more: 1 to 2 ms of the server's time."""

_WAITING = 2_000
"""Outcomes that wait to be sent at most; further ones are dropped."""

_CHANNEL = "breakers"
_KEY = "breaker:"
_LOOK = ("look",)
_LETS_THROUGH = (State.CLOSED, State.DISABLED, State.METRICS_ONLY)

_Step = tuple[str | float | None, ...]


@dataclass(frozen=True, slots=True)
class _Heard:
    """How a breaker stood on the server's clock, when that was heard on ours, and until when it lets nobody through."""

    standing: Standing
    allowed: bool
    at: float
    on: float

    @property
    def until(self) -> float:
        return self.on + self.standing.rest


class RedisBreakers:
    """Breakers in Redis. While it is away or slow the breakers of the process decide, which are told everything, too.

    What is told meanwhile reaches no other replica. `stay` has to run.
    """

    def __init__(self, cache: RedisCache, local: LocalBreakers, clock: Clock) -> None:
        self._cache, self._local, self._clock = cache, local, clock
        self._script = Script((files("app.storage.redis") / "breaker.lua").read_bytes())
        self._heard: dict[str, _Heard] = {}
        self._waiting: defaultdict[str, list[_Step]] = defaultdict(list)
        self._count = 0
        self._stirred, self._urgent = asyncio.Event(), asyncio.Event()
        self._shunned_until, self._slow = float("-inf"), 0

    async def stay(self) -> None:
        """Sends outcomes and hears of changes; runs until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._send())
            tasks.create_task(self._listen())

    async def ask(self, name: str) -> Permit | None:
        if self._is_away():
            return await self._local.ask(name)
        if self._local.rests(name):
            return None  # perhaps by an outcome that Redis has yet to hear of
        heard, now = self._heard.get(name), self._clock.monotonic()
        if heard is None:
            return await self._granted(name, now)
        if now - heard.on > _FRESH:
            self._queue(name, _LOOK)
        if heard.standing.state in _LETS_THROUGH:
            return Permit(name)
        if heard.standing.state is State.FORCED_OPEN or now < heard.until:
            return None
        return await self._granted(name, now)

    def tell(self, permit: Permit, outcome: Outcome, retry_after: float | None = None) -> None:
        self._local.tell(permit, outcome, retry_after)
        if self._is_away() or (outcome is Outcome.NEUTRAL and permit.id is None):
            return
        asked = retry_after and min(retry_after, self._local.rules.retry_after_limit)
        self._queue(permit.name, ("tell", outcome, permit.id, asked, self._local.chance()))
        if outcome is not Outcome.OK or permit.id is not None:
            self._urgent.set()

    def view(self, name: str) -> Standing:
        now = self._clock.monotonic()
        heard = self._heard.get(name)
        if heard is None or self._is_away():
            return self._local.view(name)
        return replace(heard.standing, rest=max(heard.until - now, 0.0))

    async def force(self, name: str, state: State) -> bool:
        await self._local.force(name, state)
        self._count -= len(self._waiting.pop(name, ()))  # what was told before is forgotten
        try:
            self._learn(name, (await self._run({name: [("force", state)]}))[0])
        except (CacheUnavailable, ValueError):
            return False
        return True

    def _is_away(self) -> bool:
        if self._cache.available:
            return False
        self._heard.clear()  # what happens now is not heard of
        return True

    async def _granted(self, name: str, now: float) -> Permit | None:
        """Leave from the one breaker of all replicas."""
        if now < self._shunned_until:
            return await self._alone(name)
        permit = self._clock.id()
        try:
            async with asyncio.timeout(_WAIT):
                heard = self._learn(name, (await self._run({name: [("ask", permit)]}))[0])
        except (TimeoutError, CacheUnavailable, ValueError) as error:
            self._give_back(name, permit)
            if isinstance(error, TimeoutError):
                self._shun()
            return await self._alone(name)
        except asyncio.CancelledError:
            self._give_back(name, permit)
            raise
        self._slow = 0
        if not heard.allowed:
            return None
        return Permit(name, permit if heard.standing.state is State.HALF_OPEN else None)

    async def _alone(self, name: str) -> Permit | None:
        """Leave from this process. A Redis that is slow for the first time may be there again in a moment, so only a
        second time gives permits of the half-open state that others do not know of."""
        if self._slow == 1 and self._cache.available and self._local.view(name).state not in _LETS_THROUGH:
            return None
        return await self._local.ask(name)

    def _shun(self) -> None:
        """Does not wait for Redis for a while; whoever waited at the same time counts as the same time."""
        now = self._clock.monotonic()
        if now >= self._shunned_until:
            self._shunned_until = now + _SHUNNED
            self._slow += 1

    def _give_back(self, name: str, permit: str) -> None:
        """Frees a permit that may have been given after nobody waited for it any more."""
        self._queue(name, ("tell", Outcome.NEUTRAL, permit, None, 0.5))
        self._urgent.set()

    def _queue(self, name: str, step: _Step) -> None:
        if self._count >= _WAITING or (step is _LOOK and name in self._waiting):
            return
        self._waiting[name].append(step)
        self._count += 1
        self._stirred.set()
        if self._count >= _COMPANY:
            self._urgent.set()

    async def _send(self) -> None:
        while True:
            await self._stirred.wait()
            if not self._urgent.is_set():
                await self._gathered()
            batch, self._waiting, self._count = self._waiting, defaultdict(list), 0
            self._stirred.clear()
            self._urgent.clear()
            try:
                for name, said in zip(batch, await self._run(batch), strict=True):
                    self._learn(name, said)
            except (CacheUnavailable, ValueError):
                continue

    async def _gathered(self) -> None:
        try:
            async with asyncio.timeout(_GATHER):
                await self._urgent.wait()
        except TimeoutError:
            return

    async def _listen(self) -> None:
        async with self._cache.subscribe(_CHANNEL) as messages:
            async for message in messages:
                said, _, key = message.partition(b"\n")
                try:
                    self._learn(key.partition(_KEY.encode())[2].decode("utf-8", "surrogatepass"), said)
                except ValueError:
                    continue  # not a message of ours

    async def _run(self, steps: dict[str, list[_Step]]) -> list[bytes]:
        keys = [_KEY + name for name in steps]
        args = [b"", self._rules, self._cache.channel(_CHANNEL), *(orjson.dumps(each) for each in steps.values())]
        said: list[bytes] = await self._cache.run(self._script, keys, args)
        return said

    def _learn(self, name: str, said: bytes) -> _Heard:
        heard = _heard(said, self._clock.monotonic())
        before = self._heard.get(name)
        if before is None or not before.at - _SKEW < heard.at < before.at:
            if before is None and len(self._heard) >= NAMES:
                del self._heard[next(iter(self._heard))]
            self._heard[name] = heard
            self._local.follow(name, heard.standing)
        return heard

    @cached_property
    def _rules(self) -> bytes:
        return orjson.dumps(asdict(self._local.rules))


def _heard(said: bytes, now: float) -> _Heard:
    """What the script said; `ValueError` when it did not say this."""
    try:
        told: dict[str, Any] = orjson.loads(said)
        opens, calls, failed, slow = (int(told[name]) for name in ("opens", "calls", "failed", "slow"))
        standing = Standing(State(told["state"]), float(told["rest"]), opens, calls, failed, slow, True)
        return _Heard(standing, bool(told["allowed"]), float(told["at"]), now)
    except (KeyError, TypeError) as error:
        raise ValueError("not a standing") from error
