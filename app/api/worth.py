"""What layers of context are worth, as far as learners' ratings show it."""

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from app.api.calls import json, principal, service
from app.weighing import Row

router = APIRouter(tags=["Operations"])


class WorthRow(BaseModel):
    """How much more reward, between -1 and 1, an answer earns with the whole layer than with `factor` of it (0:
    without it), between `low` and `high` with 95 % confidence; null while there are too few rated turns. `task` null:
    in all."""

    task: str | None = Field(examples=["practice"])
    layer: str = Field(examples=["memory"])
    factor: float = Field(examples=[0.0])
    estimate: float | None = Field(examples=[0.08])
    low: float | None = Field(examples=[0.02])
    high: float | None = Field(examples=[0.14])
    whole: int = Field(examples=[2400], description="rated turns with the whole layer")
    shrunk: int = Field(examples=[60], description="rated turns with that part of it")


class WorthOut(BaseModel):
    """What ratings under the active policy show, its weights, and those that would follow."""

    policy: str = Field(examples=["1"])
    share: float = Field(examples=[0.02])
    weights: dict[str, float] = Field(examples=[{"memory": 0.5}])
    proposed: dict[str, float] = Field(examples=[{"memory": 0.6}])
    data: list[WorthRow]


@router.get("/v1/context/worth", responses={200: {"model": WorthOut}})
async def get_worth(request: Request) -> Response:
    """What each layer of context is worth, by task, estimated from turns of this workspace that had it left out or
    halved by lot (`context.explore` in the policy) and were rated; and the weights that follow. Operators only."""
    asking = await principal(request)
    asking.must_operate()
    parts = service(request)
    policy = parts.base.policy
    judged = await parts.weighing.judge(policy, asking.workspace)
    body = WorthOut(
        policy=policy.version,
        share=policy.context.explore.share,
        weights=dict(judged.weights),
        proposed=dict(judged.proposed),
        data=[_row(row) for row in judged.rows],
    )
    return json(body.model_dump())


def _row(row: Row) -> WorthRow:
    judged = row.worth
    return WorthRow(
        task=row.task,
        layer=row.layer,
        factor=row.factor,
        estimate=judged and round(judged.estimate, 4),
        low=judged and round(judged.low, 4),
        high=judged and round(judged.high, 4),
        whole=row.whole,
        shrunk=row.shrunk,
    )
