"""Arms: what is believed of them, what was done to them, and what front ends have seen come of them."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from app.api.bodies import Body, documented, page_limit, read
from app.api.calls import json, own_turn, principal, service
from app.api.shapes import ProblemOut
from app.bootstrap.service import Service
from app.choosing.shown import Shown, shown
from app.errors import FieldError, Forbidden, Invalid
from app.rewarding import Said
from app.vocabulary import Choice, Permission, Source

router = APIRouter(tags=["Operations"])


class SuspensionOut(BaseModel):
    """Where an arm is suspended, and until when; `*` stands for every value of a part."""

    context: str
    until: str


class ArmOut(BaseModel):
    """An arm in a task: what it earns beyond what is usual for the kinds of rewards that it got (-1 to 1, null without
    any), from how much evidence (one right answer without help is 1), the share of late decisions that it was chosen
    in, and where it is suspended."""

    choice: Choice
    task: str
    arm: str = Field(examples=["worked_example"])
    gain: float | None
    evidence: float
    share: float | None
    suspended: list[SuspensionOut]


class InterventionOut(BaseModel):
    """What was done so that nobody is hurt; `arm` null: to all that were not allowed."""

    id: str
    choice: Choice
    context: str
    arm: str | None
    what: str
    reason: str
    at: str
    until: str | None


class ArmsOut(BaseModel):
    """The arms of a workspace, how many rewards were told of each choice, of how many from which on it is learned, and
    the newest interventions."""

    mode: str
    least: int
    told: dict[str, int]
    data: list[ArmOut]
    interventions: list[InterventionOut]


class RewardIn(Body):
    """What a front end has seen come of a turn: whether the learner was right without help within a day
    (`independent`) or later (`review`), 0 to 1; or that it did `harm`: the solution was given away, the learner gave
    up."""

    source: Literal["independent", "review", "harm"]
    value: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None
    note: Annotated[str, Field(max_length=400)] | None = None


@router.get("/v1/arms", responses={200: {"model": ArmsOut}})
async def list_arms(request: Request) -> Response:
    """What is believed of each arm (`choice`: model, strategy, variant or profile), and what was done to arms
    (`limit`). Operators only."""
    asking = await principal(request)
    asking.must_operate()
    wanted = request.query_params.get("choice")
    if wanted is not None and wanted not in {choice.value for choice in Choice}:
        raise Invalid([FieldError("choice", f"must be one of {', '.join(Choice)}")])
    parts = service(request)
    made = await parts.choices.interventions.newest(asking.workspace, page_limit(request))
    arms = [one for one in shown_of(parts, asking.workspace) if wanted in (None, one.row.choice)]
    experience = parts.choices.choosing.workspaces.get(asking.workspace)
    policy = parts.base.policy.choices
    return json(
        {
            "mode": policy.mode,
            "least": policy.least,
            "told": {choice.value: experience.told.get(choice, 0) if experience else 0 for choice in Choice},
            "data": [{"choice": one.row.choice, "task": one.row.task, "arm": one.row.arm, **arm(one)} for one in arms],
            "interventions": [_made(one) for one in made if wanted in (None, one.choice)],
        }
    )


@router.post(
    "/v1/turns/{turn_id}/rewards",
    status_code=201,
    responses={409: {"model": ProblemOut}},
    openapi_extra=dict(documented(RewardIn)),
)
async def reward_turn(request: Request, turn_id: str) -> Response:
    """Keeps what came of a turn, once for each source, however late; 409 where nothing can be credited with it.
    Not for learners, whose word is `feedback`."""
    asking = await principal(request)
    turn = await own_turn(request, turn_id, write=True)
    if asking.role is Permission.LEARNER:
        raise Forbidden("a learner's key does not grade: rewards are sent by the front end, with a key of its own")
    body, _ = await read(request, RewardIn)
    if (body.value is None) is not (body.source == "harm"):
        raise Invalid([FieldError("value", "needed for independent and review; harm has none")])
    said = Said(Source(body.source), body.value or 0.0, body.note)
    await service(request).choices.rewarding.told_by_front_end(turn, said)
    return json({"turn_id": turn.id, "source": said.source, "value": said.value, "note": said.note}, 201)


def shown_of(parts: Service, workspace: str) -> list[Shown]:
    """The arms of a workspace, as they stand now."""
    return shown(parts.choices.choosing, workspace, parts.base.clock.now())


def arm(one: Shown) -> dict[str, Any]:
    """How an arm stands, as clients see it."""
    return {
        "gain": None if one.gain is None else round(one.gain, 4),
        "evidence": round(one.evidence, 3),
        "share": None if one.share is None else round(one.share, 3),
        "suspended": [{"context": context, "until": until} for context, until in one.suspended],
    }


def _made(one: Any) -> dict[str, Any]:
    return {name: getattr(one, name) for name in InterventionOut.model_fields}
