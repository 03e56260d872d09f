"""The series, wired: who counts for them, and with whom they are shared."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from app.analytics.series.series import Series
from app.analytics.series.sharing import Around, Sharing
from app.bootstrap.adapters import background
from app.bootstrap.base import Base
from app.responses.responses import Responses
from app.routing.router import Router
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


def figure(series: Series, router: Router, responses: Responses) -> None:
    """Adds to the figures what others count."""
    series.sample("responses.", lambda: responses.results)
    series.add(lambda window, workspace: {"breakers": _breakers(router)})


def _breakers(router: Router) -> list[dict[str, Any]]:
    standing = router.guard.standing
    return [{"provider": e.provider, "model": e.model, "state": standing(e).state} for e in router.entries]
