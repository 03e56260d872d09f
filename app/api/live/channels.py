"""The channels that say what the calls of the operator say: one shape for both."""

from typing import Any

from app.api import operations, providers
from app.bootstrap.service import Service
from app.broadcasting import Channel


def offer(service: Service) -> None:
    """Lets them be watched."""

    def health(workspace: str | None) -> dict[str, Any]:
        return operations.found(service)

    def models(workspace: str | None) -> dict[str, Any]:
        return providers.listed(service, workspace)

    service.base.live.offer(Channel("health", health, every=1.0))
    service.base.live.offer(Channel("providers", models, every=1.0))


def measure(service: Service) -> None:
    """How many watch, and how many this side has sent away."""
    live, meters = service.base.live, service.base.meters
    meters.gauge("masterx_live_readers", "Live connections open in this process", lambda: len(live))
    meters.counts("masterx_live_closed", "Live connections closed by the service", "code", lambda: live.closed)
