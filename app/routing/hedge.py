"""A second model beside one that is slower than usual to speak; whoever speaks first answers.

Dean and Barroso, "The tail at scale" (CACM 2013): asking again after the 95th percentile adds 5 % of load at most and
takes most of the tail away. Here a budget holds the share, too, for when all of them are slow.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, replace

from app.errors import ProviderError
from app.routing.answer import Try
from app.vocabulary import Chunk

SAVED = 10.0
"""Turns with a second model that a quiet time may save up at most."""

Voice = tuple[Try, AsyncGenerator[Chunk, None]]
"""An attempt and what it says."""


@dataclass(frozen=True, slots=True)
class HedgeBudget:
    """Turns that may still ask a second model.

    >>> budget = HedgeBudget()
    >>> for _ in range(20):
    ...     budget = budget.turn(0.05)
    >>> budget.allows, budget.spent().allows
    (True, False)
    """

    saved: float = 0.0

    @property
    def allows(self) -> bool:
        """Whether a second model may be asked."""
        return self.saved >= 1.0 - 1e-9

    def turn(self, share: float) -> "HedgeBudget":
        """After another turn, of which this `share` may ask a second model."""
        return replace(self, saved=min(self.saved + share, SAVED))

    def spent(self) -> "HedgeBudget":
        """After a second model was asked."""
        return replace(self, saved=self.saved - 1.0)


async def outrun(first: Voice, delay: float, second: Callable[[], Awaitable[Voice | None]]) -> tuple[Voice, Chunk]:
    """Who speaks first, with the first chunk: `first`, or after `delay` seconds of silence `second`; the other one is
    given up. Raises the error of the first where nobody speaks. Whatever happens, only the winner is left open."""
    voices = [first]
    won: tuple[Voice, Chunk] | None = None
    try:
        async with asyncio.TaskGroup() as tasks:
            race = {tasks.create_task(_first_chunk(first)): first}
            done, _ = await asyncio.wait(race, timeout=delay)
            if not done and (beside := await second()) is not None:
                voices.append(beside)
                race[tasks.create_task(_first_chunk(beside))] = beside
            won = await _winner(race)
            for task in race:
                task.cancel()
        if won is None:
            raise next(error for attempt, _ in voices if (error := attempt.error))
        return won
    except BaseException:
        won = None  # who asked has left: nobody will hear it
        raise
    finally:
        for voice in voices:
            if won is None or voice is not won[0]:
                await voice[1].aclose()


async def _winner(race: "dict[asyncio.Task[Chunk | None], Voice]") -> tuple[Voice, Chunk] | None:
    """Who spoke, once somebody has; all others are outrun."""
    waiting = set(race)
    while waiting:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task, voice in race.items():
            if task in done and (chunk := task.result()) is not None:
                for other in race.values():
                    other[0].outrun = other is not voice
                return voice, chunk
    return None


async def _first_chunk(voice: Voice) -> Chunk | None:
    """The first chunk; `None` where the attempt fails, which then holds its error."""
    try:
        return await anext(voice[1])
    except ProviderError:
        return None
