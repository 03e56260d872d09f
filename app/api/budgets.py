"""What may be spent today, and what is left of it."""

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from app.api.bodies import plain
from app.api.calls import json, principal, service
from app.clock import iso
from app.errors import FieldError, Invalid
from app.routing.money import NANO
from app.spending import Spending

router = APIRouter(tags=["Operations"])


class BudgetOut(BaseModel):
    """US dollars of a day; `limit_usd` and `left_usd` are null where there is no limit, and the others count only what
    was spent while there was one."""

    limit_usd: float | None = Field(examples=[5.0])
    spent_usd: float = Field(examples=[1.25])
    reserved_usd: float = Field(examples=[0.01])
    left_usd: float | None = Field(examples=[3.74])


class BudgetsOut(BaseModel):
    """Today's budgets of the workspace and, where one is named, of a learner."""

    day: str = Field(examples=["2026-11-21"])
    renewed_at: str = Field(examples=["2026-11-22T00:00:00.000000Z"])
    when_spent: str = Field(examples=["refuse"])
    workspace: BudgetOut
    learner: BudgetOut | None


@router.get("/v1/budgets", responses={200: {"model": BudgetsOut}})
async def get_budgets(request: Request) -> Response:
    """What the workspace, and the learner that `learner_id` names, may spend today (UTC), have spent, and what is held
    for turns under way. Operators only."""
    asking = await principal(request)
    asking.must_operate()
    learner = request.query_params.get("learner_id")
    if learner is not None and not (0 < len(learner) <= 200 and plain(learner)):
        raise Invalid([FieldError("learner_id", "must be 1 to 200 characters without control characters")])
    parts = service(request)
    spending = parts.spending
    body = BudgetsOut(
        day=spending.today,
        renewed_at=iso(round(parts.base.clock.now() + spending.renewed_in)),
        when_spent=parts.base.policy.budgets.when_spent,
        workspace=await _shown(spending, asking.workspace, None),
        learner=await _shown(spending, asking.workspace, learner) if learner else None,
    )
    return json(body.model_dump())


async def _shown(spending: Spending, workspace: str, learner: str | None) -> BudgetOut:
    limit, account = await spending.view(workspace, learner)
    left = None if limit is None else round(limit - account.taken / NANO, 9)
    return BudgetOut(limit_usd=limit, spent_usd=account.spent / NANO, reserved_usd=account.held / NANO, left_usd=left)
