"""The channels that say what the calls of the operator say: one shape for both."""

from collections.abc import Mapping
from typing import Any

from app.analytics.alerts.listing import told
from app.api import metrics, operations, providers
from app.bootstrap.service import Service
from app.broadcasting import Channel, Kind, Viewer
from app.events import Alerted, Event
from app.vocabulary import Alert, Permission

_USUAL = "5m"
_WINDOWS = {"1m": 1.0, "5m": 1.0, "1h": 5.0, "24h": 30.0}
"""Seconds between looks at the figures of a window: the longer it is, the less of it is new."""


def offer(service: Service) -> None:
    """Lets them be watched."""

    def health(workspace: str | None) -> dict[str, Any]:
        return operations.found(service)

    def models(workspace: str | None) -> dict[str, Any]:
        return providers.listed(service, workspace)

    def trials(workspace: str | None) -> dict[str, Any]:
        return {"data": service.trials.watching.figures(workspace)}

    service.base.live.offer(Channel("health", health, every=1.0))
    service.base.live.offer(Channel("providers", models, every=1.0))
    service.base.live.offer(Channel("experiments", trials, every=1.0))
    _Alerts(service)
    for window in _WINDOWS:
        service.base.live.offer(_metrics(service, window))


class _Alerts:
    """Alerts are known to every replica: each tells its own readers, in each workspace without the names of others."""

    def __init__(self, service: Service) -> None:
        self._live = service.base.live
        self._told: Alert | None = None
        self._listed = service.alerting.listed
        self._live.offer(Channel("alerts", self._alive, kind=Kind.KEPT, shown=self._shown))
        service.base.events.subscribe(self._hear)

    def _alive(self, workspace: str | None) -> list[Mapping[str, Any]]:
        return [alert for alert in self._listed(workspace) if alert["state"] != "closed"]

    def _hear(self, event: Event) -> None:
        if isinstance(event, Alerted):
            self._told = event.alert
            self._live.tell_here("alerts", event.alert.workspace or None, {"id": event.alert.id})
            self._told = None

    def _shown(self, viewer: Viewer, alert: Any) -> Any:
        return alert if self._told is None else told(self._told, viewer.workspace)


def _metrics(service: Service, window: str) -> Channel:
    """`metrics` is the usual window; others are `metrics:1h` and so on."""
    name = "metrics" if window == _USUAL else f"metrics:{window}"
    roles = frozenset({Permission.TEACHER, Permission.OPERATOR})

    def current(workspace: str | None) -> Mapping[str, Any]:
        return service.base.series.figures(window, workspace)

    return Channel(name, current, roles, _WINDOWS[window], shown=_figures)


def _figures(viewer: Viewer, found: Mapping[str, Any]) -> Mapping[str, Any]:
    return metrics.taught(found) if viewer.role is Permission.TEACHER else found


def measure(service: Service) -> None:
    """How many watch, and how many this side has sent away."""
    live, meters = service.base.live, service.base.meters
    meters.gauge("masterx_live_readers", "Live connections open in this process", lambda: len(live))
    meters.counts("masterx_live_closed", "Live connections closed by the service", "code", lambda: live.closed)
