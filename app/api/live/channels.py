"""The channels that say what the calls of the operator say: one shape for both."""

from typing import Any

from app.api import operations, providers
from app.bootstrap.service import Service
from app.broadcasting import Channel


def offer(service: Service) -> None:
    """Lets them be watched."""

    def health(workspace: str) -> dict[str, Any]:
        return operations.found(service)

    def models(workspace: str) -> dict[str, Any]:
        return providers.listed(service, workspace)

    service.base.live.offer(Channel("health", health, every=1.0))
    service.base.live.offer(Channel("providers", models, every=1.0))
