"""What helped in which situation, as far as learners' ratings show it."""

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from app.api.bodies import page_limit
from app.api.calls import json, principal, service

router = APIRouter(tags=["Operations"])


class PatternOut(BaseModel):
    """How likely a strategy is to help in a situation (task, band of mastery, band of affect, skill; shorter ones are
    more general), from so many rated turns as they count now: half after thirty days."""

    situation: list[str] = Field(examples=[["practice", "weak", "low", "fractions"]])
    strategy: str = Field(examples=["hints"])
    helps: float = Field(examples=[0.82])
    weight: float = Field(examples=[7.4])
    confidence: float = Field(examples=[0.65])


class PatternsOut(BaseModel):
    """Patterns, those with most evidence first."""

    data: list[PatternOut]


@router.get("/v1/patterns", responses={200: {"model": PatternsOut}})
async def list_patterns(request: Request) -> Response:
    """What helped in which situation, by the evidence for it (`limit`). Operators only."""
    asking = await principal(request)
    asking.must_operate()
    parts = service(request)
    found = await parts.helping.best(asking.workspace, parts.base.clock.now(), page_limit(request))
    data = [
        {
            "situation": [*one.situation],
            "strategy": one.arm,
            "helps": round(one.prior.mean, 4),
            "weight": round(one.prior.weight, 3),
            "confidence": round(one.prior.confidence, 3),
        }
        for one in found
    ]
    return json({"data": data})
