"""What to learn next, and what may be expected."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from app.advice import Ahead
from app.api.bodies import number, plain
from app.api.calls import json, principal, rounded, service
from app.errors import FieldError, Invalid
from app.learner.path.plan import Step

router = APIRouter(tags=["Learners"])

_MOST_MINUTES = 100_000
_DATE = len("2026-12-24")
_YEAR = 367


class StepOut(BaseModel):
    """One thing to do next. `gain` is the mastery it adds, times the skill's weight; `mastery` what is believed now,
    null before the first answer; `recall` the chance that what is to be reviewed is still known."""

    kind: str = Field(examples=["learn"], description="`learn` or `review`")
    skill: str
    title: str
    minutes: float
    gain: float
    why: str = Field(examples=["mastery is 55%; learning it adds about 0.25 in 18 minutes; it opens 3 more"])
    mastery: float | None
    recall: float | None


class PathOut(BaseModel):
    """What to do next, in order. `mastered` of `skills` need no more learning; for `left` others there was no room."""

    steps: list[StepOut]
    minutes: float
    skills: int
    mastered: int
    left: int


class ForecastOut(BaseModel):
    """What may be expected at a date: the `probability` of mastery; the mastery of the skill, or the progress through
    the course, `now`, as `expected`, and between `low` and `high` in 80 of 100 cases; null while the learner has
    answered nothing. `driver` would help most if it were better: `pace`, `success`, `forgetting` or `time`."""

    what: str | None = Field(examples=["mastery"])
    days: float
    probability: float | None
    now: float | None
    expected: float | None
    low: float | None
    high: float | None
    at_risk: bool | None
    driver: str | None = Field(examples=["pace"])
    why: str
    answers_per_day: float | None = Field(description="Of the last 28 days, null without an answer in them.")
    days_observed: int | None
    answers_expected: float | None
    growth: float | None = Field(description="What an answer adds to the log odds of success.")


@router.get("/v1/learners/{learner_id}/path", responses={200: {"model": PathOut}})
async def get_path(request: Request, learner_id: str) -> Response:
    """What to learn next and why: over the skills of `course_id`, or over all that the learner has answered. `minutes`
    is the time for it; with `until`, a date, those of each day until then. `limit` steps are told, 20 if not given."""
    asking = await principal(request)
    asking.must_see(learner_id, "learner", learner_id)
    minutes = _minutes(request)
    days = days_until(request, "until", service(request).base.clock.now())
    if days is not None and (minutes is None or minutes > 1_440):
        raise Invalid([FieldError("minutes", "say how many a day there are until then, up to 1,440")])
    ahead = Ahead(named_in(request, "course_id"), None, minutes, days, number(request, "limit", (20, 200)))
    path = await service(request).advice.path((asking.workspace, learner_id), ahead)
    told = ("minutes", "skills", "mastered", "left")
    return json({"steps": [*map(_step, path.steps)], **{name: getattr(path, name) for name in told}})


@router.get("/v1/learners/{learner_id}/forecast", responses={200: {"model": ForecastOut}})
async def get_forecast(request: Request, learner_id: str) -> Response:
    """The chance of mastering `skill`, or all skills of `course_id`, by the date `by`, and what decides it."""
    asking = await principal(request)
    asking.must_see(learner_id, "learner", learner_id)
    course, skill = named_in(request, "course_id"), named_in(request, "skill")
    if (course is None) == (skill is None):
        raise Invalid([FieldError("skill", "name either a skill or a course (`course_id`)")])
    days = days_until(request, "by", service(request).base.clock.now())
    if days is None:
        raise Invalid([FieldError("by", "say by when, such as 2026-12-24")])
    forecast = await service(request).advice.forecast((asking.workspace, learner_id), Ahead(course, skill, days=days))
    outlook, habit, growth = forecast.outlook, forecast.habit, forecast.growth
    names = ("what", "probability", "now", "expected", "low", "high", "at_risk", "driver")
    body: dict[str, Any] = {name: getattr(outlook, name, None) for name in names}
    body |= {name: rounded(body[name]) for name in ("probability", "now", "expected", "low", "high")}
    body["why"] = outlook.why if outlook else "there is no answer to tell it from yet"
    body["days"] = round(days, 2)
    body["answers_per_day"] = round(habit.mean, 2) if habit else None
    body["days_observed"] = habit.days if habit else None
    body["answers_expected"] = None if forecast.answers is None else round(forecast.answers, 1)
    body["growth"] = rounded(growth.mean) if growth else None
    return json({name: body[name] for name in ForecastOut.model_fields})


def _step(step: Step) -> Step:
    return replace(step, gain=round(step.gain, 4), mastery=rounded(step.mastery), recall=rounded(step.recall))


def named_in(request: Request, field: str) -> str | None:
    """A name in the query; `Invalid` for what is none."""
    given = request.query_params.get(field)
    if given is not None and not (0 < len(given) <= 200 and plain(given)):
        raise Invalid([FieldError(field, "must be 1 to 200 characters without control characters")])
    return given


def _minutes(request: Request) -> float | None:
    given = request.query_params.get("minutes")
    if given is None:
        return None
    if not re.fullmatch(r"\d{1,6}(\.\d{1,6})?", given, re.ASCII) or not 0 < float(given) <= _MOST_MINUTES:
        raise Invalid([FieldError("minutes", f"must be a number over 0 and up to {_MOST_MINUTES:,}")])
    return float(given)


def days_until(request: Request, field: str, now: float) -> float | None:
    """The days from `now` until the date or time that a field names: a date ends with its day in UTC, and a time
    without an offset is one in UTC."""
    given = request.query_params.get(field)
    if given is None:
        return None
    try:
        at = datetime.fromisoformat(given)
        end = (at if at.tzinfo else at.replace(tzinfo=UTC)) + timedelta(days=len(given) <= _DATE)
    except (ValueError, OverflowError) as error:
        raise Invalid([FieldError(field, "must be a date or a time in ISO 8601, such as 2026-12-24")]) from error
    days = (end.timestamp() - now) / 86_400
    if not 0 < days <= _YEAR:
        raise Invalid([FieldError(field, "must be later than now and within a year")])
    return days
