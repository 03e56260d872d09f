"""Connections as uvicorn makes them, except that a client that has stopped reading is let go.

uvicorn waits without end for such a client, even to close: whoever opens streams and never reads them would hold their
sockets and buffers for as long as they like.

A WebSocket can be handed over, too: from then on nothing of ASGI is left of it (a task, its frames, its queues and the
request are two thirds of its memory), and frames that were encoded once for many go to the socket as they are.
"""

import asyncio
import os
import socket
from typing import Protocol

from uvicorn._types import ASGIReceiveEvent
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

_PINGS = 3
"""For how many ping intervals a client may leave a full buffer where it is."""


class _Patience(asyncio.Protocol):
    """Ends a connection whose client has taken nothing for too long."""

    config: Config
    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    _limit: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        if interval := self.config.ws_ping_interval:
            self._limit = self.loop.call_later(_PINGS * interval, self.transport.abort)

    def resume_writing(self) -> None:
        self._lift()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lift()
        super().connection_lost(exc)

    def _lift(self) -> None:
        if self._limit:
            self._limit.cancel()
            self._limit = None


class Http(_Patience, HttpToolsProtocol):
    """Requests and event streams."""


_SEND_BUFFER = 32_768
"""Bytes of unsent frames that the kernel takes for one client; it counts its own overhead and doubles the number. Left
to itself it grows the buffer of each connection to megabytes, and a client that does not read would fill it."""

_CLOSING = 5.0
"""Seconds that a client has to take what is said last."""

_UNREADABLE = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

HAND_OVER = "masterx.hand_over"
"""The extension of a WebSocket's ASGI scope by which its connection is had."""


class Listener(Protocol):
    """Who hears a WebSocket that was handed over."""

    def hear(self, frame: str | bytes) -> None:
        """A message came."""
        ...

    def left(self) -> None:
        """The connection is closed, or is being closed by the client or by the server. May be said twice."""
        ...


class _Ear:
    """Takes the place of the queue between uvicorn and an ASGI application."""

    __slots__ = ("_listener",)

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def put_nowait(self, message: ASGIReceiveEvent) -> None:
        if message["type"] == "websocket.disconnect":
            self._listener.left()
        elif message["type"] == "websocket.receive":
            text = message.get("text")
            self._listener.hear(text if text is not None else message.get("bytes") or b"")

    def empty(self) -> bool:
        return True


class WebSockets(_Patience, WebSocketsSansIOProtocol):
    """Chats, and live connections once they are handed over."""

    _is_handed_over = False
    _file = -1
    """What is written to directly: a socket that nothing encrypts."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:
            self.scope["extensions"][HAND_OVER] = {"connection": self}

    def data_received(self, data: bytes) -> None:
        """Like uvicorn's, which leaves whoever opens with a request that cannot be read, such as an address of more
        than 8 KiB, without an answer and the connection open."""
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.transport.is_closing():
            self.transport.write(_UNREADABLE)
            self.transport.close()

    async def run_asgi(self) -> None:
        """Like uvicorn's, except that a connection which was handed over outlives the application's call."""
        try:
            await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except BaseException:
            self.logger.exception("Exception in ASGI application\n")
        self.send_500_response()  # unless there was an answer
        if self._is_handed_over:
            self._forget_request()
        elif self.close_timer is None:
            self.transport.close()

    def hand_over(self, listener: Listener) -> None:
        """From now on `listener` hears what the client sends, and what it has sent already, and that it is gone."""
        self._is_handed_over = True
        said, self.queue = self.queue, _Ear(listener)  # type: ignore[assignment]
        if self.disconnected or self.close_sent:
            return listener.left()
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        if self.transport.get_extra_info("ssl_object") is None:
            own = self.transport.get_extra_info("socket")
            own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
            self._file = own.fileno()
        while not said.empty():
            self.queue.put_nowait(said.get_nowait())
        return None

    def write(self, frame: bytes, room: int) -> bool:
        """Sends encoded frames whole; false, and nothing is sent, where more than `room` bytes wait here already, or
        the kernel takes none. Of a connection that is closing it is true: nobody is to try again."""
        transport = self.transport
        # Its number may be another connection's as soon as it is closed.
        if self.close_sent or transport.is_closing():
            return True
        waiting = transport.get_write_buffer_size()
        if waiting or self._file < 0:
            if waiting > room:
                return False
            transport.write(frame)
            return True
        try:
            sent = os.write(self._file, frame)
        except BlockingIOError:
            return False
        except OSError:
            transport.abort()
            return True
        if sent < len(frame):
            transport.write(memoryview(frame)[sent:])
        return True

    def close(self, code: int, reason: str) -> None:
        """Says why and closes; a client that does not take that is cut off after some seconds."""
        if self.close_sent or self.transport.is_closing():
            return
        self.stop_keepalive()
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.close_timer = self.loop.call_later(_CLOSING, self.transport.abort)

    def keepalive_timeout(self) -> None:
        """Like uvicorn's, which waits without end where the last frame is not taken."""
        super().keepalive_timeout()
        self.loop.call_later(_CLOSING, self.transport.abort)

    def send_receive_event_to_app(self) -> None:
        super().send_receive_event_to_app()
        if self._is_handed_over and self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()

    def _forget_request(self) -> None:
        """Lets go of what only an application needs."""
        self.scope = {}  # type: ignore[typeddict-item]
        del self.request, self.response
        self.app_state = {}
