"""The models that may be asked: how each stands, what is known of it, and who is asked first for what, and why."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api.access import OPEN
from app.api.arms import arm, shown_of
from app.api.calls import json, principal, service
from app.bootstrap.service import Service
from app.errors import NotFound
from app.policy import Policy
from app.providers.port import Entry
from app.routing.health import HALF_LIFE, Estimate
from app.routing.known import Known
from app.routing.rank import Ranked, Wanted, excluded, why
from app.routing.router import Router
from app.routing.skill import Skill
from app.vocabulary import Choice, Task

router = APIRouter(tags=["Operations"])


@router.get("/v1/providers")
async def list_providers(request: Request) -> Response:
    """Each model with its breaker (of all replicas, where they share a Redis), what this process knows of it, and its
    place in the order of each task in the policy's mode, with the score and what that is made of; `forbidden_here`
    where the caller's workspace forbids its provider; `arms`, by task, what the workspace has learned of it, as in
    `GET /v1/arms`. Operators only."""
    (asking := await principal(request)).must_operate()
    return json(listed(service(request), asking.workspace))


@router.post("/v1/providers/{provider}:reset")
async def reset_provider(request: Request, provider: str) -> Response:
    """Closes the breakers of a provider's models and takes doubts back, on all replicas; what this process knows of
    their health is forgotten. Breakers are the service's, not a workspace's: an operator of any workspace closes them
    for all. Operators only."""
    (asking := await principal(request)).must_operate()
    routing = service(request).router
    entries = [entry for entry in routing.entries if entry.provider == provider]
    if not entries:
        raise NotFound("provider", provider)
    for entry in entries:
        await routing.guard.reset(entry)
    return json({"data": _models(routing, service(request).base.policy, entries, asking.workspace)})


def listed(parts: Service, workspace: str | None) -> dict[str, Any]:
    """Each model, as `GET /v1/providers` and the live channel of that name say it in a workspace; where none is named,
    as where no keys are required."""
    routing, policy = parts.router, parts.base.policy
    workspace = workspace or OPEN.workspace
    data = _models(routing, policy, routing.entries, workspace)
    known = [one for one in shown_of(parts, workspace) if one.row.choice is Choice.MODEL]
    for entry, model in zip(routing.entries, data, strict=True):
        model["arms"] = {one.row.task: arm(one) for one in known if one.row.arm == entry.name}
    return {"data": data, "mode": policy.routing.mode, "retry_tokens": routing.retries.tokens}


def _models(routing: Router, policy: Policy, entries: Sequence[Entry], workspace: str) -> list[dict[str, Any]]:
    forbidden = policy.forbidden(workspace)
    orders = [(wanted, routing.ranked(wanted)) for wanted in (_usual(policy, task) for task in Task)]
    return [
        _model(routing, entry) | _places(entry, orders) | {"forbidden_here": entry.provider in forbidden}
        for entry in entries
    ]


def _usual(policy: Policy, task: Task) -> Wanted:
    """A turn as large as the policy lets it become, in a workspace that forbids nobody."""
    prompt, answer = policy.context.budget, policy.answer.max_tokens
    return Wanted(task, policy.routing.mode, prompt_tokens=prompt, max_tokens=answer)


def _model(routing: Router, entry: Entry) -> dict[str, Any]:
    guard = routing.guard
    standing, pulse, known = guard.standing(entry), guard.pulse(entry, stream=True), guard.figures.known(entry)
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
        "under_way": known.under_way,
        "health": _health(known),
        "forecasts": {"streams": _forecasts(guard.skill(entry, True)), "json": _forecasts(guard.skill(entry, False))},
        "left": {"requests": known.left[0], "tokens": known.left[1]},
        "throttled": round(known.throttled, 3),
        "prices": asdict(entry.prices),
        "context_window": entry.context_window,
    }


def _health(known: Known) -> dict[str, Any]:
    return {
        "first_token_ms": _estimate(known.first_token, 1e3),
        "tokens_per_s": _estimate(known.speed, 1.0),
        "failed": _estimate(known.failures, 1.0),
        "half_life_s": HALF_LIFE,
    }


def _forecasts(skill: Skill) -> dict[str, float | None]:
    """How good the predictor is: errors of the logarithm of the first token, beside the mean of late."""
    return {"learned": skill.learned, "judged": skill.judged, "error": skill.error, "score": skill.score}


def _estimate(known: Estimate | None, unit: float) -> dict[str, float] | None:
    if known is None:
        return None
    return {"mean": round(known.value * unit, 3), "weight": round(known.weight, 2), "count": known.count}


def _places(entry: Entry, orders: Sequence[tuple[Wanted, Sequence[Ranked]]]) -> dict[str, Any]:
    return {"rank": {wanted.task.value: _place(entry, wanted, ranked) for wanted, ranked in orders}}


def _place(entry: Entry, wanted: Wanted, order: Sequence[Ranked]) -> dict[str, Any]:
    for place, ranked in enumerate(order, 1):
        if ranked.provider.entry is entry:
            return {"place": place, "score": round(ranked.score, 6), "why": why(ranked, wanted)}
    return {"place": None, "score": None, "why": excluded(entry, wanted)}
