"""Turns: asked, told again, stopped, rated."""

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.api import shapes
from app.api.bodies import ContextIn, FeedbackIn, TurnIn, documented, idempotency_key, page_limit, read
from app.api.calls import discreet, json, own_turn, service, session_for, timed
from app.api.later import all_told, told
from app.api.problems import of_turn
from app.api.sse import EventStream, last_event_id
from app.api.take_up import take_up
from app.clock import iso
from app.context.assemble import Assembly
from app.errors import Conflict, FieldError, Invalid, NotFound
from app.live import past
from app.vocabulary import Ask, Feedback, State, Turn

router = APIRouter(tags=["Turns"])

SessionId = Annotated[str, Path(examples=["0199d3a0-5c1e-7a10-8a30-0d6f2c9b1e77"])]
_STREAM_DOC: dict[str, Any] = {
    "description": "The turn; with `stream: true` or `Accept: text/event-stream` as Server-Sent Events "
    "`turn.started`, `delta` …, then `turn.completed` or `error`.",
    "model": shapes.TurnOut,
    "content": {
        "text/event-stream": {
            "example": 'id: 1\nevent: turn.started\ndata: {"id":"…","provider":"groq","model":"…",'
            '"task":"practice"}\n\n'
            'id: 2\nevent: delta\ndata: {"text":"What could you do"}\n\n'
        }
    },
}
_ASKED_DOC = {**_STREAM_DOC, "headers": shapes.X_CACHE}

ASKED = Route("/v1/sessions/{session_id}/turns", endpoint=lambda: None)
"""The route of `ask_turn`, as metrics name it."""


@router.post(
    ASKED.path,
    responses={200: _ASKED_DOC, **{status: {"model": shapes.ProblemOut} for status in (402, 409, 503)}},
    openapi_extra=dict(documented(TurnIn)),
)
async def ask_turn(request: Request, session_id: SessionId) -> Response:
    """Asks the tutor. An `Idempotency-Key` makes a retry return the first answer."""
    asking, _ = await session_for(request, session_id, write=True)
    body, raw = await read(request, TurnIn)
    key = idempotency_key(request)
    ask = Ask(
        workspace=asking.workspace,
        session_id=session_id,
        message=body.message,
        stream=body.stream or "text/event-stream" in request.headers.get("accept", ""),
        task=body.task,
        idempotency_key=key,
        digest=hashlib.sha256(raw).hexdigest() if key else None,
    )
    live, repeated = await service(request).running.ask(ask)
    headers = {"X-Cache": live.looked.x_cache, **({"Idempotent-Replayed": "true"} if repeated else {})}
    if not ask.stream:
        return _told(await live.wait(), request, headers)
    return EventStream(live if live.streamed else past(await live.wait()), request, headers=headers)


@router.get("/v1/sessions/{session_id}/turns")
async def list_turns(request: Request, session_id: SessionId) -> Response:
    """A session's turns, newest first (`limit`, `cursor`)."""
    asking, _ = await session_for(request, session_id, write=False)
    cursor = request.query_params.get("cursor")
    if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 16):
        raise Invalid([FieldError("cursor", "must be the next_cursor of an earlier page")])
    turns = service(request).records.turns
    found = await turns.newest(session_id, page_limit(request), int(cursor) if cursor else None)
    data = await all_told(service(request), [discreet(request, asking, turn) for turn in found.data])
    return json({"data": data, "next_cursor": found.next_cursor})


@router.get("/v1/turns/{turn_id}", responses={200: {"model": shapes.TurnOut}})
async def get_turn(request: Request, turn_id: str) -> Response:
    """A turn."""
    return json(await told(service(request), await own_turn(request, turn_id)))


@router.get("/v1/turns/{turn_id}/context")
async def get_context(request: Request, turn_id: str) -> Response:
    """What was sent for a turn: each layer with its tokens, and why it was kept, cut or dropped."""
    turn = await own_turn(request, turn_id)
    if turn.receipt is None:
        raise NotFound("context", turn_id)
    return json({"turn_id": turn.id, **shapes.receipt(turn.receipt), "timing": turn.timing})


@router.get("/v1/turns/{turn_id}/stream", responses={200: _STREAM_DOC, 204: {"description": "All was heard."}})
async def take_up_turn(request: Request, turn_id: str) -> Response:
    """The events of a streamed turn past `Last-Event-ID`, while it runs, here or on another replica, and after."""
    after = last_event_id(request)
    found = await take_up(service(request), await own_turn(request, turn_id), after)
    # 204 tells a browser's EventSource, which comes back by itself after the last event, to stay away.
    return Response(status_code=204) if found is None else EventStream(found, request, after)


@router.post("/v1/turns/{turn_id}:cancel", responses={200: {"model": shapes.TurnOut}})
async def cancel_turn(request: Request, turn_id: str) -> Response:
    """Stops an answer and gives the record of what was said; one that has ended stays as it is."""
    turn = await own_turn(request, turn_id, write=True)
    live = service(request).running.get(turn_id)
    if live is None:
        if turn.state is State.OPEN:
            raise Conflict("this turn is running on another replica")
        return json(shapes.turn(turn))
    live.stop("cancelled")
    return json(shapes.turn(await live.wait()))


@router.post("/v1/turns/{turn_id}/feedback", status_code=201, openapi_extra=dict(documented(FeedbackIn)))
async def rate_turn(request: Request, turn_id: str) -> Response:
    """Keeps what the learner thought of an answer, 20 opinions of it at most."""
    turn = await own_turn(request, turn_id, write=True)
    body, _ = await read(request, FeedbackIn)
    if body.rating is None and body.helpful is None and not body.comment:
        raise Invalid([FieldError("body", "give at least one of rating, helpful and comment")])
    parts = service(request)
    clock = parts.base.clock
    feedback = Feedback(
        id=clock.id(),
        workspace=turn.workspace,
        turn_id=turn.id,
        created_at=iso(clock.now()),
        rating=body.rating,
        helpful=body.helpful,
        comment=body.comment,
    )
    await parts.records.sessions.rate(feedback)
    await parts.weighing.note(turn, feedback)
    await parts.helping.note(turn, feedback)
    await parts.choices.rewarding.feedback(turn, feedback)
    kept = ("id", "turn_id", "rating", "helpful", "comment", "created_at")
    return json({name: getattr(feedback, name) for name in kept}, 201)


@router.post("/v1/context", responses={200: {"model": shapes.ContextOut}}, openapi_extra=dict(documented(ContextIn)))
async def preview_context(request: Request) -> Response:
    """The context that a turn would get, without running it."""
    body, _ = await read(request, ContextIn)
    asking, _ = await session_for(request, body.session_id, write=False)
    parts = service(request)
    if body.budget is not None and body.budget < parts.base.smallest_budget:
        least = parts.base.smallest_budget
        raise Invalid([FieldError("budget", f"the instructions alone need a budget of at least {least} tokens")])
    ask = Ask(asking.workspace, body.session_id, body.message, stream=False)
    prepared = await parts.tutor.prepare(ask, body.budget)
    return json(_preview(prepared.assembly, prepared.context_ms))


def _told(turn: Turn, request: Request, headers: dict[str, str]) -> Response:
    problem = of_turn(turn)
    if problem is not None and not turn.reply:
        body = problem.json(request.state.request_id, request.url.path)
        return Response(body, problem.status, {**headers, **problem.headers}, "application/problem+json")
    timed(request, turn)
    return json(shapes.turn(turn), headers={**headers, "X-Turn-Id": turn.id})


def _preview(assembly: Assembly, assembly_ms: float) -> dict[str, Any]:
    messages = [{"role": m.role, "content": m.text} for m in assembly.messages]
    return {"messages": messages, **shapes.receipt(assembly.receipt), "assembly_ms": round(assembly_ms, 3)}
