"""The series, wired: who counts for them, and with whom they are shared."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.analytics.series.series import Series
from app.analytics.series.sharing import Around, Sharing
from app.bootstrap.adapters import background
from app.bootstrap.base import Base
from app.storage.rollups import Rollups


@asynccontextmanager
async def series_of(base: Base, me: str) -> AsyncIterator[Series]:
    """The series of this process, which is called `me`; at the end what is not kept yet is."""
    rollups = Rollups(base.store)
    series = Series(base.clock, me, await rollups.key())
    base.events.subscribe(series.hear)
    sharing = Sharing(series, Around(base.cache, rollups, base.clock))
    async with background(sharing.stay(), sharing.follow()):
        yield series
    await sharing.leave()
