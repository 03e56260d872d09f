"""What breakers over Redis promise beyond the port: replicas agree, and Redis may go, hang or forget."""

import asyncio
import time
from contextlib import suppress
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from app.clock import HandClock
from app.routing.breaker import Outcome, Rules, State
from app.routing.breakers import Breakers, Permit
from tests.contract.replicas import BACK, QUICK, SLOW, fail, granted, opened, replica, stands, until
from tests.valkey import Valkey


@pytest.fixture
def name() -> str:
    return uuid4().hex


async def test_an_opening_is_known_to_a_replica_that_did_not_ask(redis_url: str, name: str) -> None:
    async with replica(redis_url, SLOW) as one, replica(redis_url, SLOW) as two:
        assert await two.ask(name)
        await fail(one, name)
        await until(stands(two, name, State.OPEN))
        assert two.view(name).shared
        assert await two.ask(name) is None


async def test_failures_of_all_replicas_count_together(redis_url: str, name: str) -> None:
    async with replica(redis_url, SLOW) as one, replica(redis_url, SLOW) as two:
        await fail(one, name, 5)
        await fail(two, name, 5)
        await until(stands(one, name, State.OPEN))
        await until(stands(two, name, State.OPEN))


async def test_a_replica_that_starts_later_asks_before_it_lets_anybody_through(redis_url: str, name: str) -> None:
    async with replica(redis_url, SLOW) as one:
        await opened(one, name)
        async with replica(redis_url, SLOW) as late:
            assert await late.ask(name) is None


async def test_two_replicas_racing_for_permits_get_three(redis_url: str, name: str) -> None:
    rules = Rules(open_for=0.1, jitter=0.0)
    async with replica(redis_url, rules) as one, replica(redis_url, rules) as two:
        await opened(one, name)
        await until(stands(two, name, State.OPEN))
        permits: list[Permit] = []
        async with asyncio.timeout(BACK):
            while len(permits) < 3:
                asked = await asyncio.gather(*(each.ask(name) for each in (one, two) for _ in range(50)))
                permits += [permit for permit in asked if permit]
        assert len({permit.id for permit in permits}) == len(permits) == 3
        for permit, each in zip(permits, (one, two, one), strict=True):
            each.tell(permit, Outcome.OK)
        await until(stands(one, name, State.CLOSED))
        await until(stands(two, name, State.CLOSED))


async def test_an_operator_speaks_to_all_replicas(redis_url: str, name: str) -> None:
    async with replica(redis_url, SLOW) as one, replica(redis_url, SLOW) as two:
        assert await two.ask(name)
        for state in (State.FORCED_OPEN, State.DISABLED, State.CLOSED):
            assert await one.force(name, state)
            await until(stands(two, name, state))


async def test_a_closed_breaker_costs_no_round_trip(valkey: Valkey, name: str) -> None:
    async with replica(valkey.url, SLOW) as breakers:
        assert await breakers.ask(name)
        valkey.hang()
        for _ in range(1_000):
            permit, waited = await asked(breakers, name)
            assert permit
            assert not waited
            breakers.tell(permit, Outcome.OK)
        valkey.resume()
        await until(lambda: breakers.view(name).calls >= 1_000)


async def test_redis_killed_in_use_leaves_the_process_to_decide_and_is_used_again(valkey: Valkey, name: str) -> None:
    async with replica(valkey.url, SLOW) as one, replica(valkey.url, SLOW) as two:
        await opened(one, name + "open")
        await fail(one, name, 5)
        valkey.kill()
        await until(lambda: not one._cache.available)
        assert await one.ask(name + "open") is None
        assert not one.view(name).shared
        await fail(one, name, 5)
        assert one.view(name).state is State.OPEN
        assert await one.ask(name) is None
        assert await two.ask(name)
        assert not await one.force(name, State.CLOSED)
        assert await one.ask(name)
        valkey.restart()
        await until(lambda: one._cache.available and two._cache.available)
        await opened(one, name)
        assert await two.ask(name) is None
        assert two.view(name).shared


async def test_redis_hanging_is_not_waited_for(valkey: Valkey, name: str) -> None:
    async with replica(valkey.url, QUICK) as breakers:
        await opened(breakers, name)
        valkey.hang()
        start = time.monotonic()
        waited = [(await asked(breakers, f"{name}{n}"))[1] for n in range(200)]
        # Once, and then not for a second; a busy machine may take longer than that.
        assert 1 <= sum(waited) <= 1 + time.monotonic() - start
        await granted(breakers, name)
        await fail(breakers, name)
        valkey.resume()
        await until(lambda: breakers._cache.available)
        await until(lambda: breakers._clock.monotonic() > breakers._shunned_until)
        assert await granted(breakers, name)
        assert breakers.view(name).shared


async def asked(breakers: Breakers, name: str) -> tuple[Permit | None, bool]:
    """The answer, and whether it had to be waited for."""
    asking = asyncio.create_task(breakers.ask(name))
    await asyncio.sleep(0)
    waited = not asking.done()
    return await asking, waited


async def test_scripts_forgotten_by_the_server_are_sent_again_and_nothing_told_is_lost(
    valkey: Valkey, name: str
) -> None:
    async with replica(valkey.url, SLOW) as breakers, Redis.from_url(valkey.url) as operator:
        await fail(breakers, name, 5)
        await until(lambda: breakers.view(name).failed == 5)
        await operator.script_flush()
        await opened(breakers, name)


async def test_what_others_left_in_redis_is_no_obstacle(valkey: Valkey, name: str) -> None:
    rubbish = [b"", b"null", b"5", b"[]", b"{}", b"\xff", b'{"state": 1}', b'{"state":"open","until":"x"}']
    async with replica(valkey.url, SLOW) as breakers, Redis.from_url(valkey.url) as operator:
        for n, value in enumerate(rubbish):
            await operator.set(f"masterx:breaker:{name}{n}", value)
            await operator.publish("masterx:0:channel:breakers", value)
            await operator.publish("masterx:0:channel:breakers", b'{"state":"open"}\n' + value)
            assert await breakers.ask(f"{name}{n}")
            await opened(breakers, f"{name}{n}")
        await operator.lpush(f"masterx:breaker:{name}", b"a list")
        await opened(breakers, name)
        for key in await operator.keys("masterx:breaker:*"):
            assert 0 < await operator.ttl(key) <= 86_400


async def test_a_caller_that_is_cancelled_while_it_waits_leaves_its_permit(valkey: Valkey, name: str) -> None:
    rules = Rules(open_for=0.01, jitter=0.0, lease=600)
    async with replica(valkey.url, rules) as breakers:
        await opened(breakers, name)
        await until(lambda: breakers.view(name).rest == 0)
        for _ in range(10):
            asking = asyncio.create_task(breakers.ask(name))
            await asyncio.sleep(0)
            asking.cancel()
            with suppress(asyncio.CancelledError):
                await asking
        assert {(await granted(breakers, name)).id for _ in range(3)} - {None}


async def test_what_was_missed_is_found_out_by_the_way(valkey: Valkey, name: str) -> None:
    clock = HandClock()
    async with replica(valkey.url, SLOW, clock) as breakers, Redis.from_url(valkey.url) as operator:
        await breakers.force(name, State.FORCED_OPEN)
        await operator.delete(f"masterx:breaker:{name}")
        assert await breakers.ask(name) is None
        clock.turn(5.1)
        assert await breakers.ask(name) is None
        await until(stands(breakers, name, State.CLOSED))
        assert await breakers.ask(name)


async def test_a_name_may_be_empty(valkey: Valkey) -> None:
    async with replica(valkey.url, SLOW) as one, replica(valkey.url, SLOW) as two:
        await opened(one, "")
        assert await two.ask("") is None
