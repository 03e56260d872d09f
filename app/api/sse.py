"""A turn as Server-Sent Events: one write for each read from the provider."""

import re
from collections.abc import Mapping
from types import MappingProxyType

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.api import shapes
from app.api.problems import of_turn
from app.api.take_up import Told
from app.errors import FieldError, Invalid
from app.live import Event, Name

BEAT = 15.0
"""Seconds of silence after which a comment keeps the connection open."""

HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)
"""Those of every stream of events: no cache keeps it, no proxy gathers it up."""

_COMMENT = b": still here\n\n"


class EventStream(Response):
    """An answer that relays a turn from event `after` on. A client that leaves only ends the relaying."""

    def __init__(
        self, told: Told, request: Request, after: int = 0, headers: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.status_code, self.background = 200, None
        self._told, self._after = told, after
        self._own = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        self._request_id, self._path = request.state.request_id, request.url.path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [*HEADERS, (b"x-turn-id", self._told.turn.id.encode()), *self._own]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            async for events in self._told.listen(self._after, BEAT):
                body = b"".join([self._frame(event) for event in events]) or _COMMENT
                await send({"type": "http.response.body", "body": body, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except (ClientDisconnect, OSError):
            return

    def _frame(self, event: Event) -> bytes:
        if event.name is not Name.ENDED:
            return frame(event.n, event.name, event.data)
        turn = self._told.turn
        problem = of_turn(turn)
        if problem is None:
            return frame(event.n, "turn.completed", orjson.dumps(shapes.turn(turn)))
        return frame(event.n, "error", problem.json(self._request_id, self._path))


def frame(n: int, name: str, data: bytes) -> bytes:
    """One event on the wire."""
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (n, name.encode(), data)


def last_event_id(request: Request) -> int:
    """The number in `Last-Event-ID`, 0 where there is none."""
    given = request.headers.get("last-event-id", "0")
    if not re.fullmatch(r"[0-9]{1,9}", given):
        raise Invalid([FieldError("Last-Event-ID", "must be the number of an event of this turn")])
    return int(given)
