"""Sessions and learners."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api import shapes
from app.api.bodies import LearnerIn, SessionChange, SessionIn, documented, named, page_limit, read
from app.api.calls import json, new_session, principal, service, session_for
from app.clock import iso
from app.errors import FieldError, Invalid
from app.storage.snapshots import CHANGED
from app.vocabulary import Learner

router = APIRouter(tags=["Sessions"])


@router.post(
    "/v1/sessions",
    status_code=201,
    responses={201: {"model": shapes.SessionOut}},
    openapi_extra=dict(documented(SessionIn)),
)
async def open_session(request: Request) -> Response:
    """Starts a conversation for a learner; a learner who is new needs no other call."""
    asking = await principal(request)
    body, _ = await read(request, SessionIn)
    session = replace(new_session(request, asking, body.learner_id), **body.model_dump(exclude={"learner_id"}))
    await service(request).records.sessions.add(session)
    return json(shapes.session(session), 201, {"Location": f"/v1/sessions/{session.id}"})


@router.get("/v1/sessions")
async def list_sessions(request: Request) -> Response:
    """A learner's sessions, newest first (`learner_id`, `limit`, `cursor`)."""
    asking = await principal(request)
    learner_id = request.query_params.get("learner_id") or asking.learner_id
    if not learner_id:
        raise Invalid([FieldError("learner_id", "name the learner whose sessions are wanted")])
    asking.must_see(learner_id, "learner", learner_id)
    sessions = service(request).records.sessions
    cursor = request.query_params.get("cursor")
    found = await sessions.of(asking.workspace, learner_id, page_limit(request), cursor)
    return Response(shapes.page(found, shapes.session), media_type="application/json")


@router.get("/v1/sessions/{session_id}", responses={200: {"model": shapes.SessionOut}})
async def get_session(request: Request, session_id: str) -> Response:
    """A session."""
    _, session = await session_for(request, session_id, write=False)
    return json(shapes.session(session))


@router.patch(
    "/v1/sessions/{session_id}",
    responses={200: {"model": shapes.SessionOut}},
    openapi_extra=dict(documented(SessionChange)),
)
async def change_session(request: Request, session_id: str) -> Response:
    """Changes what a session is about."""
    _, session = await session_for(request, session_id, write=True)
    body, _ = await read(request, SessionChange)
    parts = service(request)
    changes = body.model_dump(exclude_unset=True)
    changed = await parts.records.sessions.change(session, changes, iso(parts.base.clock.now()))
    _session_changed(request, session_id)
    return json(shapes.session(changed))


@router.delete("/v1/sessions/{session_id}", status_code=204)
async def remove_session(request: Request, session_id: str) -> Response:
    """Erases a session with all its turns; an answer under way is stopped first."""
    _, session = await session_for(request, session_id, write=True)
    await service(request).erasure.session(session)
    return Response(status_code=204)


@router.get("/v1/learners/{learner_id}", tags=["Learners"])
async def get_learner(request: Request, learner_id: str) -> Response:
    """A learner's preferences; empty ones for a learner who never said."""
    asking = await principal(request)
    asking.must_see(learner_id, "learner", learner_id)
    return json(_learner(await service(request).records.learners.get(asking.workspace, learner_id)))


@router.put("/v1/learners/{learner_id}", tags=["Learners"], openapi_extra=dict(documented(LearnerIn)))
async def put_learner(request: Request, learner_id: str) -> Response:
    """Sets a learner's preferences; they are in the context from the next turn on."""
    asking = await principal(request)
    asking.must_act_for(learner_id, "learner", learner_id)
    named(learner_id)
    body, _ = await read(request, LearnerIn)
    parts = service(request)
    preferences = body.model_dump(exclude_defaults=True)
    learner = await parts.records.learners.put(asking.workspace, learner_id, preferences)
    parts.records.snapshots.drop_learner(asking.workspace, learner_id)
    parts.base.cache.publish(CHANGED, f"learner:{asking.workspace}/{learner_id}".encode())
    return json(_learner(learner))


def _session_changed(request: Request, session_id: str) -> None:
    parts = service(request)
    parts.records.snapshots.drop(session_id)
    parts.base.cache.publish(CHANGED, f"session:{session_id}".encode())


def _learner(learner: Learner) -> dict[str, Any]:
    return {
        "learner_id": learner.learner_id,
        "preferences": learner.preferences,
        "created_at": learner.created_at,
        "updated_at": learner.updated_at,
    }
