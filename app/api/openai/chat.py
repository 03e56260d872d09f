"""Chat completions and models, for stock OpenAI clients: the same turn underneath."""

import contextlib
import hashlib
from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.api import shapes
from app.api.bodies import documented, idempotency_key, whole
from app.api.calls import json, principal, service, timed
from app.api.openai.conversation import conversation
from app.api.openai.opening import begin, named_session
from app.api.openai.parameters import ROUTED, ChatIn, parsed
from app.api.openai.told import CompletionStream, completion
from app.bootstrap.service import Service
from app.errors import KeyReused, MasterxError, NotFound, StoreError
from app.live import Live, past
from app.vocabulary import Ask, Session

router = APIRouter(tags=["OpenAI"])

COMPLETED = Route("/v1/chat/completions", endpoint=lambda: None)
"""The route of `complete`, as metrics name it."""

_EXAMPLE = {
    "id": "chatcmpl-0199d3a0-5c1e-7a10-8a30-0d6f2c9b1e77",
    "object": "chat.completion",
    "created": 1763700000,
    "model": "openai/gpt-oss-20b",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "What could you do to both sides first?", "refusal": None},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 213, "completion_tokens": 9, "total_tokens": 222},
}
_DOC: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The completion; with `stream` as `chat.completion.chunk` events, then `[DONE]`. The header "
        "`X-Session-Id` names the session to go on in, `X-Turn-Id` the turn.",
        "headers": shapes.X_CACHE,
        "content": {
            "application/json": {"example": _EXAMPLE},
            "text/event-stream": {
                "example": 'data: {"id":"chatcmpl-…","object":"chat.completion.chunk","choices":[{"index":0,'
                '"delta":{"content":"What could"},"finish_reason":null}]}\n\ndata: [DONE]\n\n'
            },
        },
    },
    400: {
        "description": "An error in OpenAI's shape",
        "content": {
            "application/json": {
                "example": {
                    "error": {
                        "message": "'tools' is not supported by this tutor.",
                        "type": "invalid_request_error",
                        "param": "tools",
                        "code": "unsupported_parameter",
                    }
                }
            }
        },
    },
}


@router.post(COMPLETED.path, responses=_DOC, openapi_extra=dict(documented(ChatIn)))
async def complete(request: Request) -> Response:
    """Asks the tutor as an OpenAI client does.

    Model `masterx` routes, a model of the catalogue is asked alone. In a session that `X-Session-Id` or
    `metadata.session_id` names only the last message counts; otherwise a new one is begun with the messages before it.
    """
    asking = await principal(request)
    raw, key = await whole(request), idempotency_key(request)
    chat = parsed(raw)
    talk, pinned = conversation(chat.messages), _pinned(chat.model, service(request), asking.workspace)
    named = await named_session(request, chat)
    session = named or await begin(request, chat, talk, asking)
    ask = Ask(
        workspace=asking.workspace,
        session_id=session.id,
        message=talk.last if named else talk.message,
        stream=bool(chat.stream),
        model=pinned,
        sampling=chat.sampling,
        idempotency_key=key,
        digest=_digest(raw, session.learner_id, named) if key else None,
    )
    live, repeated = await _start(service(request), ask, None if named else session)
    headers = {
        "X-Session-Id": live.turn.session_id,
        "X-Turn-Id": live.turn.id,
        "X-Cache": live.looked.x_cache,
    }
    if repeated:
        headers["Idempotent-Replayed"] = "true"
    if ask.stream:
        told = live if live.streamed else past(await live.wait())
        return CompletionStream(told, chat.model, chat.usage_wanted, headers)
    turn = await live.wait()
    timed(request, turn)
    return completion(turn, chat.model, headers)


@router.get("/v1/models")
async def list_models(request: Request) -> Response:
    """What can be asked for here: the router, and each model whose provider has a key and is not forbidden in this
    workspace."""
    asking = await principal(request)
    return json({"object": "list", "data": list(_models(service(request), asking.workspace).values())})


@router.get("/v1/models/{model:path}")
async def get_model(request: Request, model: str) -> Response:
    """One of them."""
    asking = await principal(request)
    found = _models(service(request), asking.workspace).get(model)
    if found is None:
        raise NotFound("model", model)
    return json(found)


def _models(parts: Service, workspace: str) -> dict[str, dict[str, Any]]:
    """A workspace's models by name. When they were made is not known: clients want a number, and get 0."""
    forbidden, named = parts.base.policy.forbidden(workspace), (name.split("/", 1) for name in parts.providers)
    owners = [(ROUTED, "masterx"), *((model, provider) for provider, model in named if provider not in forbidden)]
    return {name: {"id": name, "object": "model", "created": 0, "owned_by": owner} for name, owner in owners}


def _pinned(model: str, parts: Service, workspace: str) -> str | None:
    """The model to ask alone; `NotFound` for one that cannot be asked here."""
    if model == ROUTED:
        return None
    if model not in _models(parts, workspace):
        raise NotFound("model", model)
    return model


def _digest(raw: bytes, learner_id: str, named: Session | None) -> str:
    """A request's hash: of its body and of what its headers may say instead."""
    also = f"\n{learner_id}\n{named.id if named else ''}"
    return hashlib.sha256(raw + also.encode()).hexdigest()


async def _start(parts: Service, ask: Ask, begun: Session | None) -> tuple[Live, bool]:
    """Starts the turn, or finds the one of an earlier try, in whose session a retry belongs: the one that was `begun`
    for a turn that does not come about is taken back."""
    try:
        return await parts.running.ask(ask)
    except MasterxError as error:
        if begun is None:
            raise
        await _take_back(parts, begun)
        if not isinstance(error, KeyReused):
            raise
        first = await parts.records.turns.by_key(ask.workspace, ask.idempotency_key or "")
        if first is None or first.digest != ask.digest:
            raise
        return await parts.running.ask(replace(ask, session_id=first.session_id))


async def _take_back(parts: Service, begun: Session) -> None:
    with contextlib.suppress(StoreError):
        await parts.records.sessions.remove(begun)
    parts.records.snapshots.drop(begun.id)
