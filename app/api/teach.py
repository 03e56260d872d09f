"""What a teacher sees: a class, its learners, and the answers that stand behind it. No feelings, by name or without."""

import re
from collections.abc import Collection
from dataclasses import asdict, replace
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api import lessons
from app.api.bodies import page_limit
from app.api.calls import json, principal, rounded, service
from app.api.paging import BAD_CURSOR, page
from app.api.path import days_until, named_in
from app.clock import iso
from app.errors import FieldError, Invalid
from app.teaching.attempts import Attempt, Cursor, attempts
from app.teaching.classes import Asked, View
from app.teaching.rows import ONLY, SORTS, Row, ordered

router = APIRouter(tags=["Teaching"])

_WEEKS = 28.0
"""Days until the date for which is told who is at risk, where none is given."""


@router.get("/v1/class", responses={200: {"model": lessons.ClassOut}})
async def get_class(request: Request) -> Response:
    """A class as a whole: the learners of the workspace, or with `course_id` those who have a session in that course or
    answered one of its skills. `by` is the date for which is told who is at risk, in four weeks if not given. Answers
    of the last 26 weeks count. While `complete` is false there is more to read: ask again."""
    view = await _view(request)
    overview = view.overview
    told = {name: getattr(overview, name) for name in ("learners", "active", "answers", "wrong", "stuck", "at_risk")}
    skills = [
        {"title": view.titles.get(one.skill, one.skill), **asdict(replace(one, mean=round(one.mean, 4)))}
        for one in overview.skills
    ]
    asking = await principal(request)
    affect = service(request).base.policy.tells_teachers_affect(asking.workspace)
    how = {"as_of": iso(view.at), "complete": view.complete, "sheets": view.read, "affect": affect}
    more = {"misconceptions": overview.misconceptions, "courses": overview.courses}
    return json({**how, **told, "skills": skills, **more})


@router.get("/v1/class/learners", responses={200: {"model": lessons.LearnersOut}})
async def list_class(request: Request) -> Response:
    """The learners of a class (`course_id` and `by` as in `GET /v1/class`), by `sort`, with `only` those who are
    `stuck` or `at_risk`, those with `q` in their name, or the one called `learner_id`; `limit`, `cursor`."""
    sort, only = _one_of(request, "sort", SORTS), _one_of(request, "only", ONLY)
    wanted = named_in(request, "learner_id")
    part = (named_in(request, "q") or "").casefold()
    view = await _view(request)
    rows = [
        row
        for row in view.rows
        if (only is None or ONLY[only](row))
        and part in row.learner_id.casefold()
        and (wanted is None or wanted == row.learner_id)
    ]
    found = ordered(rows, sort or "name")
    shown, cursor = page(request, found, (float, str))
    asking = await principal(request)
    standing = await service(request).classes.standing(asking.workspace, shown)
    data = [_row(row) for row in standing]
    return json({"data": data, "next_cursor": cursor, "total": len(found), "complete": view.complete})


@router.get("/v1/learners/{learner_id}/answers", responses={200: {"model": lessons.AttemptsOut}})
async def list_answers(request: Request, learner_id: str) -> Response:
    """A learner's graded answers, newest first, with what was predicted of each and believed after it (`skill` for
    those on one; `limit`, `cursor`). A page may be short although there is more: `next_cursor` tells."""
    asking = await principal(request)
    asking.must_see(learner_id, "learner", learner_id)
    skill, after = named_in(request, "skill"), _after(request.query_params.get("cursor"))
    sheets, who = service(request).classes.sheets, (asking.workspace, learner_id)
    found, cursor = await attempts(sheets, who, skill, (page_limit(request), after))
    return json({"data": [_attempt(one) for one in found], "next_cursor": cursor and f"{cursor[0]}.{cursor[1]}"})


async def _view(request: Request) -> View:
    asking = await principal(request)
    asking.must_teach()
    days = days_until(request, "by", service(request).base.clock.now())
    asked = Asked(asking.workspace, named_in(request, "course_id"), _WEEKS if days is None else round(days, 2))
    return await service(request).classes.view(asked)


def _one_of(request: Request, name: str, allowed: Collection[str]) -> str | None:
    given = request.query_params.get(name)
    if given is not None and given not in allowed:
        raise Invalid([FieldError(name, f"must be one of {', '.join(allowed)}")])
    return given


def _after(cursor: str | None) -> Cursor | None:
    if cursor is None:
        return None
    if not re.fullmatch(r"\d{1,12}\.\d{1,6}", cursor, re.ASCII):
        raise Invalid([BAD_CURSOR])
    seq, _, n = cursor.partition(".")
    return int(seq), int(n)


def _row(row: Row) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in ("learner_id", "answers", "wrong", "skills")}
    told["mastery"] = rounded(row.mastery)
    told["last_answer_at"] = row.last_answer and iso(row.last_answer)
    told["last_session_at"] = row.last_session
    told["weakest"] = [replace(weak, mastery=round(weak.mastery, 4)) for weak in row.weakest]
    told["stuck"] = [{**asdict(one), "since": one.since and iso(one.since)} for one in row.stuck]
    told["risk"] = row.risk
    return told


def _attempt(one: Attempt) -> dict[str, Any]:
    answer, told = one.answer, one.told
    return {
        "id": one.id,
        "at": answer.at and iso(answer.at),
        "skill": answer.skill,
        "item": answer.item,
        "correct": answer.correct,
        "hints": answer.hints,
        "solution_shown": answer.shown,
        "response_ms": answer.response_ms,
        "predicted": rounded(told.predicted),
        "mastery": rounded(told.mastery),
    }
