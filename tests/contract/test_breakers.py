"""The contract of breakers, over those of one process and those that replicas share through Redis."""

import random
import time
from collections.abc import AsyncIterator
from math import inf, nan
from uuid import uuid4

import pytest

from app.clock import SystemClock
from app.routing.breaker import Outcome, State
from app.routing.breakers import NAMES, Breakers, LocalBreakers, Permit
from tests.contract.replicas import QUICK, SLOW, fail, granted, opened, replica, stands, until

ANY_NAME = ["x" * 100_000, "groq\n/\x00\udcff*{}", "schlüssel/groq/llama"]


@pytest.fixture(params=["local", "redis"])
async def quick(request: pytest.FixtureRequest) -> AsyncIterator[Breakers]:
    if request.param == "local":
        yield LocalBreakers(SystemClock(), QUICK, random.Random(1))
        return
    async with replica(request.getfixturevalue("redis_url"), QUICK) as breakers:
        yield breakers


@pytest.fixture
def name() -> str:
    return uuid4().hex


async def test_a_breaker_nobody_told_of_is_closed(quick: Breakers, name: str) -> None:
    assert await quick.ask(name) == Permit(name)
    standing = quick.view(name)
    assert (standing.state, standing.rest, standing.opens, standing.calls) == (State.CLOSED, 0.0, 0, 0)


async def test_failures_open_it_and_its_window_is_seen(quick: Breakers, name: str) -> None:
    await fail(quick, name, 9)
    await until(lambda: quick.view(name).failed == 9)
    assert await quick.ask(name) == Permit(name)
    await fail(quick, name, 1)
    await until(stands(quick, name, State.OPEN))
    assert await quick.ask(name) is None
    assert 0 < quick.view(name).rest <= QUICK.open_for
    assert quick.view(name).opens == 1


async def test_three_good_probes_close_it(quick: Breakers, name: str) -> None:
    await opened(quick, name)
    permits = [await granted(quick, name), await quick.ask(name), await quick.ask(name)]
    assert len({permit.id for permit in permits if permit and permit.id}) == 3
    assert await quick.ask(name) is None
    for permit in permits:
        quick.tell(permit or Permit(name), Outcome.OK)
    await until(stands(quick, name, State.CLOSED))
    assert await quick.ask(name) == Permit(name)


async def test_two_bad_probes_open_it_for_longer(quick: Breakers, name: str) -> None:
    await opened(quick, name)
    permits = [await granted(quick, name), await granted(quick, name)]
    for permit in permits:
        quick.tell(permit, Outcome.LATE)
    await until(stands(quick, name, State.OPEN))
    assert quick.view(name).opens == 2


async def test_a_probe_that_learned_nothing_gives_its_permit_back(quick: Breakers, name: str) -> None:
    await opened(quick, name)
    permit = await granted(quick, name)
    assert await quick.ask(name)
    assert await quick.ask(name)
    assert await quick.ask(name) is None
    quick.tell(permit, Outcome.NEUTRAL)
    assert (await granted(quick, name)).id != permit.id


async def test_a_prober_that_died_holds_its_permit_for_its_lease_only(quick: Breakers, name: str) -> None:
    await opened(quick, name)
    first = time.monotonic()
    assert {(await granted(quick, name)).id for _ in range(3)}
    assert (await granted(quick, name)).id
    assert time.monotonic() - first >= QUICK.lease


@pytest.mark.parametrize("outcome", [Outcome.BUSY, Outcome.REFUSED])
async def test_what_a_provider_says_shuts_it_at_once(quick: Breakers, name: str, outcome: Outcome) -> None:
    quick.tell(Permit(name), outcome)
    await until(stands(quick, name, State.OPEN))
    assert await quick.ask(name) is None
    assert quick.view(name).opens == 0
    assert (await granted(quick, name)).id


@pytest.mark.parametrize("retry_after", [31_536_000.0, inf, 1e300])
async def test_a_retry_after_of_a_year_is_bounded(quick: Breakers, name: str, retry_after: float) -> None:
    quick.tell(Permit(name), Outcome.BUSY, retry_after)
    await until(stands(quick, name, State.OPEN))
    assert 3_590 < quick.view(name).rest <= 3_600


@pytest.mark.parametrize("retry_after", [-1.0, 0.0, nan, -inf])
async def test_a_retry_after_that_makes_no_sense_is_none(quick: Breakers, name: str, retry_after: float) -> None:
    quick.tell(Permit(name), Outcome.BUSY, retry_after)
    await until(stands(quick, name, State.OPEN))
    assert quick.view(name).rest <= QUICK.busy_for


@pytest.mark.parametrize("state", [State.FORCED_OPEN, State.DISABLED, State.METRICS_ONLY])
async def test_what_an_operator_sets_stays_until_it_is_taken_back(quick: Breakers, name: str, state: State) -> None:
    assert await quick.force(name, state)
    await fail(quick, name, 20)
    assert quick.view(name).state is state
    assert (await quick.ask(name) is None) == (state is State.FORCED_OPEN)
    assert await quick.force(name, State.CLOSED)
    assert await quick.ask(name) == Permit(name)


@pytest.mark.parametrize("any_name", ANY_NAME)
async def test_any_text_is_a_name(quick: Breakers, name: str, any_name: str) -> None:
    await opened(quick, name + any_name)
    assert await quick.ask(name + any_name) is None
    assert await quick.ask(name) == Permit(name)


async def test_an_unknown_permit_changes_nothing(quick: Breakers, name: str) -> None:
    await opened(quick, name)
    permit = await granted(quick, name)
    for id in (None, "unknown", "x" * 1_000_000):  # noqa: A001 - the field's own name
        quick.tell(Permit(name, id), Outcome.FAILED)
        quick.tell(Permit(name, id), Outcome.FAILED)
    assert (await granted(quick, name)).id not in (None, permit.id)
    assert quick.view(name).state is State.HALF_OPEN


async def test_names_are_bounded_and_closed_ones_give_way(name: str) -> None:
    breakers = LocalBreakers(SystemClock(), SLOW, random.Random(1))
    await fail(breakers, name)
    for n in range(3 * NAMES):
        breakers.tell(Permit(f"{n}"), Outcome.FAILED)
    assert len(breakers._breakers) == NAMES
    assert breakers.view(name).state is State.OPEN
