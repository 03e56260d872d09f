"""Questions that no model answered: asked again later, or taken back."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api import shapes
from app.api.calls import json, own_turn, service
from app.bootstrap.service import Service
from app.clock import iso
from app.errors import Conflict, NotAskedLater
from app.vocabulary import Turn, Wait

router = APIRouter(tags=["Turns"])
_DOC: dict[int | str, dict[str, Any]] = {200: {"model": shapes.TurnOut}, 409: {"model": shapes.ProblemOut}}


@router.post("/v1/turns/{turn_id}:ask-later", responses=_DOC)
async def ask_later(request: Request, turn_id: str) -> Response:
    """Has a question that no model answered asked again when one can be, within 24 hours; `later` of the turn says
    how that stands. Only for a turn that offers it; at most 20 questions of a learner wait."""
    turn = await own_turn(request, turn_id, write=True)
    if not any(offer.kind == "ask_later" for offer in turn.offers):
        raise NotAskedLater(_why_not(turn))
    parts = service(request)
    question = await parts.records.questions.add(turn, iso(parts.base.clock.now()))
    parts.later.expect()
    return json(shapes.turn(turn, question))


@router.delete("/v1/turns/{turn_id}:ask-later", responses=_DOC)
async def forget_later(request: Request, turn_id: str) -> Response:
    """Takes a waiting question back. One that was answered stays answered."""
    turn = await own_turn(request, turn_id, write=True)
    questions = service(request).records.questions
    if await questions.take_back(turn.id):
        return json(shapes.turn(turn))
    question = await questions.get(turn.id)
    if question and question.state is not Wait.ANSWERED:
        raise Conflict("this question is being asked at this moment; its answer can be stopped like any other")
    return json(shapes.turn(turn, question))


def _why_not(turn: Turn) -> str:
    if turn.answers:
        return "this turn asked a question again itself; ask for the turn that it answers"
    if turn.unanswered:
        return "this turn was asked of one model by name, and another one's answer was not wanted"
    return "only a turn that the offline tutor answered in a model's place, or nobody, can be asked again later"


async def told(parts: Service, turn: Turn) -> dict[str, Any]:
    """A turn as clients see it."""
    return shapes.turn(turn, await parts.records.questions.get(turn.id) if turn.unanswered else None)


async def all_told(parts: Service, turns: Sequence[Turn]) -> list[dict[str, Any]]:
    """Turns of one session, newest first, as clients see them."""
    unanswered = [turn for turn in turns if turn.unanswered]
    if not unanswered:
        return [shapes.turn(turn) for turn in turns]
    asked = await parts.records.questions.of_session(unanswered[-1].session_id, unanswered[-1].id)
    return [shapes.turn(turn, asked.get(turn.id)) for turn in turns]
