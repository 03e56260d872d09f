"""Many turns in one call: side by side, each with its own result or its own error."""

import asyncio
import logging
from collections import defaultdict
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from app.api import shapes
from app.api.access import Principal
from app.api.bodies import Body, TurnIn, checked_key, digest, documented, faults_of, idempotency_key, read
from app.api.calls import json, principal, service
from app.api.problems import Problem, internal, of_turn, problem_of
from app.bootstrap.service import Service
from app.errors import MasterxError, Overloaded
from app.vocabulary import Ask

MOST_TURNS = 100
"""Turns in one call."""

AT_ONCE = 16
"""Turns of one call that run side by side."""

router = APIRouter(tags=["Turns"])
log = logging.getLogger("masterx.batch")


class BatchTurnIn(Body):
    """One message of a batch; what is wrong with its content is its own error."""

    session_id: Annotated[str, Field(examples=["0199d3a0-5c1e-7a10-8a30-0d6f2c9b1e77"])]
    message: Annotated[str, Field(examples=["How do I solve 3x + 5 = 20?"])]
    task: str | None = None
    idempotency_key: str | None = None


class BatchIn(Body):
    """Messages of any sessions; those of one session are answered one after the other, in this order."""

    turns: Annotated[list[BatchTurnIn], Field(min_length=1, max_length=MOST_TURNS)]


_DOC: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A result for each turn, in the order in which they were given",
        "content": {
            "application/json": {
                "example": {
                    "data": [
                        {"status": 200, "turn": {"id": "0199d3a0-…", "reply": "What could you do first?"}},
                        {"status": 404, "error": {"type": "/problems/session-not-found", "status": 404}},
                    ]
                }
            }
        },
    }
}


@dataclass(frozen=True, slots=True)
class _Batch:
    """One call under way."""

    parts: Service
    asking: Principal
    request_id: str
    path: str
    room: asyncio.Semaphore
    results: list[dict[str, Any]]


@router.post("/v1/turns:batch", responses=_DOC, openapi_extra=dict(documented(BatchIn)))
async def ask_turns(request: Request) -> Response:
    """Asks many turns, 100 at most; they are finished and kept when the client leaves.

    An `Idempotency-Key` counts for each turn that brings none of its own, together with its place in the list.
    """
    asking = await principal(request)
    body, _ = await read(request, BatchIn)
    key = idempotency_key(request)
    results: list[dict[str, Any]] = [{} for _ in body.turns]
    room = asyncio.Semaphore(AT_ONCE)
    batch = _Batch(service(request), asking, request.state.request_id, request.url.path, room, results)
    lines: defaultdict[str, list[tuple[int, BatchTurnIn, str | None]]] = defaultdict(list)
    for n, item in enumerate(body.turns):
        lines[item.session_id].append((n, item, f"{key}:{n}" if key else None))
    async with asyncio.TaskGroup() as tasks:
        for line in lines.values():
            tasks.create_task(_in_turn(batch, line))
    return json({"data": results})


async def _in_turn(batch: _Batch, line: list[tuple[int, BatchTurnIn, str | None]]) -> None:
    """The turns of one session, one after the other."""
    for n, item, key in line:
        async with batch.room:
            batch.results[n] = await _result(batch, item, key)


async def _result(batch: _Batch, item: BatchTurnIn, key: str | None) -> dict[str, Any]:
    try:
        return await _answered(batch, item, key)
    except MasterxError as error:
        return _error(batch, problem_of(error))
    except Exception:
        # A bulkhead: what nobody expected of one turn must not take the results of the others along.
        log.exception("a turn of the batch %s failed", batch.request_id)
        return _error(batch, internal())


async def _answered(batch: _Batch, item: BatchTurnIn, key: str | None) -> dict[str, Any]:
    parts = batch.parts
    if parts.health.draining:
        raise Overloaded("the service is shutting down; this turn was not begun")
    live, _ = await parts.running.ask(await _ask(batch, item, key))
    turn = await live.wait()
    problem = of_turn(turn)
    if problem is not None and not turn.reply:
        return {**_error(batch, problem), "turn_id": turn.id}
    return {"status": 200, "turn": shapes.turn(turn)}


async def _ask(batch: _Batch, item: BatchTurnIn, key: str | None) -> Ask:
    """The question in one item, if this caller may ask it."""
    try:
        body = TurnIn.model_validate({"message": item.message, "task": item.task}, strict=False)
    except ValidationError as error:
        raise faults_of(error) from error
    key = checked_key(item.idempotency_key, "idempotency_key") or key
    asking, snapshots = batch.asking, batch.parts.records.snapshots
    session = (await snapshots.of(asking.workspace, item.session_id)).session
    asking.must_act_for(session.learner_id, "session", item.session_id)
    return Ask(
        workspace=asking.workspace,
        session_id=session.id,
        message=body.message,
        stream=False,
        task=body.task,
        idempotency_key=key,
        digest=digest(body.message, body.task) if key else None,
    )


def _error(batch: _Batch, problem: Problem) -> dict[str, Any]:
    return {"status": problem.status, "error": problem.body(batch.request_id, batch.path)}
