"""One timer ends any of many waits."""

import asyncio

import pytest

from app.routing.watchdog import Watchdog


async def test_a_wait_that_is_too_long_ends_as_a_timeout_and_the_task_goes_on() -> None:
    watchdog = Watchdog()
    for _ in range(3):
        with pytest.raises(TimeoutError), watchdog.wait(0.01):
            await asyncio.get_running_loop().create_future()
    with watchdog.wait(5):
        await asyncio.sleep(0)
    watchdog.rest()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_short_wait_after_a_long_one_is_short() -> None:
    watchdog = Watchdog()
    with watchdog.wait(60):
        await asyncio.sleep(0)
    with pytest.raises(TimeoutError), watchdog.wait(0.01):
        await asyncio.get_running_loop().create_future()
    watchdog.rest()


async def test_between_two_waits_it_does_not_bite() -> None:
    watchdog = Watchdog()
    with watchdog.wait(0.01):
        await asyncio.sleep(0)
    watchdog.bite()
    await asyncio.sleep(0.03)
    with watchdog.wait(5):
        await asyncio.sleep(0.01)
    watchdog.rest()


async def test_a_cancellation_from_elsewhere_stays_one() -> None:
    began = asyncio.Event()

    async def wait(bitten: bool) -> None:
        watchdog = Watchdog()
        with watchdog.wait(60):
            began.set()
            if bitten:
                asyncio.get_running_loop().call_soon(watchdog.bite)
            await asyncio.get_running_loop().create_future()

    for bitten in (False, True):
        began.clear()
        task = asyncio.create_task(wait(bitten))
        await began.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()
