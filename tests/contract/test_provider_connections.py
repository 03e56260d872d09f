"""A provider's connections: closed at once when nobody wants the answer, used again otherwise, never left behind."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, contextmanager

import pytest

from app.errors import ProviderBusy, ProviderDown, ProviderTimeout
from app.vocabulary import Finish
from tests.contract.adapters import KINDS, TEXT, World, a_world, both_ways, each_dialect, entry, heard, prompt, until
from tests.e2e.faults import FAULTS
from tests.e2e.provider import Seen
from tests.e2e.script import TEXTS


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A provider and the session of its adapters."""
    async with a_world() as opened:
        yield opened


SOON = 10.0
"""Seconds: more than a busy machine needs for what is done at once, less than an adapter waits for a silent model."""


async def gone(seen: Seen) -> bool:
    """Whether the client has left this request, at once."""
    async with asyncio.timeout(SOON):
        await seen.ended.wait()
    return seen.abandoned


@both_ways
@each_dialect
async def test_nobody_listening_is_a_provider_that_is_down(world: World, dialect: str, stream: bool) -> None:
    async with world.provider.refusing():
        with pytest.raises(ProviderDown):
            await heard(world.adapter(dialect), prompt(stream))
    assert await heard(world.adapter(dialect), prompt(stream))


async def test_a_name_that_nobody_knows_is_a_provider_that_is_down(world: World) -> None:
    lost = world.elsewhere(entry("openai", "http://provider.invalid/v1"))
    with pytest.raises((ProviderDown, ProviderTimeout)):  # the latter where the resolver itself is slow
        await heard(lost, prompt(True))


@contextmanager
def full_house() -> Iterator[str]:
    """An address whose queue of connections is full: whoever connects waits."""
    with socket.socket() as server, socket.socket() as first, socket.socket() as second:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for guest in (first, second):
            guest.setblocking(False)
            guest.connect_ex(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@each_dialect
async def test_no_connection_in_time_is_a_timeout(world: World, dialect: str) -> None:
    with full_house() as url, pytest.raises(ProviderTimeout):
        await heard(world.elsewhere(entry(dialect, url, connect=0.2)), prompt(True))


@both_ways
@each_dialect
@pytest.mark.parametrize("fault", ["hang", "hang_headers", "hang_mid"])
async def test_cancelling_a_silent_call_closes_its_connection_at_once(
    world: World, dialect: str, stream: bool, fault: str
) -> None:
    world.provider.script(fault=fault)
    call = asyncio.create_task(heard(world.adapter(dialect), prompt(stream)))
    await until(lambda: len(world.provider.requests) == 1)
    call.cancel()
    assert await gone(world.provider.requests[0])
    with pytest.raises(asyncio.CancelledError):
        await call
    await until(lambda: not world.provider.connections)


@each_dialect
async def test_leaving_in_the_middle_of_an_answer_closes_its_connection_at_once(world: World, dialect: str) -> None:
    world.provider.script(stop=3)
    async with aclosing(world.adapter(dialect).stream(prompt(True))) as chunks:
        await anext(chunks)
    assert await gone(world.provider.requests[0])
    await until(lambda: not world.provider.connections)


@each_dialect
async def test_a_deadline_in_the_middle_of_an_answer_closes_its_connection_at_once(world: World, dialect: str) -> None:
    world.provider.script(fault="hang_mid")

    async def hear_until_the_deadline() -> None:
        async with asyncio.timeout(None) as deadline, aclosing(world.adapter(dialect).stream(prompt(True))) as chunks:
            async for _ in chunks:
                deadline.reschedule(asyncio.get_running_loop().time())

    with pytest.raises(TimeoutError):
        await hear_until_the_deadline()
    assert await gone(world.provider.requests[0])


@each_dialect
async def test_the_first_words_do_not_wait_for_the_last(world: World, dialect: str) -> None:
    world.provider.script(fault="hang_mid", after=1)
    async with aclosing(world.adapter(dialect).stream(prompt(True))) as chunks:
        assert (await anext(chunks)).text == TEXTS[0]
        assert not world.provider.requests[0].ended.is_set()


@each_dialect
async def test_an_answer_that_is_complete_does_not_wait_for_a_body_that_never_ends(world: World, dialect: str) -> None:
    world.provider.script(fault="hang_end")
    async with asyncio.timeout(SOON):
        chunks = await heard(world.adapter(dialect), prompt(True))
    assert "".join(chunk.text for chunk in chunks) == TEXT
    assert chunks[-1].finish is Finish.STOP
    assert await gone(world.provider.requests[0])


@each_dialect
async def test_a_refusal_whose_body_never_ends_is_still_a_refusal(world: World, dialect: str) -> None:
    world.provider.script(fault="hang_refusal")
    async with asyncio.timeout(SOON):
        with pytest.raises(ProviderBusy):
            await heard(world.adapter(dialect), prompt(True))


@both_ways
@each_dialect
async def test_one_connection_serves_call_after_call(world: World, dialect: str, stream: bool) -> None:
    for _ in range(20):
        await heard(world.adapter(dialect), prompt(stream))
    assert world.provider.accepted == 1


async def test_no_connection_is_left_behind_whatever_happened(world: World) -> None:
    adapters = [world.adapter(dialect) for dialect in KINDS]
    for fault in (*FAULTS, "401", "429", "500"):
        world.provider.script(fault=fault)
        calls = [heard(adapter, prompt(stream)) for adapter in adapters for stream in (True, False)]
        await asyncio.gather(*(asyncio.wait_for(call, 0.2) for call in calls), return_exceptions=True)
    # What is kept for the next call is at most what was needed at one time.
    await until(lambda: len(world.provider.connections) <= len(calls))
    await world.http.close()
    await until(lambda: not world.provider.connections)
