"""How late the event loop is: what anybody waits because somebody else holds it."""

import asyncio
from collections import deque

from app.clock import Clock

_EVERY = 0.1
_KEPT = 100
"""Looks that are remembered: ten seconds."""


class Lag:
    """Sleeps again and again, and notes by how much it overslept."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._late = deque[float](maxlen=_KEPT)

    @property
    def steady(self) -> float:
        """What a tenth of the last ten seconds was later than, in milliseconds: one pause is none."""
        late = sorted(self._late)
        return late[len(late) * 9 // 10] * 1e3 if late else 0.0

    @property
    def ms(self) -> float:
        """The worst of the last ten seconds, in milliseconds."""
        return max(self._late, default=0.0) * 1e3

    async def stay(self) -> None:
        """Measures until cancelled."""
        while True:
            due = self._clock.monotonic() + _EVERY
            await asyncio.sleep(_EVERY)
            self._late.append(max(self._clock.monotonic() - due, 0.0))
