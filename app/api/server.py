"""Serves the application with uvicorn: one process, drained on SIGTERM so that no answer is cut without a word."""

import asyncio
import gc
import ipaddress
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

import uvicorn
import uvloop
from starlette.types import ASGIApp
from uvicorn.server import HANDLED_SIGNALS

from app.api.application import create
from app.api.bodies import BODY_LIMIT
from app.api.chat.chats import Chats
from app.api.connections import Http, WebSockets
from app.bootstrap.service import Service, service
from app.clock import SystemClock
from app.errors import SettingsError
from app.settings import Settings

log = logging.getLogger("masterx.server")

_LINGER = 0.25
"""Seconds after the last connection was accepted in which its request may still arrive."""

_AFTER_GRACE = 5.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen: a host and port, or a socket that was opened by whoever started us."""

    host: str = "127.0.0.1"
    port: int = 8000
    fd: int | None = None

    def listen(self) -> socket.socket:
        """The listening socket; `SettingsError` with one line where it cannot be had."""
        if self.fd is not None:
            return socket.socket(fileno=self.fd)
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self.host, self.port))
        except OSError as error:
            listener.close()
            raise SettingsError(f"cannot listen on {self.host}:{self.port}: {error.strerror}; try --port") from error
        return listener


def loopback(listener: socket.socket) -> bool:
    """Whether only this machine can reach a socket."""
    if listener.family == socket.AF_UNIX:
        return True
    return ipaddress.ip_address(listener.getsockname()[0].partition("%")[0]).is_loopback


@dataclass(frozen=True, slots=True)
class Serving:
    """How to serve: seconds that turns get to finish after a signal, seconds between pings on a WebSocket (and for the
    answer to one), and whom to tell when the first request can be answered."""

    grace: float
    ping: float
    ready: Callable[[Service], None]


class Server(uvicorn.Server):
    """uvicorn, except that a signal first lets turns finish: its own shutdown waits for ever on an open stream."""

    def __init__(self, application: ASGIApp, chats: Chats, running: Service, serving: Serving) -> None:
        super().__init__(config(application, serving.grace, serving.ping))
        self._chats, self._service, self._serving = chats, running, serving

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Like uvicorn's, but does not raise the signal again afterwards: the service is yet to be closed."""
        before = {number: signal.signal(number, self.handle_exit) for number in HANDLED_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._service.health.draining = True
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        settle()
        self._serving.ready(self._service)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        log.info("draining: %d turn(s) get %g s to finish", len(self._service.running), self._serving.grace)
        # A connection that was accepted in the last moment has its request on the way.
        await asyncio.sleep(_LINGER)
        await self._service.running.drain(0.0 if self.force_exit else self._serving.grace)
        # uvicorn would close WebSockets before they have said how their turn ended.
        await self._chats.leave()
        await super().shutdown(sockets)


def serve(settings: Settings, listener: socket.socket, serving: Serving) -> None:
    """Serves until a signal. Raises `SettingsError` or a `StoreError` when the service cannot start."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, listener, serving))


async def _serve(settings: Settings, listener: socket.socket, serving: Serving) -> None:
    local = loopback(listener)
    async with service(settings, SystemClock()) as running:
        if not local and not await running.records.keys.exist():
            raise SettingsError(
                "no API key exists, and this address can be reached by others: "
                "make one with `masterx keys create --role service`"
            )
        chats = Chats()
        application = create(running, chats, loopback=local)
        await Server(application, chats, running, serving).serve([listener])


def config(application: ASGIApp, grace: float, ping: float) -> uvicorn.Config:
    """How uvicorn serves the application; for the two times see `Serving`."""
    return uvicorn.Config(
        application,
        http=Http,
        ws=WebSockets,
        ws_max_size=BODY_LIMIT,
        # On by default, it takes 2.5 times the memory for each socket.
        ws_per_message_deflate=False,
        ws_ping_interval=ping,
        ws_ping_timeout=ping,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=int(grace + _AFTER_GRACE),
        backlog=4_096,
    )


def settle() -> None:
    """Takes what start-up made out of the garbage collector's rounds: its pauses are the tail of the latency."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
