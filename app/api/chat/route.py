"""`WS /v1/sessions/{id}/chat`."""

import logging
from typing import cast

from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.api.calls import service, session_for
from app.api.chat.chat import Chat
from app.api.chat.chats import Chats
from app.api.closing import of_chat
from app.broadcasting import Code
from app.errors import MasterxError
from app.trail import TRAIL, Trail, trace_of

SUBPROTOCOL = "masterx"
"""What a browser must offer beside `bearer.KEY`: it insists that the server takes one of those it offered."""

router = APIRouter()

log = logging.getLogger("masterx.chat")


@router.websocket("/v1/sessions/{session_id}/chat")
async def chat(socket: WebSocket, session_id: str) -> None:
    """A session's chat. What refuses it is said by a close code, which a page can read, unlike the status of a
    refused handshake."""
    parts = service(socket)
    chats, request_id = cast(Chats, socket.app.state.chats), parts.base.clock.id()
    TRAIL.set(Trail(request_id, trace=trace_of(socket.headers.get("traceparent", ""))))
    taken = SUBPROTOCOL if SUBPROTOCOL in socket.scope["subprotocols"] else None
    open_chat = Chat(socket, session_id, request_id)
    try:
        await socket.accept(taken, [(b"x-request-id", request_id.encode())])
        _, session = await session_for(socket, session_id, write=True)
        open_chat.expect(session)
        with chats.joined(open_chat):
            await open_chat.run()
    except WebSocketDisconnect:
        pass
    except MasterxError as error:
        await open_chat.close(*of_chat(error))
    except Exception:
        # The edge of the service, as in frame.py: an id that the log names, and a code that says whose fault it is.
        log.exception("chat %s failed", request_id)
        await open_chat.close(Code.INTERNAL, f"something went wrong here; {request_id} names it in our logs")
    finally:
        parts.base.meters.chat_closed(open_chat.code or Code.ABNORMAL)
