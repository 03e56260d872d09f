"""The figures of a window, for a program: what the live channel `metrics` says, too."""

import asyncio
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.analytics.series.rings import WINDOWS
from app.api.access import OPEN, Principal
from app.api.calls import json, principal, service
from app.errors import FieldError, Invalid, NotFound
from app.vocabulary import Permission

router = APIRouter(tags=["Operations"])

_TAUGHT = ("window", "workspace", "from", "to", "replicas", "turns", "tasks", "affect", "mastery", "engagement")
"""What teachers may see."""

_MANY = 5
"""Learners of whom a teacher may be told how they feel together."""


@router.get("/v1/metrics")
async def get_metrics(request: Request) -> Response:
    """What was counted on all replicas in the last `window` (`1m`, `5m`, `1h`, `24h`): turns, latency, tokens, cost,
    models, tasks, context, cache, affect, mastery, engagement, experiments, forecasts, and points for charts. What is
    not known is left out. Operators see their workspace; teachers what concerns learning; where no keys are required,
    everything, or the `workspace` that is named."""
    asking = await principal(request)
    if asking.role is not Permission.TEACHER:
        asking.must_operate()
    window = request.query_params.get("window", "5m")
    if window not in WINDOWS:
        raise Invalid([FieldError("window", f"must be one of {', '.join(WINDOWS)}")])
    series, workspace = service(request).base.series, seen_by(asking, request.query_params.get("workspace"))
    for _ in series.ahead(window, workspace):
        await asyncio.sleep(0)
    found = series.figures(window, workspace)
    return json(taught(found) if asking.role is Permission.TEACHER else found)


def seen_by(asking: Principal, named: str | None) -> str | None:
    """The workspace whose figures are for whoever asks, `None` for those of all; `NotFound` for one not theirs."""
    if asking is OPEN:
        return named
    if named not in (None, asking.workspace):
        raise NotFound("workspace", named)
    return asking.workspace


def taught(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a teacher may see; not how learners feel where they are so few that it says who."""
    few = found["engagement"].get("learners", 0) < _MANY
    return {name: found[name] for name in _TAUGHT if name in found and not (few and name == "affect")}
