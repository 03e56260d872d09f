"""The models that may be asked: how each stands, and who is asked first for what."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api.calls import json, principal, service
from app.errors import NotFound
from app.providers.port import Entry
from app.routing.router import Router
from app.vocabulary import Task

router = APIRouter(tags=["Operations"])


@router.get("/v1/providers")
async def list_providers(request: Request) -> Response:
    """Each model with its breaker (of all replicas, where they share a Redis), how this process hears it, and its
    place in the order of each task. Operators only."""
    (await principal(request)).must_operate()
    routing = service(request).router
    return json({"data": [_model(routing, entry) for entry in routing.entries], "retry_tokens": routing.retries.tokens})


@router.post("/v1/providers/{provider}:reset")
async def reset_provider(request: Request, provider: str) -> Response:
    """Closes the breakers of a provider's models and takes doubts back, on all replicas. Operators only."""
    (await principal(request)).must_operate()
    routing = service(request).router
    entries = [entry for entry in routing.entries if entry.provider == provider]
    if not entries:
        raise NotFound("provider", provider)
    for entry in entries:
        await routing.guard.reset(entry)
    return json({"data": [_model(routing, entry) for entry in entries]})


def _model(routing: Router, entry: Entry) -> dict[str, Any]:
    standing, pulse = routing.guard.standing(entry), routing.guard.pulse(entry, stream=True)
    return {
        "provider": entry.provider,
        "model": entry.model,
        "breaker": {
            "state": standing.state,
            "closed_to_calls_for_s": round(standing.rest, 1),
            "opened_in_a_row": standing.opens,
            "window": {"calls": standing.calls, "failed": standing.failed, "slow": standing.slow},
            "shared": standing.shared,
        },
        "silent": pulse.silent,
        "waiting": len(pulse.waiting),
        "first_token_ms": None if pulse.usual is None else round(pulse.usual * 1e3, 1),
        "prices": asdict(entry.prices),
        "context_window": entry.context_window,
        "rank": {task.value: _rank(routing, entry, task) for task in Task},
    }


def _rank(routing: Router, entry: Entry, task: Task) -> dict[str, Any]:
    order = [provider.entry for provider in routing.candidates(task)]
    stated = entry.strengths.get(task)
    why = "its strength is not stated" if stated is None else f"strength {stated:g}"
    return {"place": order.index(entry) + 1, "why": f"{why} in the catalogue; its order between equals"}
