"""What operators should know of now, with likely causes."""

from typing import Annotated, Literal, get_args

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from app.analytics.alerts.listing import told
from app.api.access import OPEN, Principal
from app.api.bodies import Body, documented, read
from app.api.calls import json, principal, service
from app.api.paging import page
from app.errors import FieldError, Invalid
from app.vocabulary import Severity

router = APIRouter(tags=["Operations"])

State = Literal["open", "quiet", "closed"]
STATES = get_args(State)

_PLACE = (float, float, float, str)


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
    next_cursor: str | None


class QuietIn(Body):
    """For how many minutes nobody is told."""

    minutes: Annotated[float, Field(gt=0, le=10_080)] = 60.0


@router.get("/v1/alerts", responses={200: {"model": AlertsOut}})
async def list_alerts(request: Request) -> Response:
    """Alerts with their likely causes, ranked by evidence, as of the last look (some seconds ago at most): those of one
    `state`, else all (`limit`, `cursor`). Operators only; where no keys are required, of all workspaces."""
    asking = await principal(request)
    asking.must_operate()
    state = request.query_params.get("state")
    if state is not None and state not in STATES:
        raise Invalid([FieldError("state", f"must be one of {', '.join(STATES)}")])
    found, cursor = page(request, service(request).alerting.placed(_seen_by(asking), state), _PLACE)
    return json({"data": found, "next_cursor": cursor})


@router.post(
    "/v1/alerts/{alert_id}:quiet",
    responses={200: {"model": AlertOut}},
    openapi_extra=dict(documented(QuietIn, required=False)),
)
async def quiet_alert(request: Request, alert_id: str) -> Response:
    """Tells nobody of an alert for so many minutes, an hour where there is no body, on all replicas; that it closed is
    told. Operators only."""
    asking = await principal(request)
    asking.must_operate()
    body, _ = await read(request, QuietIn, absent=b"{}")
    seen_by = _seen_by(asking)
    return json(told(await service(request).alerting.quiet(seen_by, alert_id, body.minutes), seen_by))


def _seen_by(asking: Principal) -> str | None:
    """The workspace whose alerts whoever asks may see; `None` for all."""
    return None if asking is OPEN else asking.workspace
