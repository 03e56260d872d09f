"""Makes forecasts every minute, of everything and of the workspaces that somebody asks about."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np

from app.analytics.series.fleet import Fleet
from app.analytics.series.forecasts import DAY, FUTURES, Budget, Limit, by_hour, hit, of_day, span
from app.analytics.series.hours import HOUR, since_first
from app.analytics.series.scaling import Busy, Scaling
from app.analytics.series.series import Series
from app.clock import Clock
from app.errors import StoreUnavailable
from app.stats.seasonal import Floats, fit

_EVERY = 60.0
_MINUTES_READ = 120
_AHEAD = 10
"""Minutes: about what a new replica needs to be there and warm."""

_WORKSPACES = 32
"""Workspaces whose forecasts are made: those that were asked about last."""

log = logging.getLogger("masterx.series")


@dataclass(frozen=True, slots=True)
class Sources:
    """Who knows what is left: of models' rate limits, and of a workspace's money today (`None`: without a limit)."""

    limits: Callable[[], list[Limit]]
    budget: Callable[[str], Awaitable[Budget | None]]


class Forecasting:
    """What is known of what is to come; nothing until there is enough to tell it from."""

    def __init__(self, told: tuple[Series, Fleet, Sources], clock: Clock, chance: np.random.Generator) -> None:
        self._series, self._fleet, self._sources = told
        self._clock, self._chance = clock, chance
        self._scaling = Scaling()
        self._growth: float | None = None
        self._of_service: dict[str, Any] = {}
        self._known: OrderedDict[str | None, dict[str, Any]] = OrderedDict({None: {}})

    @property
    def desired(self) -> int | None:
        """How many replicas there should be."""
        return self._scaling.last.replicas if self._scaling.last else None

    def told(self, workspace: str | None) -> Mapping[str, Any]:
        """What is known of a workspace, or of everything; one that was not asked about before is looked at within a
        minute."""
        known = self._known.setdefault(workspace, {})
        self._known.move_to_end(workspace)
        while len(self._known) > _WORKSPACES + 1:
            self._known.pop(next(name for name in self._known if name is not None))
        return known

    async def stay(self) -> None:
        """Looks ahead every minute until cancelled."""
        while True:
            for workspace in sorted(self._known, key=lambda name: name is not None):
                try:
                    found = await self.look(workspace)
                    if workspace in self._known:
                        self._known[workspace] = found
                except Exception:
                    # A bulkhead: a series that no model fits must not end the service.
                    log.exception("no forecast")
            await asyncio.sleep(_EVERY)

    async def look(self, workspace: str | None) -> dict[str, Any]:
        """What is to come, from what is known now; others are served between two fits."""
        found = self._load(workspace)
        if workspace is None:
            self._of_service = self._service()
        for name in ("turns", "tokens", "cost_usd"):
            await asyncio.sleep(0)
            hours = self._series.past.hours.last(name, workspace, self._clock.now())
            fitted = by_hour(hours) if any(hours) else None
            if fitted is not None:
                futures = fitted.futures(DAY, FUTURES, self._chance)
                found[name] = {"next_hour": span(futures[:, 0]), "next_24h": span(futures.sum(axis=1))}
                if name == "cost_usd":
                    found[name] |= await self._today(workspace, futures)
        return found | self._of_service

    def _service(self) -> dict[str, Any]:
        """What concerns the service and no workspace: models' limits, and replicas."""
        limits = [told for one in self._sources.limits() if (told := self._limit(one)) is not None]
        found = {"limits": limits, "replicas": self._replicas()}
        return {name: value for name, value in found.items() if value}

    def _load(self, workspace: str | None) -> dict[str, Any]:
        labels = {} if workspace is None else {"workspace": workspace}
        turns = since_first([*self._series.minutes("turns", labels, _MINUTES_READ)])
        fitted = fit(turns) if any(turns) else None
        if fitted is None:
            return {}
        ahead = span(fitted.futures(_AHEAD, FUTURES, self._chance).mean(axis=1))
        now = fmean(turns[-5:])
        if workspace is None:
            self._growth = ahead["high"] / now if now else None
        return {"turns_per_min": {"now": round(now, 3), f"next_{_AHEAD}_min": ahead}}

    def _limit(self, limit: Limit) -> dict[str, Any] | None:
        names = ("calls",) if limit.what == "requests" else ("tokens.input", "tokens.output")
        labels = {"provider": limit.provider, "model": limit.model}
        used = [since_first([*self._series.minutes(name, labels, _MINUTES_READ)]) for name in names]
        fitted = fit([sum(one) for one in zip(*used, strict=False)])
        return None if fitted is None else hit(fitted.futures(60, FUTURES, self._chance), limit)

    async def _today(self, workspace: str | None, futures: Floats) -> dict[str, Any]:
        now = self._clock.now()
        try:
            budget = None if workspace is None else await self._sources.budget(workspace)
        except StoreUnavailable:
            budget = None
        hours_left = DAY - int(now) % 86_400 // HOUR
        left_of_hour = 1 - now % HOUR / HOUR
        return of_day(futures[:, :hours_left], self._series.past.today("cost_usd", workspace), left_of_hour, budget)

    def _replicas(self) -> dict[str, Any] | None:
        there = self._fleet.there()
        if not there:
            return None
        cpu, in_flight = fmean(beat.cpu for beat in there), fmean(beat.in_flight for beat in there)
        wanted = self._scaling.note(Busy(len(there), cpu, in_flight, self._growth), self._clock.monotonic())
        return {"desired": wanted.replicas, "now": len(there), "reason": wanted.reason}
