"""Tells other replicas what this one counts, keeps it, and hears what others tell."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from app.analytics.series.fleet import Beat, Fleet
from app.analytics.series.hours import HOUR, KEPT
from app.analytics.series.rings import MINUTE
from app.analytics.series.rollup import Rollup
from app.analytics.series.series import Series
from app.clock import Clock
from app.errors import StoreUnavailable
from app.rounds import Rounds
from app.storage.cache import Cache
from app.storage.rollups import Kept, Rollups

CHANNEL = "series"

_EVERY, _KEPT_EVERY = 1.0, 5.0
_UNKEPT = 2_880
"""Minutes that wait for the store: two days of them; then the oldest give way."""

_SCALES = {MINUTE: "minute", HOUR: "hour"}

_PAST = 24 * 3_600
_OTHERS = 180
"""Seconds back from now in which minutes of other replicas are looked for in the store: the channel loses some."""

log = logging.getLogger("masterx.series")


@dataclass(frozen=True, slots=True)
class Around:
    """What the series of a process are shared by."""

    cache: Cache
    rollups: Rollups
    clock: Clock


class Sharing:
    """Keeps the series of one process and those of the others together."""

    def __init__(self, series: Series, fleet: Fleet, around: Around) -> None:
        self._series, self._p = series, around
        self.unkept: deque[Rollup] = deque(maxlen=_UNKEPT)
        self._looked = around.clock.now()
        self.fleet = fleet

    def work(self) -> Mapping[str, Callable[[], Coroutine[None, None, None]]]:
        """What goes on in the background. A store that is slow holds up nothing but what it is asked."""
        return {
            "figures_restored": self.restore,
            "figures": self.stay,
            "figures_kept": self.keeping,
            "figures_heard": self.follow,
        }

    async def stay(self) -> None:
        """Adds up and tells what is new every second, and makes ready what a first reader of a day would wait for,
        until cancelled."""
        while True:
            await self.settle()
            await self.warm()
            self.tell()
            await asyncio.sleep(_EVERY)

    async def keeping(self) -> None:
        """Keeps what is new every few seconds, until cancelled."""
        await Rounds(self.keep, partial(log.warning, "figures are kept later: %s"), every=_KEPT_EVERY).stay()

    async def follow(self) -> None:
        """Hears the others until cancelled."""
        async with self._p.cache.subscribe(CHANNEL) as messages:
            async for message in messages:
                if (rollup := Rollup.heard(message)) is not None:
                    self._series.past.take(rollup)
                elif (beat := Beat.heard(message)) is not None:
                    self.fleet.hear(beat)

    async def leave(self) -> None:
        """Tells and keeps what is not over: this process ends."""
        self._series.read()
        self._series.past.leave()
        self.tell()
        with suppress(StoreUnavailable):
            await self.keep()

    async def settle(self) -> None:
        """Has the series add up what is over; others are served meanwhile."""
        self._series.read()
        for _ in self._series.past.steps():
            await asyncio.sleep(0)

    async def warm(self) -> None:
        """Has the series add up a day before somebody asks for it; others are served meanwhile."""
        for _ in self._series.past.rings.warming(self._p.clock.now()):
            await asyncio.sleep(0)

    def tell(self) -> None:
        """Tells what is new."""
        if (beat := self.fleet.beat()) is not None:
            self._p.cache.publish(CHANNEL, beat.message())
        while self._series.past.told:
            rollup = self._series.past.told.popleft()
            if rollup.seconds <= MINUTE:
                self._p.cache.publish(CHANNEL, rollup.message())
            if rollup.seconds >= MINUTE:
                self.unkept.append(rollup)

    async def keep(self) -> None:
        """Keeps the minutes that are not kept yet, and once a minute looks at those of others; raises
        `StoreUnavailable`, and what was not kept waits."""
        while self.unkept:
            await self._p.rollups.add(_kept(self.unkept[0]))
            self.unkept.popleft()
        now = self._p.clock.now()
        if now - self._looked >= MINUTE:
            async for kept in self._p.rollups.since("minute", int(now - _OTHERS)):
                self._series.past.take(_rollup(kept))
            await self._p.rollups.remove_old(now)
            self._looked = now

    async def restore(self) -> None:
        """Reads the minutes of the last day, newest first, and the hours of four weeks; others are served meanwhile."""
        now = int(self._p.clock.now())
        together = list[Rollup]()
        async for kept in self._p.rollups.before("minute", now + MINUTE):
            if kept.start < now - _PAST:
                break
            if together and together[0].start != kept.start:
                self._series.past.restore(together)
                together = []
                await self.settle()
            together.append(_rollup(kept))
        if together:
            self._series.past.restore(together)
        async for kept in self._p.rollups.since("hour", now - KEPT * HOUR):
            self._series.past.hours.note(kept.start, _rollup(kept).slice())
            await asyncio.sleep(0)


def _kept(rollup: Rollup) -> Kept:
    return Kept.of(_SCALES[rollup.seconds], rollup.start, rollup.replica, rollup.told)


def _rollup(kept: Kept) -> Rollup:
    seconds = MINUTE if kept.scale == "minute" else HOUR
    return Rollup(kept.replica, kept.start, seconds, kept.told)
