"""Traces, wired: whom they are told to, and what Prometheus hears of that."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from app import __version__
from app.analytics.meters import Meters
from app.bootstrap.background import Background
from app.clock import Clock
from app.events import Events
from app.settings import Settings
from app.tracing import Tracing

if TYPE_CHECKING:
    import aiohttp

_SECONDS = 2.5
"""How long the collector is waited for."""


@asynccontextmanager
async def traced(
    settings: Settings, around: tuple[Clock, Background], events: Events, meters: Meters
) -> AsyncIterator[None]:
    """Turns that end inside this context are told to the collector that the settings name, if they name one."""
    clock, background = around
    if settings.otlp is None:
        _measure(meters, None)
        yield
        return
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as http:
        tracing = Tracing(partial(_post, http, settings.otlp), clock, __version__)
        events.subscribe(tracing.hear)
        _measure(meters, tracing)
        async with background.beside(traces=tracing.stay):
            yield
        await tracing.leave()


async def _post(http: "aiohttp.ClientSession", url: str, body: bytes) -> int:
    """A `tracing.Post`: no redirect is followed, nothing of the answer is read."""
    from aiohttp import ClientError

    headers = {"content-type": "application/json"}
    try:
        async with http.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            return answer.status
    except ClientError as error:
        raise OSError(str(error)) from error


def _measure(meters: Meters, tracing: Tracing | None) -> None:
    meters.counts(
        "masterx_traces",
        "Turns told to the collector of traces, by what came of it",
        "result",
        lambda: tracing.counts if tracing else {},
    )
    meters.gauge(
        "masterx_traces_waiting",
        "Turns that wait to be told to the collector of traces",
        lambda: len(tracing) if tracing else 0,
    )
