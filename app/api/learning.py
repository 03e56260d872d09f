"""What learners can do: graded answers in, what is believed of each skill out."""

import hashlib
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from app.api.bodies import Body, Name, documented, idempotency_key, named, number, page_limit, read
from app.api.calls import json, principal, rounded, service
from app.api.shapes import ProblemOut
from app.clock import iso
from app.learner.grading import Call, Told
from app.learner.memory.plan import Plan
from app.learner.mind import Fact
from app.learner.rows import Row
from app.storage.answers import in_slices
from app.vocabulary import Answer

MOST = 10_000
"""Answers in one call; the limit of a body (1 MiB) holds, too."""

router = APIRouter(tags=["Learners"])


def _time(text: str) -> str:
    """Refuses what is no time, and one that says no offset: it would be another time elsewhere."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError("must be a time in ISO 8601, such as 2026-11-21T06:50:33Z") from error
    if at.tzinfo is None:
        raise ValueError("must say its offset from UTC, such as Z")
    if not 1970 < at.year < 9999:
        raise ValueError("must be after 1970")
    return text


class AnswerIn(Body):
    """One graded attempt. `at` is when it was made, now where it is left out; `hints` were taken before it;
    `solution_shown` says that the solution was on view; `id` is the front end's own name for it."""

    skill: Annotated[Name, Field(examples=["linear equations"])]
    correct: bool
    item: Annotated[Name | None, Field(examples=["3x+5=20"])] = None
    response_ms: Annotated[float | None, Field(ge=0, le=1e9, allow_inf_nan=False, examples=[8400])] = None
    hints: Annotated[int, Field(ge=0, le=1_000)] = 0
    solution_shown: bool = False
    at: Annotated[str, Field(max_length=40, examples=["2026-11-21T06:50:33Z"]), AfterValidator(_time)] | None = None
    id: Name | None = None


class AnswersIn(Body):
    """Attempts in the order in which they were made."""

    answers: Annotated[list[AnswerIn], Field(min_length=1, max_length=MOST)]


class EstimateOut(BaseModel):
    """What is said of one row: the chance of success predicted before it; mastery of its skill, the chance that the
    next unaided answer is right, and the standard deviation of that after it; all null for a `duplicate`."""

    id: str | None = Field(examples=["0199d3a0-5c1e-7a10-8a30-0d6f2c9b1e77#0"], description="Its name as evidence.")
    predicted: float | None
    mastery: float | None
    uncertainty: float | None
    noted: list[str] = Field(
        description="What was odd about it. `future`: later than now, counts as made now. `out-of-order`: earlier than "
        "the learner's newest answer, learned from in order of arrival. `new-skill`: the first of its skill. "
        "`duplicate`: counted before, not again."
    )


class EstimatesOut(BaseModel):
    """A row for each answer, in order; `counted` of them are new."""

    data: list[EstimateOut]
    counted: int


class MasteryOut(BaseModel):
    """What is believed of a skill: the chance that the next unaided answer is right, its standard deviation, how much
    it has risen over the last answers, the share of later items that were right without help, and the newest answers
    that this rests on."""

    skill: str
    probability: float
    uncertainty: float
    attempts: int
    trend: float | None
    independence: float | None
    last_at: str
    evidence: list[str]


class MasteriesOut(BaseModel):
    """A page of skills, by name."""

    data: list[MasteryOut]
    next_cursor: str | None


class ReviewOut(BaseModel):
    """A review of a skill: the day it is planned for; `due_at`, when the chance that it is recalled has fallen to 90 %,
    but at least ten minutes after the last answer; `recall`, that chance now; and `value`, from 0 to 1, what a review
    now would add to the chance that it is recalled a month from now, or at the exam. `why`: `overdue`, due before
    today; `due`; or `exam`, once more before an exam after which it would be due."""

    skill: str
    day: str
    due_at: str
    recall: float
    value: float
    why: str


class ReviewsOut(BaseModel):
    """A plan of reviews, by day and value."""

    data: list[ReviewOut]
    overdue: int
    unplaced: int
    daily_reviews: int


_REFUSED: dict[int | str, dict[str, Any]] = {status: {"model": ProblemOut} for status in (409, 413, 422, 503)}


@router.post(
    "/v1/learners/{learner_id}/answers",
    responses={200: {"model": EstimatesOut}, **_REFUSED},
    openapi_extra=dict(documented(AnswersIn)),
)
async def grade(request: Request, learner_id: str) -> Response:
    """Keeps graded attempts, 10,000 at most and within 1 MiB, and says of each what was predicted before it and is
    believed after it.

    They are durable when this answers. A row that is not valid (an unknown field, a negative time) is named by its
    place and then none is kept; odd ones are kept and noted. An answer is known again by its `id` (with an `at` as long
    as it is kept, else among the learner's 500 newest that have one), or by `at`, skill and item, and counts once. An
    `Idempotency-Key` makes a retry return the first answer.
    """
    asking = await principal(request)
    asking.must_grade(learner_id)
    named(learner_id)
    body, raw = await read(request, AnswersIn)
    key = idempotency_key(request)
    rows = await in_slices(body.answers, _row)
    call = Call((asking.workspace, learner_id), rows, key, hashlib.sha256(raw).hexdigest() if key else None)
    told, repeated = await service(request).base.learning.grading.grade(call)
    counted = sum(row.answer is not None for row in told)
    headers = {"Idempotent-Replayed": "true"} if repeated else {}
    return json({"data": await in_slices(told, _told), "counted": counted}, headers=headers)


@router.get("/v1/learners/{learner_id}/mastery", responses={200: {"model": MasteriesOut}})
async def get_mastery(request: Request, learner_id: str) -> Response:
    """What is believed of each skill that the learner has practised, by name (`limit`, `cursor`; `skill` for one)."""
    asking = await principal(request)
    asking.must_see(learner_id, "learner", learner_id)
    limit, after = page_limit(request), request.query_params.get("cursor", "")
    facts = await service(request).base.learning.portraits.facts((asking.workspace, learner_id))
    only = request.query_params.get("skill")
    found = sorted((f for f in facts if f.standing.skill > after), key=lambda fact: fact.standing.skill)
    found = [fact for fact in found if only is None or fact.standing.skill == only]
    cursor = found[limit - 1].standing.skill if len(found) > limit else None
    return json({"data": [_fact(fact) for fact in found[:limit]], "next_cursor": cursor})


@router.get("/v1/learners/{learner_id}/reviews", responses={200: {"model": ReviewsOut}})
async def get_reviews(request: Request, learner_id: str) -> Response:
    """Which skills to review on which day, for `days` days from today (14, at most 90).

    The learner's preferences say how: `daily_reviews` (20), `days_off`, `exam_date`, `timezone`. Days are filled
    evenly; what is overdue comes first, most valuable first; `unplaced` of them found no room in these days.
    """
    asking = await principal(request)
    asking.must_see(learner_id, "learner", learner_id)
    days = number(request, "days", (14, 90))
    planned, wishes = await service(request).base.learning.reviews.plan((asking.workspace, learner_id), days)
    return json(_plan(planned, wishes.daily))


def _row(given: AnswerIn) -> Row:
    at = datetime.fromisoformat(given.at).timestamp() if given.at else None
    answer = Answer(given.skill, given.correct, given.item, given.response_ms, given.hints, given.solution_shown, at)
    return Row(answer, given.id)


def _told(told: Told) -> dict[str, Any]:
    predicted, mastery, uncertainty = map(rounded, told.estimate or (None, None, None))
    return {
        "id": told.answer,
        "predicted": predicted,
        "mastery": mastery,
        "uncertainty": uncertainty,
        "noted": [*told.noted],
    }


def _plan(plan: Plan, daily: int) -> dict[str, Any]:
    reviews = [
        {
            "skill": review.card,
            "day": review.day.isoformat(),
            "due_at": iso(review.due_at),
            "recall": rounded(review.recall),
            "value": rounded(review.value),
            "why": review.why,
        }
        for review in plan.reviews
    ]
    return {"data": reviews, "overdue": plan.overdue, "unplaced": plan.unplaced, "daily_reviews": daily}


def _fact(fact: Fact) -> dict[str, Any]:
    standing = fact.standing
    return {
        "skill": standing.skill,
        "probability": rounded(standing.mastery),
        "uncertainty": rounded(standing.uncertainty),
        "attempts": standing.attempts,
        "trend": rounded(standing.trend),
        "independence": rounded(standing.independence),
        "last_at": iso(fact.at),
        "evidence": [*fact.evidence],
    }
