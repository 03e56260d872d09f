"""How the service is: for load balancers, Prometheus and people."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.analytics.health import Part
from app.api.calls import json, service
from app.bootstrap.service import Service

router = APIRouter(tags=["Operations"])


@router.get("/health/live")
async def live() -> Response:
    """The process is up."""
    return json({"status": "ok"})


@router.get("/health/ready")
async def ready(request: Request) -> Response:
    """200 while the service may take traffic; 503 without a store and while it shuts down."""
    health = service(request).health
    status = "draining" if health.draining else "ready" if health.ready else "not ready"
    return json({"status": status}, 200 if health.ready else 503)


@router.get("/health")
async def everything(request: Request) -> Response:
    """Every part with its condition, the age of that finding in seconds, the milliseconds that it took, a score of 0 to
    100 over the last minute, how that is to the minutes before, and advice. Nothing is looked at for this answer."""
    parts = service(request)
    return json(found(parts), 503 if parts.health.condition == "down" else 200)


def found(parts: Service) -> dict[str, Any]:
    """Every part with its condition, as `/health` and the live channel of that name say it."""
    health = parts.health
    each: dict[str, Any] = {name: _part(part, health.age(part)) for name, part in health.parts.items()}
    each["providers"]["asked"] = list(parts.providers)
    return {
        "status": health.condition,
        "ready": health.ready,
        "score": health.score,
        "draining": health.draining,
        "turns_running": len(parts.running),
        "parts": each,
    }


def _part(part: Part, age: float) -> dict[str, Any]:
    return {
        "status": part.condition,
        "detail": part.detail,
        "age_s": round(age, 1),
        "ms": None if part.ms is None else round(part.ms, 1),
        "score": part.score,
        "trend": part.trend,
        "advice": part.advice,
    }


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """All figures in Prometheus' text format."""
    return Response(service(request).base.meters.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
