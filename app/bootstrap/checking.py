"""What `/health` looks at: the store, the cache, the providers, the disk, work in the background, the event loop."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

from app.analytics.health import Check, Health, Poor
from app.analytics.lag import Lag
from app.bootstrap.background import Background
from app.bootstrap.base import Base
from app.routing.breaker import State
from app.routing.router import Router
from app.settings import masked

_LITTLE, _SHARE = 1 << 30, 0.05
"""A disk with less than a gibibyte and less than a twentieth of it free is nearly full."""

_LATE = 100.0
"""Milliseconds by which the loop may be late, a tenth of the time."""

_THROUGH = (State.CLOSED, State.DISABLED, State.METRICS_ONLY)


def health_of(base: Base, router: Router) -> Health:
    """The health of the service."""
    store, cache = masked(base.settings.store), masked(base.settings.cache)
    lag = Lag(base.clock)
    checks = {
        "store": Check(base.store.ping, True, f"turns are refused until {store} answers; `masterx doctor` says more"),
        "cache": Check(base.cache.ping, False, f"the service goes on process-locally until {cache} answers"),
        "providers": Check(_providers(router), False, "see GET /v1/providers"),
        "background": Check(_background(base.background), False, "the log says why, with a traceback"),
        "loop": Check(_loop(lag), False, "this process has more to do than it can: start another replica"),
    }
    if base.settings.sqlite_path is not None:
        checks["disk"] = Check(_disk(base.settings.sqlite_path), False, "the disk does not answer", slow=1_000.0)
    return Health(checks, base.clock, lag)


def _providers(router: Router) -> Callable[[], Awaitable[str | Poor]]:
    async def look() -> str | Poor:
        standings = {f"{e.provider}/{e.model}": router.guard.standing(e).state for e in router.entries}
        shut = [name for name, state in standings.items() if state not in _THROUGH]
        if not shut:
            return f"{len(standings)} of {len(standings)} models may be asked" if standings else "the offline tutor"
        told = f"{len(standings) - len(shut)} of {len(standings)} models may be asked; not {', '.join(shut)}"
        return Poor(told, "GET /v1/providers says since when and why", 1 - len(shut) / len(standings))

    return look


def _disk(path: Path) -> Callable[[], Awaitable[str | Poor]]:
    folder = path.absolute().parent

    async def look() -> str | Poor:
        there = await asyncio.to_thread(shutil.disk_usage, folder)
        told = f"{there.free / (1 << 30):.1f} GiB of {there.total / (1 << 30):.1f} free"
        if there.free < _LITTLE and there.free < _SHARE * there.total:
            return Poor(told, f"make room where {path} is: without it no turn can be kept", 0.2)
        return told

    return look


def _background(background: Background) -> Callable[[], Awaitable[str | Poor]]:
    async def look() -> str | Poor:
        if unwell := background.unwell:
            return Poor(f"failed of late, and started again: {', '.join(unwell)}", "the log says why, with a traceback")
        return f"all {len(background.failures)} pieces of work are well"

    return look


def _loop(lag: Lag) -> Callable[[], Awaitable[str | Poor]]:
    async def look() -> str | Poor:
        told = f"at most {lag.ms:.0f} ms late in the last 10 s"
        if lag.steady > _LATE:
            return Poor(told, "this process has more to do than it can: start another replica")
        return told

    return look
