"""Experiments: begun and stopped by operators, looked at whenever one likes."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from app.api import shapes
from app.api.access import Principal
from app.api.bodies import Body, Line, Name, documented, page_limit, read
from app.api.calls import json, principal, service
from app.choices.experiments.admit import Draft
from app.experimenting.shape import head, shown
from app.vocabulary import Choice, Design, Eligible, Guardrails, Share, Source, Task, Unit

router = APIRouter(tags=["Operations"])

_Part = Annotated[float, Field(gt=0, le=1)]
_Times = Annotated[float, Field(gt=1, le=100)]


class ShareIn(Body):
    """An arm, as the policy (strategies, `strategy/variant`, profiles) or the catalogue (`provider/model`) names it,
    and its share of the experiment's learners."""

    arm: Annotated[Name, Field(examples=["hints"])]
    share: _Part


class EligibleIn(Body):
    """Which turns are in it; all where a field is empty."""

    tasks: list[Task] = Field(default_factory=list, max_length=20)
    subjects: list[Name] = Field(default_factory=list, max_length=50)
    mastery: list[Literal["weak", "growing", "strong"]] = Field(default_factory=list, max_length=3)


class DesignIn(Body):
    """How it is measured: the mean `outcome` of a learner's turns in the `hours` after their first one. Intervals are
    narrowest at so many `learners` an arm; less than `worthwhile` counts as nothing; it ends after `days`, and with the
    first sure result unless `stops` is false."""

    outcome: Literal["reward", "feedback", "finished", "latency", "cost", "independent", "review"] = "reward"
    hours: Annotated[float, Field(gt=0, le=2_160)] = 168.0
    learners: Annotated[int, Field(ge=50, le=1_000_000)] = 1_200
    worthwhile: Annotated[float, Field(ge=0, le=1)] = 0.02
    days: Annotated[float, Field(gt=0, le=365)] = 28.0
    stops: bool = True


class GuardrailsIn(Body):
    """What stops it: an arm that surely harms more learners than control, earns less than this share of control's
    reward, or takes more than so many times its time or money. Null: does not count."""

    harm: bool = True
    reward: _Part | None = 0.95
    latency: _Times | None = 1.5
    cost: _Times | None = 2.0


class ExperimentIn(Body):
    """A new experiment. Learners (or classes: all in sessions of one course) get an arm by lot and keep it."""

    name: Annotated[Line, Field(min_length=1, max_length=100, examples=["hints or guided, for practice"])]
    choice: Choice
    arms: Annotated[list[ShareIn], Field(min_length=2, max_length=10)]
    control: Annotated[Name, Field(examples=["guided"], description="One of the arms, in use already.")]
    traffic: Annotated[_Part, Field(description="Share of eligible learners that are in it.")] = 1.0
    unit: Unit = "learner"
    eligible: EligibleIn = EligibleIn()
    design: DesignIn = DesignIn()
    guardrails: GuardrailsIn = GuardrailsIn()


class StopIn(Body):
    """Why it is stopped."""

    why: Annotated[Line, Field(min_length=1, examples=["the school year is over"])] = "an operator stopped it"


class ExperimentHead(BaseModel):
    """An experiment, without what it shows."""

    id: str
    name: str
    choice: Choice
    state: Literal["running", "stopped"]
    control: str
    arms: list[dict[str, Any]]
    traffic: float
    created_at: str
    ends_at: str
    ended_at: str | None
    ended_by: str | None
    ended_why: str | None


class ExperimentsOut(BaseModel):
    """A page of experiments, newest first."""

    data: list[ExperimentHead]
    next_cursor: str | None


class ExperimentOut(ExperimentHead):
    """An experiment with what it shows. Effects are how much more the outcome of an arm is than that of control;
    `low` and `high` hold for all looks at once with 95 %, `p_value` may be looked at as often as one likes; both are
    null while too few are measured. `then` is `adopt` (an operator does so by `masterx adopt`), `keep`, `rerun` or
    `wait`."""

    results: dict[str, Any]
    conclusion: dict[str, str]


@router.post(
    "/v1/experiments",
    status_code=201,
    responses={201: {"model": ExperimentOut}},
    openapi_extra=dict(documented(ExperimentIn)),
)
async def begin_experiment(request: Request) -> Response:
    """Begins an experiment. Refused where an arm does not exist, shares don't add up to 1, control is none of the arms
    or not in use, or other experiments on the choice have too many of the learners. Operators only."""
    asking = await _operator(request)
    body, _ = await read(request, ExperimentIn)
    trials = service(request).trials
    began = await trials.experimenting.begin(asking.workspace, _draft(body))
    return await _told(request, asking, began.id, 201)


@router.get("/v1/experiments", responses={200: {"model": ExperimentsOut}})
async def list_experiments(request: Request) -> Response:
    """The workspace's experiments, newest first, without what they show (`limit`, `cursor`). Operators only."""
    asking = await _operator(request)
    cursor = request.query_params.get("cursor")
    found = await service(request).trials.experiments.newest(asking.workspace, page_limit(request), cursor)
    return Response(shapes.page(found, head), media_type="application/json")


@router.get("/v1/experiments/{experiment_id}", responses={200: {"model": ExperimentOut}})
async def get_experiment(request: Request, experiment_id: str) -> Response:
    """An experiment with its arms, effects with intervals that are valid at every look, the same by band of mastery,
    whether learners were dealt as drawn, and what follows. Operators only."""
    return await _told(request, await _operator(request), experiment_id, 200)


@router.post(
    "/v1/experiments/{experiment_id}:stop",
    responses={200: {"model": ExperimentOut}},
    openapi_extra=dict(documented(StopIn, required=False)),
)
async def stop_experiment(request: Request, experiment_id: str) -> Response:
    """Stops an experiment; what was measured stays. One that has ended stays as it is. Operators only."""
    asking = await _operator(request)
    body, _ = await read(request, StopIn, absent=b"{}")
    await service(request).trials.experimenting.stop(asking.workspace, experiment_id, "operator", body.why)
    return await _told(request, asking, experiment_id, 200)


async def _operator(request: Request) -> Principal:
    asking = await principal(request)
    asking.must_operate()
    return asking


async def _told(request: Request, asking: Principal, experiment_id: str, status: int) -> Response:
    look = await service(request).trials.watching.look(asking.workspace, experiment_id)
    return json(shown(look.experiment, look.results, look.conclusion), status)


def _draft(body: ExperimentIn) -> Draft:
    design = body.design.model_dump()
    if body.design.outcome != "reward":
        design["outcome"] = Source(body.design.outcome)
    eligible = body.eligible
    return Draft(
        name=body.name,
        choice=body.choice,
        arms=tuple(Share(one.arm, one.share) for one in body.arms),
        control=body.control,
        traffic=body.traffic,
        unit=body.unit,
        eligible=Eligible(tuple(eligible.tasks), tuple(eligible.subjects), tuple(eligible.mastery)),
        design=Design(**design),
        guardrails=Guardrails(**body.guardrails.model_dump()),
    )
