"""How the parts are, checked in the background so that asking costs nothing and never hangs.

Each part is looked at by itself: one that hangs makes nobody else's finding old.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from app.analytics.lag import Lag
from app.clock import Clock
from app.errors import MasterxError

_EVERY = 2.0
_PATIENCE = 2.0

_LATELY = 30
"""Looks that a score is made of: a minute."""

_BEFORE = 120
"""Looks before those that it is compared with: four minutes."""

_LEAST = 10
"""Looks before those that say something."""

_FEW = 5
"""Looks that tell that a part is slow: one may have been unlucky."""

_DIFFERENT = 10
"""Points by which a part is better or worse than before."""

Condition = Literal["ok", "degraded", "down"]
Trend = Literal["better", "same", "worse"]


@dataclass(frozen=True, slots=True)
class Poor:
    """What a look finds at a part that works, but not well: `points` of 1, and what to do."""

    detail: str
    advice: str
    points: float = 0.5


@dataclass(frozen=True, slots=True)
class Part:
    """One part at its last look; `checked_at` in seconds of the monotonic clock, `ms` what the look took (`None`: it
    did not end). `score` is 0 to 100 over the last minute, `trend` how that is to the minutes before, `None` until
    these are known."""

    condition: Condition
    detail: str
    advice: str | None
    checked_at: float
    ms: float | None = None
    score: int = 100
    trend: Trend | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """How to look at a part. `vital` parts must be up for the service to take traffic. One whose looks
    take over `slow` milliseconds, in the middle, counts half."""

    ping: Callable[[], Awaitable[str | Poor]]
    vital: bool
    advice: str
    slow: float = 250.0


@dataclass(frozen=True, slots=True)
class _Found:
    condition: Condition
    detail: str
    advice: str | None
    points: float
    ms: float | None


class Health:
    """The last known condition of each part."""

    def __init__(self, checks: dict[str, Check], clock: Clock, lag: Lag) -> None:
        self._checks, self._clock, self.lag = checks, clock, lag
        self._points = {name: deque[float](maxlen=_LATELY + _BEFORE) for name in checks}
        self._took = {name: deque[float](maxlen=_LATELY) for name in checks}
        self.parts: dict[str, Part] = {}
        self.counts = {"ms": 0.0, "checks": 0.0}
        """Milliseconds that looks at the store took so far, and how many there were."""

        self.draining = False

    @property
    def ready(self) -> bool:
        """Whether the service may take traffic."""
        vital = (self.parts.get(name) for name, check in self._checks.items() if check.vital)
        return not self.draining and all(part is not None and part.condition != "down" for part in vital)

    @property
    def condition(self) -> Condition:
        """The service as a whole."""
        if not self.ready:
            return "down"
        return "ok" if all(part.condition == "ok" for part in self.parts.values()) else "degraded"

    @property
    def score(self) -> int:
        """The worst part's."""
        return min((part.score for part in self.parts.values()), default=0)

    def age(self, part: Part) -> float:
        """Seconds since a part was looked at."""
        return self._clock.monotonic() - part.checked_at

    def usual(self, name: str) -> float | None:
        """The median milliseconds of a part's looks in the last minute; `None` where none ended."""
        took = self._took[name]
        return median(took) if took else None

    async def look(self) -> None:
        """Looks at every part once, side by side, for two seconds at most."""
        await asyncio.gather(*(self._look(name, check) for name, check in self._checks.items()))

    async def watch(self) -> None:
        """Looks again and again until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.lag.stay())
            for name, check in self._checks.items():
                tasks.create_task(self._watch(name, check))

    async def _watch(self, name: str, check: Check) -> None:
        while True:
            await asyncio.sleep(_EVERY)
            await self._look(name, check)

    async def _look(self, name: str, check: Check) -> None:
        found = await self._found(check, [*self._took[name]])
        self._points[name].append(found.points)
        if found.ms is not None:
            self._took[name].append(found.ms)
        if name == "store":
            self.counts["ms"] += _PATIENCE * 1e3 if found.ms is None else found.ms
            self.counts["checks"] += 1
        score, trend = judged(list(self._points[name]))
        now = self._clock.monotonic()
        self.parts[name] = Part(found.condition, found.detail, found.advice, now, found.ms, score, trend)

    async def _found(self, check: Check, took: Sequence[float]) -> _Found:
        began = self._clock.monotonic()
        try:
            async with asyncio.timeout(_PATIENCE):
                told = await check.ping()
        except (MasterxError, TimeoutError) as error:
            detail = str(error) or f"no answer within {_PATIENCE:.0f} s"
            return _Found("down" if check.vital else "degraded", detail, check.advice, 0.0, None)
        ms = (self._clock.monotonic() - began) * 1e3
        if isinstance(told, Poor):
            return _Found("degraded", told.detail, told.advice, told.points, ms)
        usual = median([*took, ms])
        if usual > check.slow and len(took) >= _FEW:
            return _Found("degraded", f"{told}, slow: {usual:.0f} ms", check.advice, 0.5, ms)
        return _Found("ok", told, None, 1.0, ms)


def judged(points: list[float]) -> tuple[int, Trend | None]:
    """The score of the last minute's looks, and how that is to the four minutes before.

    >>> judged([1.0] * 60), judged([1.0] * 60 + [0.0] * 30), judged([1.0])
    ((100, 'same'), (0, 'worse'), (100, None))
    """
    lately, before = points[-_LATELY:], points[:-_LATELY]
    score = round(100 * sum(lately) / len(lately))
    if len(before) < _LEAST:
        return score, None
    change = score - 100 * sum(before) / len(before)
    return score, "same" if abs(change) < _DIFFERENT else "better" if change > 0 else "worse"
