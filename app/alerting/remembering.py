"""What a new process knows of before: hours of each series of two weeks, and the minutes of the last day."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import astuple

import orjson

from app.alerting.watching import Watching
from app.analytics.anomalies.anomalies import Hour
from app.analytics.anomalies.minute import Minute
from app.analytics.anomalies.reading import minute_of
from app.analytics.series.rollup import Rollup
from app.analytics.series.slices import Slice
from app.storage.rollups import Kept, Rollups

_DAYS = 14 * 86_400
_PAST = 86_400
_SCALE = "season"


async def remember(rollups: Rollups, watching: Watching, now: float) -> None:
    """Feeds what was kept, oldest first; others are served in between. Raises `StoreUnavailable`."""
    async for kept in rollups.since(_SCALE, int(now - _DAYS)):
        for row in orjson.loads(kept.told):
            watching.anomalies.recall(Hour(*row))
        await asyncio.sleep(0)
    async for minute in _minutes(rollups, int(now - _PAST)):
        watching.feed(minute)
        await asyncio.sleep(0)


async def keep(rollups: Rollups, watching: Watching, at: int) -> None:
    """Keeps the hour that ends with this minute (since the epoch); of replicas that do the same, the first one counts.
    Raises `StoreUnavailable`."""
    hours = [astuple(hour) for hour in watching.anomalies.hours() if hour.hour == at // 60]
    if hours:
        await rollups.add(Kept.of(_SCALE, at // 60 * 3_600, "", orjson.dumps(hours).decode()))


async def _minutes(rollups: Rollups, since: int) -> AsyncIterator[Minute]:
    """The minutes that replicas have kept, added up."""
    start, together = 0, Slice()
    async for kept in rollups.since("minute", since):
        if kept.start != start:
            if together:
                yield minute_of(start, together)
            start, together = kept.start, Slice()
        for key, cell in Rollup(kept.replica, kept.start, 60, kept.told).slice().items():
            together.add(key, cell)
    if together:
        yield minute_of(start, together)
