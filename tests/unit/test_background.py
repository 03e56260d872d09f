"""What goes on in the background goes on, whatever fails in it."""

import asyncio
import logging

import pytest

from app.bootstrap.background import FIRST, LONGEST, WELL, Background
from app.clock import HandClock


class Frail:
    """Work that says when it begins, and fails when it is told to."""

    def __init__(self) -> None:
        self.begun = asyncio.Semaphore(0)
        self.fate = asyncio.get_running_loop().create_future()

    async def stay(self) -> None:
        self.fate = asyncio.get_running_loop().create_future()
        self.begun.release()
        await self.fate

    async def begins(self) -> None:
        async with asyncio.timeout(5):
            await self.begun.acquire()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_work_that_fails_is_told_counted_and_started_again_after_longer_and_longer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, frail, steady = HandClock(), Frail(), Frail()
    background = Background(clock)
    async with background.beside(frail=frail.stay, steady=steady.stay):
        await steady.begins()
        pause = FIRST
        for n in range(1, 8):
            await frail.begins()
            frail.fate.set_exception(LookupError(f"failure {n}"))
            await settle()
            assert background.failures == {"frail": n, "steady": 0}
            assert background.unwell == ("frail",)
            clock.turn(pause - 0.01)
            await settle()
            assert frail.begun.locked()
            clock.turn(0.01)
            pause = min(2 * pause, LONGEST)
        await frail.begins()
        clock.turn(WELL)  # it goes on well: all is forgotten
        assert background.unwell == ()
        frail.fate.set_exception(LookupError)
        await settle()
        clock.turn(FIRST)
        await frail.begins()
        frail.fate.set_result(None)  # what returns is done
        await settle()
        assert background.unwell == ()
        clock.turn(WELL)
        await settle()
        assert frail.begun.locked()
        assert not steady.fate.done()
    assert steady.fate.cancelled()
    failed = [record for record in caplog.records if record.getMessage() == "frail failed"]
    assert [record.levelno for record in failed] == [logging.ERROR] * 8
    assert "LookupError: failure 7" in caplog.text


async def test_the_end_ends_work_also_where_it_fails_at_that_moment_or_rests() -> None:
    clock, rests, began = HandClock(), Frail(), asyncio.Event()

    async def stubborn() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise LookupError  # as a task group of Python 3.11 that fails while it is cancelled

    background = Background(clock)
    async with asyncio.timeout(5), background.beside(stubborn=stubborn, rests=rests.stay):
        await rests.begins()
        rests.fate.set_exception(LookupError)
        await began.wait()
        await settle()
    assert background.failures == {"stubborn": 0, "rests": 1}


async def test_work_that_waits_for_what_somebody_else_cancels_has_failed_and_goes_on() -> None:
    clock, frail = HandClock(), Frail()
    background = Background(clock)
    async with background.beside(frail=frail.stay):
        await frail.begins()
        frail.fate.cancel()
        await settle()
        assert background.failures == {"frail": 1}
        clock.turn(FIRST)
        await frail.begins()
