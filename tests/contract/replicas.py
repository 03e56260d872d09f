"""Breakers under test: those of one replica over Redis, and what the tests do with any."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from app.clock import Clock, SystemClock
from app.routing.breaker import Outcome, Rules, State
from app.routing.breakers import Breakers, LocalBreakers, Permit
from app.storage.redis import RedisBreakers, RedisCache

QUICK = Rules(open_for=0.1, jitter=0.0, busy_for=0.1, refused_for=0.1, lease=0.3)
"""Time cannot be turned on a server, so it is made short."""

SLOW = Rules(open_for=60.0, jitter=0.0)
BACK = 30.0
ANY_NAME = ["x" * 100_000, "groq\n/\x00\udcff*{}", "schlüssel/groq/llama"]


@asynccontextmanager
async def replica(url: str, rules: Rules, clock: Clock | None = None) -> AsyncIterator[RedisBreakers]:
    """The breakers of one replica."""
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        cache = await RedisCache.open(url)
        stack.push_async_callback(cache.close)
        breakers = RedisBreakers(cache, LocalBreakers(clock, rules, random.Random(1)), clock)
        staying = asyncio.create_task(breakers.stay())
        try:
            yield breakers
            assert not staying.done()
        finally:
            staying.cancel()
            with suppress(asyncio.CancelledError):
                await staying


async def until(condition: Callable[[], bool], seconds: float = BACK) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.001)


def stands(breakers: Breakers, name: str, state: State) -> Callable[[], bool]:
    return lambda: breakers.view(name).state is state


async def fail(breakers: Breakers, name: str, times: int = 10) -> None:
    for _ in range(times):
        permit = await breakers.ask(name)
        breakers.tell(permit or Permit(name), Outcome.FAILED)


async def opened(breakers: Breakers, name: str) -> None:
    await fail(breakers, name)
    await until(stands(breakers, name, State.OPEN))


async def granted(breakers: Breakers, name: str) -> Permit:
    """The first permit after its time is up."""
    async with asyncio.timeout(BACK):
        while not (permit := await breakers.ask(name)):
            await asyncio.sleep(0.001)
    return permit
