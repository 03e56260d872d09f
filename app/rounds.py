"""The one loop of all who look again and again, soon after they are stirred, and wait where the store is away."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from app.errors import StoreUnavailable


@dataclass(frozen=True, slots=True)
class Rounds:
    """Does `look` at once, and again whenever it is stirred.

    `every`: seconds after which there is a round though nobody stirred; `None`: never. `rest`: seconds between two
    rounds, at least. `away` is told where the store is away; there is another round then, after `pause` where none is
    due by itself. Whatever else `look` raises ends `stay`, which can be called again.
    """

    look: Callable[[], Awaitable[object]]
    away: Callable[[StoreUnavailable], object]
    every: float | None = None
    rest: float = 0.0
    pause: float = 1.0
    stirred: asyncio.Event = field(default_factory=asyncio.Event)

    def stir(self) -> None:
        """Says that there is something to do."""
        self.stirred.set()

    async def stay(self) -> None:
        """Goes on until cancelled."""
        while True:
            self.stirred.clear()
            try:
                await self.look()
            except StoreUnavailable as error:
                self.away(error)
                if self.every is None:
                    await asyncio.sleep(self.pause)
                    self.stir()
            await asyncio.sleep(self.rest)
            with suppress(TimeoutError):
                async with asyncio.timeout(self.every):
                    await self.stirred.wait()
