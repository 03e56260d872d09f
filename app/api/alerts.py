"""What operators should know of now, with likely causes."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from app.analytics.alerts.listing import told
from app.api.calls import json, principal, service
from app.vocabulary import Severity

router = APIRouter(tags=["Operations"])

State = Literal["open", "quiet", "closed"]


class CauseOut(BaseModel):
    """A likely cause: what it is, its share of the change where that can be measured, what shows it, what to do."""

    what: str = Field(examples=["groq turns calls down (429)"])
    share: float | None = Field(examples=[0.93])
    evidence: str = Field(examples=["84% of its calls fail, 1% before; 98% of them: busy"])
    advice: str = Field(examples=["Raise the rate limit there."])


class AlertOut(BaseModel):
    """One alert. `since` is when it began, `opened_at` when it was noticed; `observed` and `expected` are in `unit`.
    `workspace` null: everybody's. `grouped` are alerts of the same cause, `part_of` the one that this is grouped
    under; `count` how often it came back."""

    id: str = Field(examples=["provider_errors-53fa2ee39a5e2614"])
    rule: str = Field(examples=["provider_errors"])
    title: str = Field(examples=["More calls of groq fail"])
    severity: Severity
    state: State
    opened_at: str = Field(examples=["2026-11-21T06:53:10.000000Z"])
    since: str = Field(examples=["2026-11-21T06:50:00.000000Z"])
    closed_at: str | None
    quiet_until: str | None
    workspace: str | None
    subject: str = Field(examples=["groq"])
    observed: float | None = Field(examples=[0.84])
    expected: tuple[float | None, float | None] | None = Field(examples=[(0.0, 0.04)])
    unit: str | None = Field(examples=["share"])
    count: int
    causes: list[CauseOut]
    advice: str | None
    grouped: list[str]
    part_of: str | None


class AlertsOut(BaseModel):
    """The alerts of the service and of the caller's workspace: what is alive first, the urgent ones first."""

    data: list[AlertOut]
    next_cursor: None = None


class QuietIn(BaseModel):
    """For how many minutes nobody is told."""

    minutes: Annotated[float, Field(gt=0, le=10_080)] = 60.0


@router.get("/v1/alerts", responses={200: {"model": AlertsOut}})
async def list_alerts(
    request: Request,
    state: Annotated[State | None, Query(description="only those of this state")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Alerts with their likely causes, ranked by evidence, as of the last look (at most some seconds ago). Operators
    only."""
    (asking := await principal(request)).must_operate()
    data: list[dict[str, Any]] = service(request).alerting.listed(asking.workspace, state)
    return json({"data": data[:limit], "next_cursor": None})


@router.post("/v1/alerts/{alert_id}:quiet", responses={200: {"model": AlertOut}})
async def quiet_alert(request: Request, alert_id: str, body: Annotated[QuietIn | None, Body()] = None) -> Response:
    """Tells nobody of an alert for so many minutes, on all replicas; that it closed is told. Operators only."""
    (asking := await principal(request)).must_operate()
    minutes = (body or QuietIn()).minutes
    return json(told(await service(request).alerting.quiet(asking.workspace, alert_id, minutes), asking.workspace))
