"""How the parts are, checked in the background so that asking costs nothing and never hangs."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from app.clock import Clock
from app.errors import MasterxError

_EVERY = 2.0
_PATIENCE = 2.0

Condition = Literal["ok", "degraded", "down"]


@dataclass(frozen=True, slots=True)
class Part:
    """One part at its last check; `checked_at` in seconds of the monotonic clock."""

    condition: Condition
    detail: str
    advice: str | None
    checked_at: float


@dataclass(frozen=True, slots=True)
class Check:
    """How to look at a part. `vital` parts must be up for the service to take traffic."""

    ping: Callable[[], Awaitable[str]]
    vital: bool
    advice: str


class Health:
    """The last known condition of each part."""

    def __init__(self, checks: dict[str, Check], clock: Clock) -> None:
        self._checks, self._clock = checks, clock
        self.parts: dict[str, Part] = {}
        self.draining = False

    @property
    def ready(self) -> bool:
        """Whether the service may take traffic."""
        vital = (self.parts.get(name) for name, check in self._checks.items() if check.vital)
        return not self.draining and all(part is not None and part.condition == "ok" for part in vital)

    @property
    def condition(self) -> Condition:
        """The service as a whole."""
        if not self.ready:
            return "down"
        return "ok" if all(part.condition == "ok" for part in self.parts.values()) else "degraded"

    def age(self, part: Part) -> float:
        """Seconds since a part was checked."""
        return self._clock.monotonic() - part.checked_at

    async def look(self) -> None:
        """Checks every part once, side by side, for two seconds at most."""
        names = list(self._checks)
        found = await asyncio.gather(*(self._one(self._checks[name]) for name in names))
        self.parts = dict(zip(names, found, strict=True))

    async def watch(self) -> None:
        """Checks again and again until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_EVERY)

    async def _one(self, check: Check) -> Part:
        try:
            async with asyncio.timeout(_PATIENCE):
                detail = await check.ping()
            return Part("ok", detail, None, self._clock.monotonic())
        except (MasterxError, TimeoutError) as error:
            detail = str(error) or f"no answer within {_PATIENCE:.0f} s"
            return Part("down" if check.vital else "degraded", detail, check.advice, self._clock.monotonic())
