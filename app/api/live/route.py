"""`WS /v1/live` and `POST /v1/live:ticket`."""

import logging
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.api.access import Principal
from app.api.calls import json, principal, service
from app.api.closing import of_live
from app.api.connections import HAND_OVER, WebSockets
from app.api.live import frames
from app.api.live.tickets import LIFETIME, Tickets
from app.api.live.watching import Watching
from app.api.metrics import seen_by
from app.broadcasting import Code, Reader, Viewer
from app.errors import MasterxError

SUBPROTOCOL = "masterx"
"""What a browser must offer beside `bearer.KEY`: it insists that the server takes one of those it offered."""

router = APIRouter(tags=["Operations"])

log = logging.getLogger("masterx.live")


class TicketOut(BaseModel):
    """What opens one connection, once."""

    ticket: str
    expires_in_s: int


@router.post("/v1/live:ticket", status_code=201, response_model=TicketOut)
async def give_ticket(request: Request) -> Response:
    """A ticket for `WS /v1/live?ticket=…`, with the rights of whoever asks: good for one connection within 30 seconds,
    to any replica. For pages that should not hand their key to a WebSocket."""
    asking = await principal(request)
    return json({"ticket": Tickets(service(request).base.cache).give(asking), "expires_in_s": round(LIFETIME)}, 201)


@router.websocket(frames.PATH)
async def live(socket: WebSocket) -> None:
    """What goes on. What refuses it is said by a close code, which a page can read, unlike the status of a refused
    handshake."""
    request_id, turn_away = service(socket).base.clock.id(), service(socket).base.live.turn_away
    taken = SUBPROTOCOL if SUBPROTOCOL in socket.scope["subprotocols"] else None
    connection: WebSockets = socket.scope["extensions"][HAND_OVER]["connection"]
    try:
        await socket.accept(taken, [(b"x-request-id", request_id.encode())])
        asking = await _asking(socket)
        _begin(socket, connection, asking, request_id)
    except WebSocketDisconnect:
        pass
    except MasterxError as error:
        turn_away(connection, *of_live(error))
    except Exception:
        # The edge of the service, as in frame.py: an id that the log names, and a code that says whose fault it is.
        log.exception("live connection %s failed", request_id)
        turn_away(connection, Code.INTERNAL, f"something went wrong here; {request_id} names it in our logs")


async def _asking(socket: WebSocket) -> Principal:
    ticket = socket.query_params.get("ticket")
    return await Tickets(service(socket).base.cache).take(ticket) if ticket else await principal(socket)


def _begin(socket: WebSocket, connection: WebSockets, asking: Principal, request_id: str) -> None:
    """Hands the connection over to whoever tells its channels; nothing waits for it here any longer."""
    parts, query = service(socket), socket.query_params
    wanted: Any = tuple(query.get(name, "") for name in ("channels", "fields", "every_ms"))
    workspace = seen_by(asking, query.get("workspace"))
    reader = Reader(Viewer(workspace, asking.role, asking.learner_id), connection, asking.key)
    watching = Watching(parts.base.live, reader, parts.base.clock, request_id)
    parts.base.live.come(reader)
    try:
        if first := frames.asked(*wanted):
            watching.do(first)
    except MasterxError as error:
        watching.refuse(error)
    finally:
        connection.hand_over(watching)
