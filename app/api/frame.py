"""Around every request: its id, its time, its errors. Pure ASGI: a `BaseHTTPMiddleware` triples a request's cost."""

import logging
import re
from collections.abc import MutableMapping
from time import perf_counter
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import Problem, internal, problem_of
from app.api.refusal import refusal
from app.bootstrap.service import Service
from app.errors import MasterxError
from app.trail import TRAIL, Trail, trace_of

_SANE_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")

log = logging.getLogger("masterx.http")


class Frame:
    """Wraps an application."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app, self._service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        exchange = _Exchange(scope, send, self._service)
        try:
            return await self._app(scope, receive, exchange.send)
        except ClientDisconnect:
            return None  # in the middle of its own request: there is nobody to answer
        except MasterxError as error:
            return await exchange.fail(problem_of(error))
        except Exception:
            # The edge of the service: whatever nobody expected becomes a 500 with an id that the log names.
            log.exception("request %s failed", exchange.request_id)
            return await exchange.fail(internal())
        finally:
            exchange.count()


class _Exchange:
    """One request and its answer on the way out."""

    __slots__ = ("_ended", "_scope", "_send", "_service", "_started", "_status", "request_id")

    def __init__(self, scope: Scope, send: Send, service: Service) -> None:
        self._scope, self._send, self._status, self._ended = scope, send, 0, False
        self._started = perf_counter()
        self._service = service
        headers = dict(scope["headers"])
        given, parent = headers.get(b"x-request-id", b""), headers.get(b"traceparent")
        self.request_id = given.decode() if _SANE_ID.fullmatch(given) else service.base.clock.id()
        TRAIL.set(Trail(self.request_id, trace=trace_of(parent.decode("latin-1")) if parent else None))
        state: MutableMapping[str, Any] = scope.setdefault("state", {})
        state["request_id"], state["timing"] = self.request_id, ""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            message["headers"] = [*message.get("headers", ()), *self._headers()]
        else:
            self._ended = not message.get("more_body", False)
        await self._send(message)

    async def fail(self, problem: Problem) -> None:
        """Answers with a problem, unless that was done further in; of an answer that has begun only the connection
        can be broken."""
        if self._ended:
            return
        if self._status:
            raise ConnectionResetError("the answer had begun")
        answer = refusal(problem, self.request_id, self._scope["path"])
        await self.send({"type": "http.response.start", "status": answer.status_code, "headers": answer.raw_headers})
        await self._send({"type": "http.response.body", "body": answer.body})

    def count(self) -> None:
        route, took = getattr(self._scope.get("route"), "path", "other"), perf_counter() - self._started
        base = self._service.base
        base.meters.request(route, self._status, took)
        base.series.request(self._status, took)

    def _headers(self) -> list[tuple[bytes, bytes]]:
        took = (perf_counter() - self._started) * 1e3
        timing = f"{self._scope['state']['timing']}total;dur={took:.2f}"
        headers = [(b"x-request-id", self.request_id.encode()), (b"server-timing", timing.encode())]
        if self._service.health.draining:
            headers.append((b"connection", b"close"))
        return headers
