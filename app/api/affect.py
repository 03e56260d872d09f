"""How a learner seemed to feel, over time."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api import shapes
from app.api.bodies import page_limit
from app.api.calls import json, principal, service
from app.errors import FieldError, Invalid
from app.vocabulary import Affect, Turn

router = APIRouter(tags=["Learners"])

_CURSOR = 64


@router.get("/v1/learners/{learner_id}/affect", responses={200: {"model": shapes.AffectPageOut}})
async def list_affect(request: Request, learner_id: str) -> Response:
    """How a learner seemed to feel at each turn, newest first (`limit` turns a page, `cursor`). Turns of which nothing
    was read are left out, so a page may be short; all are where their workspace has not switched it on."""
    asking = await principal(request)
    asking.must_see(learner_id, "learner", learner_id)
    parts, cursor = service(request), request.query_params.get("cursor")
    if cursor is not None and not (cursor.isascii() and len(cursor) <= _CURSOR):
        raise Invalid([FieldError("cursor", "must be the next_cursor of an earlier page")])
    learner = await parts.records.learners.get(asking.workspace, learner_id)
    if not parts.base.policy.reads_affect(asking.workspace, learner.preferences):
        return json({"data": [], "next_cursor": None})
    found = await parts.records.turns.of_learner(asking.workspace, learner_id, page_limit(request), cursor)
    data = [_felt(turn) for turn in found.data if turn.reading.affect != Affect()]
    return json({"data": data, "next_cursor": found.next_cursor})


def _felt(turn: Turn) -> dict[str, Any]:
    named = {"turn_id": turn.id, "session_id": turn.session_id, "at": turn.created_at}
    return {**named, **vars(turn.reading.affect)}
