"""Connections as uvicorn makes them, except that a client that has stopped reading is let go.

uvicorn waits without end for such a client, even to close: whoever opens streams and never reads them would hold their
sockets and buffers for as long as they like.
"""

import asyncio

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

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


class WebSockets(_Patience, WebSocketsSansIOProtocol):
    """Chats."""
