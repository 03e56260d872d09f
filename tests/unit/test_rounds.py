"""Who looks in rounds misses nothing: not what came meanwhile, nor what a store that was away could not take."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from app.errors import StoreUnavailable
from app.rounds import Rounds


class Desk:
    """Something to look at that keeps a list of rounds; what a round finds in `fates` it raises."""

    def __init__(self) -> None:
        self.looks = 0
        self.fates: list[Exception] = []
        self.away: list[str] = []
        self.during: Callable[[], None] = lambda: None

    async def look(self) -> None:
        self.looks += 1
        self.during()
        if self.fates:
            raise self.fates.pop()

    def note(self, error: StoreUnavailable) -> None:
        self.away.append(str(error))


@asynccontextmanager
async def staying(all_of: Rounds) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.ensure_future(all_of.stay())
    yield task
    task.cancel()
    with suppress(asyncio.CancelledError, LookupError):
        await task


async def looked(desk: Desk, times: int) -> None:
    """Waits for so many looks, and that there are no more for now."""
    async with asyncio.timeout(5):
        while desk.looks < times:
            await asyncio.sleep(0)
    for _ in range(10):
        await asyncio.sleep(0)
    assert desk.looks == times


async def test_there_is_a_round_at_once_and_one_for_all_that_stirred_meanwhile() -> None:
    desk = Desk()
    again = Rounds(desk.look, desk.note)
    async with staying(again):
        await looked(desk, 1)
        desk.during = again.stir
        again.stir()
        again.stir()
        async with asyncio.timeout(5):
            while desk.looks < 5:  # each one stirs the next
                await asyncio.sleep(0)
        desk.during = lambda: None


@pytest.mark.parametrize("every", [None, 0.01])
async def test_a_round_that_found_the_store_away_comes_again(every: float | None) -> None:
    desk = Desk()
    desk.fates = [StoreUnavailable("still away"), StoreUnavailable("away")]
    async with staying(Rounds(desk.look, desk.note, every, pause=0.01)), asyncio.timeout(5):
        while desk.looks < 3:
            await asyncio.sleep(0)
    assert desk.away == ["away", "still away"]


async def test_what_else_is_raised_ends_it_and_who_starts_it_again_begins_with_a_round() -> None:
    desk = Desk()
    desk.fates = [LookupError()]
    again = Rounds(desk.look, desk.note)
    with pytest.raises(LookupError):
        await again.stay()
    async with staying(again):
        await looked(desk, 2)
