"""The ASGI application: routes and the frame around them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app import __version__
from app.api import (
    affect,
    alerts,
    arms,
    batch,
    belongings,
    budgets,
    courses,
    experiments,
    later,
    learning,
    metrics,
    operations,
    path,
    patterns,
    profile,
    providers,
    sessions,
    teach,
    turns,
    worth,
)
from app.api.access import LOOPBACK, Access
from app.api.chat import route as chat
from app.api.chat.chats import Chats
from app.api.document import Documented
from app.api.frame import Frame
from app.api.live import channels
from app.api.live import route as live
from app.api.openai import chat as openai
from app.api.problems import Problem, http, internal, problem_of
from app.api.refusal import refusal
from app.bootstrap.service import Service
from app.errors import FieldError, Invalid, MasterxError
from app.web import pages


def create(service: Service, chats: Chats, *, loopback: bool) -> ASGIApp:
    """The application over a running service; `loopback` says that only this machine can reach it."""
    required = service.base.settings.auth == "required" or not loopback
    app = Documented(title="MasterX", version=__version__, docs_url=None, redoc_url=None, summary="A tutoring backend.")
    app.state.service, app.state.chats = service, chats
    service.base.meters.gauge("masterx_chats_open", "WebSocket chats open in this process", lambda: len(chats))
    channels.offer(service)
    channels.measure(service)
    app.state.access = Access(service.records.keys, required)
    app.add_exception_handler(MasterxError, _our_problem)
    app.add_exception_handler(Exception, _internal)
    app.add_exception_handler(HTTPException, _http_problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    for router in (
        sessions.router,
        belongings.router,
        turns.router,
        later.router,
        batch.router,
        chat.router,
        live.router,
        openai.router,
        operations.router,
        metrics.router,
        providers.router,
        alerts.router,
        budgets.router,
        worth.router,
        experiments.router,
        arms.router,
        patterns.router,
        learning.router,
        courses.router,
        path.router,
        affect.router,
        profile.router,
        teach.router,
        pages.router(),
    ):
        app.include_router(router)
    short_cut = ShortCut(app)
    return Frame(short_cut if required else CORSMiddleware(short_cut, **_OPEN_TO_LOCAL_PAGES), service)


class ShortCut:
    """Takes the calls that everything is about straight to their routes.

    FastAPI's own way there (nine layers of middleware and routing, and the solving of parameters that the route does
    not have) costs more than a third of a whole turn; `bench turn` measures it.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hot = _hot(scope["path"]) if scope.get("method") == "POST" else None
        if hot is None:
            return await self._app(scope, receive, send)
        scope["app"], scope["route"] = self._app, hot.route
        response = await hot.endpoint(Request(scope, receive), *hot.arguments)
        return await response(scope, receive, send)


@dataclass(frozen=True, slots=True)
class _Hot:
    route: Route
    endpoint: Callable[..., Awaitable[Response]]
    arguments: tuple[str, ...] = ()


_COMPLETED = _Hot(openai.COMPLETED, openai.complete)


def _hot(path: str) -> _Hot | None:
    """The call that a path stands for, if it is one of those that ask the tutor."""
    if path == _COMPLETED.route.path:
        return _COMPLETED
    if not (path.startswith("/v1/sessions/") and path.endswith("/turns")):
        return None
    session_id = path[len("/v1/sessions/") : -len("/turns")]
    return _Hot(turns.ASKED, turns.ask_turn, (session_id,)) if session_id and "/" not in session_id else None


# Where no key is asked for, a page from anywhere could talk to the service in its visitor's name: only pages served
# from this machine may.
_OPEN_TO_LOCAL_PAGES: dict[str, Any] = {
    "allow_origin_regex": f"https?://{LOOPBACK.pattern}",
    "allow_methods": ["*"],
    "allow_headers": ["*"],
    "expose_headers": ["X-Request-Id", "X-Turn-Id", "X-Session-Id", "X-Cache", "Server-Timing", "Retry-After"],
}


async def _our_problem(request: Request, error: Exception) -> Response:
    return _answer(request, problem_of(cast(MasterxError, error)))


async def _internal(request: Request, error: Exception) -> Response:
    return _answer(request, internal())


async def _http_problem(request: Request, error: Exception) -> Response:
    error = cast(HTTPException, error)
    return _answer(request, http(error.status_code, str(error.detail)))


async def _invalid(request: Request, error: Exception) -> Response:
    error = cast(RequestValidationError, error)
    found = [FieldError(".".join(map(str, e["loc"])), e["msg"]) for e in error.errors()]
    return _answer(request, problem_of(Invalid(found)))


def _answer(request: Request, problem: Problem) -> Response:
    return refusal(problem, request.state.request_id, request.url.path)
