"""The series, wired: who counts for them, with whom they are shared, and what is foretold from them."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from app.analytics.series.fleet import Fleet, Vitals
from app.analytics.series.forecasting import Forecasting, Sources
from app.analytics.series.forecasts import Budget, Limit
from app.analytics.series.sharing import Around, Sharing
from app.bootstrap.base import Base
from app.routing.money import NANO
from app.routing.router import Router
from app.running import Running
from app.spending import Spending
from app.storage.rollups import Rollups


@dataclass(frozen=True, slots=True)
class Figured:
    """Whose figures are part of the series."""

    router: Router
    running: Running
    spending: Spending


@asynccontextmanager
async def shared(base: Base, figured: Figured) -> AsyncIterator[None]:
    """Shares the series with other replicas and foretells from them; at the end what is not kept yet is."""
    from numpy.random import default_rng  # a quarter of a second: not for a command that builds no service

    series, router = base.series, figured.router
    fleet = Fleet(base.clock, series.name, Vitals(time.process_time, lambda: len(figured.running)))
    sharing = Sharing(series, fleet, Around(base.cache, Rollups(base.store), base.clock))
    sources = Sources(lambda: _limits(router), lambda workspace: _budget(figured.spending, workspace))
    forecasting = Forecasting((series, fleet, sources), base.clock, default_rng())
    series.replicas = lambda: len(fleet)
    series.add(lambda window, workspace: {"breakers": _breakers(router)})
    series.add(lambda window, workspace: {"forecasts": forecasting.told(workspace)})
    _gauges(base, forecasting, sharing)
    async with base.background.beside(**sharing.work(), forecasts=forecasting.stay):
        yield
    await sharing.leave()


def _gauges(base: Base, forecasting: Forecasting, sharing: Sharing) -> None:
    base.meters.gauges(
        "masterx_desired_replicas",
        "Replicas that there should be, once that is known; GET /v1/metrics says why",
        (),
        lambda: [((), float(forecasting.desired))] if forecasting.desired is not None else [],
    )
    base.meters.gauge(
        "masterx_rollups_unkept", "Roll-ups of figures that wait for the store", lambda: len(sharing.unkept)
    )


def _breakers(router: Router) -> list[dict[str, Any]]:
    standing = router.guard.standing
    return [{"provider": e.provider, "model": e.model, "state": standing(e).state} for e in router.entries]


def _limits(router: Router) -> list[Limit]:
    return [
        Limit(entry.provider, entry.model, what, left, full, reset)
        for entry in router.entries
        for what, (left, full, reset) in router.guard.figures.outlook(entry).items()
        if left is not None
    ]


async def _budget(spending: Spending, workspace: str) -> Budget | None:
    limit, account = await spending.view(workspace)
    return None if limit is None else Budget(limit, account.taken / NANO)
