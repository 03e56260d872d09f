"""What is kept of a learner: as one file, and erased."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app.api import shapes
from app.api.calls import json, principal, service
from app.clock import iso
from app.erasure import Erasure
from app.storage.segments import Owner
from app.vocabulary import SCHEMA

router = APIRouter(tags=["Learners"])


class ErasedOut(BaseModel):
    """What an erasure found, by kind of document: empty where nothing was left."""

    learner_id: str
    erased_at: str
    erased: dict[str, int] = Field(examples=[{"turns": 214, "sessions": 9, "feedback": 3, "learners": 1}])
    total: int


@router.delete(
    "/v1/learners/{learner_id}",
    responses={200: {"model": ErasedOut}, 403: {"model": shapes.ProblemOut}},
)
async def erase_learner(request: Request, learner_id: str) -> Response:
    """Erases everything that is kept of a learner, in the store and in what every replica keeps at hand: sessions,
    turns, feedback, what was derived from them, preferences, keys. Answers under way are stopped. May be asked again:
    that finishes an erasure that broke off, and finds nothing where nothing is left. What was spent stays with the
    workspace's accounts, by name and day, for 90 days."""
    owner = await _owner(request, learner_id)
    parts = service(request)
    erased = await parts.erasure.learner(owner)
    at = iso(parts.base.clock.now())
    return json({"learner_id": learner_id, "erased_at": at, "erased": erased, "total": sum(erased.values())})


@router.get("/v1/learners/{learner_id}/export")
async def export_learner(request: Request, learner_id: str) -> Response:
    """Everything that is kept of a learner as one JSON file: an array of documents for each kind. Pieces of the index
    are left out, which hold the same turns again. A file that breaks off is no JSON: ask again."""
    owner = await _owner(request, learner_id)
    parts = service(request)
    head = {"learner_id": learner_id, "exported_at": iso(parts.base.clock.now()), "schema": SCHEMA}
    disposition = {"Content-Disposition": 'attachment; filename="learner.json"'}
    return StreamingResponse(_file(head, owner, parts.erasure), 200, disposition, "application/json")


async def _owner(request: Request, learner_id: str) -> Owner:
    asking = await principal(request)
    asking.must_act_for(learner_id, "learner", learner_id)
    return Owner(asking.workspace, learner_id)


async def _file(head: dict[str, Any], owner: Owner, erasure: Erasure) -> AsyncIterator[bytes]:
    """One JSON object, in pieces."""
    yield orjson.dumps(head)[:-1]
    kind, filled = None, False
    async for name, docs in erasure.export(owner):
        if name != kind:
            yield (b"]," if kind else b",") + orjson.dumps(name) + b":["
            kind, filled = name, False
        if docs:
            yield (b"," if filled else b"") + b",".join(map(orjson.dumps, docs))
            filled = True
    yield b"]}" if kind else b"}"
