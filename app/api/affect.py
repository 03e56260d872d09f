"""How a learner seemed to feel, over time."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api import shapes
from app.api.bodies import page_limit
from app.api.calls import json, principal, service
from app.api.paging import BAD_CURSOR
from app.errors import Invalid
from app.learner.feelings import Feeling
from app.vocabulary import Affect, Permission, Turn

router = APIRouter(tags=["Learners"])

_LONGEST = 64


@router.get("/v1/learners/{learner_id}/affect", responses={200: {"model": shapes.AffectPageOut}})
async def list_affect(request: Request, learner_id: str) -> Response:
    """How a learner seems to feel now, with the signs of trouble in what they do, and seemed to feel at each turn,
    newest first (`limit` turns a page, `cursor`). Turns of which nothing was read are left out, so a page may be short;
    everything is where their workspace has not switched it on, and for a teacher where it has not allowed that."""
    asking = await principal(request)
    asking.must_see(learner_id, "learner", learner_id)
    parts, cursor = service(request), request.query_params.get("cursor")
    if cursor is not None and not (cursor.isascii() and len(cursor) <= _LONGEST):
        raise Invalid([BAD_CURSOR])
    if asking.role is Permission.TEACHER and not parts.base.policy.tells_teachers_affect(asking.workspace):
        return json({"now": None, "data": [], "next_cursor": None})
    feeling = await parts.base.learning.feelings.of((asking.workspace, learner_id))
    if feeling is None:
        return json({"now": None, "data": [], "next_cursor": None})
    found = await parts.records.turns.of_learner(asking.workspace, learner_id, page_limit(request), cursor)
    data = [_felt(turn) for turn in found.data if turn.reading.affect != Affect()]
    return json({"now": _now(feeling), "data": data, "next_cursor": found.next_cursor})


def _now(feeling: Feeling) -> dict[str, Any]:
    affect = feeling.affect.strained(feeling.strain)
    signals = [{"name": signal.name, "evidence": [*signal.evidence]} for signal in feeling.signals]
    return {"label": affect.label, "frustration": affect.frustration, "strain": feeling.strain, "signals": signals}


def _felt(turn: Turn) -> dict[str, Any]:
    named = {"turn_id": turn.id, "session_id": turn.session_id, "at": turn.created_at}
    return {**named, **vars(turn.reading.affect)}
