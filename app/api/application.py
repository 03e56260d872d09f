"""The ASGI application: routes and the frame around them."""

from typing import Any, cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app import __version__
from app.api import operations, sessions, turns
from app.api.access import LOOPBACK, Access
from app.api.frame import Frame
from app.api.problems import Problem, http, internal, problem_of
from app.bootstrap import Service
from app.errors import FieldError, Invalid, MasterxError


def create(service: Service, *, loopback: bool) -> ASGIApp:
    """The application over a running service; `loopback` says that only this machine can reach it."""
    required = service.base.settings.auth == "required" or not loopback
    app = FastAPI(title="MasterX", version=__version__, redoc_url=None, summary="A tutoring backend.")
    app.state.service = service
    app.state.access = Access(service.records.keys, required)
    app.add_exception_handler(MasterxError, _our_problem)
    app.add_exception_handler(Exception, _internal)
    app.add_exception_handler(HTTPException, _http_problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    for router in (sessions.router, turns.router, operations.router):
        app.include_router(router)
    short_cut = ShortCut(app)
    return Frame(short_cut if required else CORSMiddleware(short_cut, **_OPEN_TO_LOCAL_PAGES), service)


class ShortCut:
    """Takes the one call that everything is about straight to its route.

    FastAPI's own way there (nine layers of middleware and routing, and the solving of parameters that the route does
    not have) costs more than a third of a whole turn; `bench turn` measures it.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if not (path.startswith("/v1/sessions/") and path.endswith("/turns") and scope["method"] == "POST"):
            return await self._app(scope, receive, send)
        session_id = path[len("/v1/sessions/") : -len("/turns")]
        if not session_id or "/" in session_id:
            return await self._app(scope, receive, send)
        scope["app"], scope["route"] = self._app, turns.ASKED
        response = await turns.ask_turn(Request(scope, receive), session_id)
        return await response(scope, receive, send)


# Where no key is asked for, a page from anywhere could talk to the service in its visitor's name: only pages served
# from this machine may.
_OPEN_TO_LOCAL_PAGES: dict[str, Any] = {
    "allow_origin_regex": f"https?://{LOOPBACK.pattern}",
    "allow_methods": ["*"],
    "allow_headers": ["*"],
    "expose_headers": ["X-Request-Id", "X-Turn-Id", "X-Session-Id", "Server-Timing", "Retry-After"],
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
    body = problem.json(request.state.request_id, request.url.path)
    return Response(body, problem.status, dict(problem.headers), "application/problem+json")
