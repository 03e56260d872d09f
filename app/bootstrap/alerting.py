"""Alerting, wired: what it looks at, what it is fed with, and whom it tells."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import aiohttp

from app import __version__
from app.alerting.alerting import Alerting, Parts
from app.alerting.sight import Around, Sight
from app.alerting.telling import Hook, Telling
from app.alerting.watching import Watching
from app.analytics.alerts.rules import Budget
from app.analytics.alerts.settings import AlertSettings, load
from app.analytics.health import Health
from app.bootstrap.base import Base
from app.errors import SettingsError
from app.events import Changed
from app.later import Later
from app.routing.breaker import State
from app.routing.money import NANO
from app.routing.router import Router
from app.settings import Settings
from app.spending import Spending
from app.storage.alerts import Alerts
from app.storage.rollups import Rollups

_SECONDS = 5.0
"""How long a webhook is waited for."""

_CLOSED_TO_CALLS = (State.OPEN, State.HALF_OPEN, State.FORCED_OPEN)


@dataclass(frozen=True, slots=True)
class Looked:
    """What alerting looks at."""

    router: Router
    spending: Spending
    later: Later
    health: Health


@asynccontextmanager
async def alerting_of(base: Base, at: Looked) -> AsyncIterator[Alerting]:
    """Alerting, which begins to look. Raises `SettingsError`."""
    settings = load(base.settings.alerts)
    hooks, alerts, watching = _hooks(settings, base.settings), Alerts(base.store), Watching(settings)
    around = _around(at)
    sight = Sight(around, settings)
    alerting = Alerting(
        Parts(
            alerts=alerts,
            rollups=Rollups(base.store),
            watching=watching,
            look=sight.look,
            store_answers=lambda: around.store()[0],
            settings=settings,
            cache=base.cache,
            events=base.events,
            clock=base.clock,
        )
    )
    base.series.sample("store.", lambda: at.health.counts)
    base.series.each_minute(lambda minute: alerting.feed(minute.start, minute.cells))
    for hear in (alerting.hear, sight.hear):
        base.events.subscribe(hear)
    base.events.publish(Changed("deploy", __version__, "a process of this version started"))
    version = base.policy.version
    if before := await Rollups(base.store).activated(version, int(base.clock.now()), base.series.name):
        base.events.publish(Changed("policy", version, f"became active after {before}"))
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as http:
        telling = Telling(alerts, hooks, partial(_post, http), base.clock, me=base.series.name)
        base.events.subscribe(telling.hear)
        _measure(base, alerting, telling)
        work = {"alerts": alerting.stay, "alerts_heard": alerting.follow, "webhooks": telling.stay}
        async with base.background.beside(**work):
            yield alerting


def _around(at: Looked) -> Around:
    return Around(
        closed_to_calls=partial(_closed_to_calls, at.router),
        budget=partial(_budget, at.spending),
        store=lambda: (at.health.parts["store"].condition != "down", at.health.usual("store")),
        waiting=lambda: at.later.waiting,
    )


def _closed_to_calls(router: Router) -> Iterable[tuple[str, str]]:
    standing = router.guard.standing
    return ((e.provider, e.model) for e in router.entries if standing(e).state in _CLOSED_TO_CALLS)


async def _budget(spending: Spending, workspace: str) -> Budget | None:
    limit, account = await spending.view(workspace)
    return None if limit is None else Budget(workspace, account.taken / NANO, limit)


def _hooks(settings: AlertSettings, surroundings: Settings) -> tuple[Hook, ...]:
    found = []
    for name, webhook in settings.webhook.items():
        secret = surroundings.secret(webhook.secret)
        if secret is None:
            raise SettingsError(f"MASTERX_ALERTS: webhook.{name}.secret: the variable {webhook.secret} is not set")
        found.append(Hook(name, webhook, secret.encode()))
    return tuple(found)


async def _post(http: aiohttp.ClientSession, url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """A `telling.Post`: one connection, no redirect followed, nothing of the answer read."""
    try:
        async with http.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            return answer.status
    except aiohttp.ClientError as error:
        raise OSError(str(error)) from error


def _measure(base: Base, alerting: Alerting, telling: Telling) -> None:
    base.meters.gauges(
        "masterx_alerts",
        "Alerts that are alive, of all replicas",
        ("severity", "state"),
        lambda: [(labels, float(count)) for labels, count in alerting.count().items()],
    )
    base.meters.counts(
        "masterx_alert_deliveries",
        "Alerts that this process sent to webhooks, by what came of it",
        "result",
        lambda: telling.deliveries,
    )
