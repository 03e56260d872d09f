"""One process that tells a kilobyte a second to all who watch: ours, or the plainest FastAPI loop.

    python -m bench.live_server ours|plain [CACHE] [tells]      says its port on stdout

`ours` is the whole service with one channel more; with a cache it is one of several replicas, of which the one that
`tells` tells all. They begin with a line on stdin. Each text carries when it was due, on the clock of this machine.
"""

import asyncio
import json
import random
import socket
import sys
import tempfile
from math import floor
from time import perf_counter
from typing import Any

import uvicorn
import uvloop
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from app import settings as environment
from app.api.application import create
from app.api.chat.chats import Chats
from app.api.server import Server, Serving
from app.bootstrap.service import Service, service
from app.broadcasting import Channel, Kind
from app.clock import SystemClock

CHANNEL = "load"
_PAD = 850


def said(due: float) -> dict[str, Any]:
    """What is told at `due`: different each time, so that nothing is saved by telling changes only."""
    return {"at": due, "pad": random.randbytes(_PAD // 2).hex()}


def listening() -> socket.socket:
    """A port of our own, said on stdout."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=4_096)
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    return listener


async def told_to_begin() -> None:
    """Waits for a line on stdin: the clients are there."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    await lines.readline()
    print("{}", flush=True)


async def each_second(tell: Any) -> None:
    """Calls `tell` with each whole second, when it has come; not with those that it was too late for."""
    await told_to_begin()
    while True:
        due = float(floor(perf_counter()) + 1)
        await asyncio.sleep(due - perf_counter())
        await tell(due)


async def plain() -> None:
    """What one writes first."""
    app, watching = FastAPI(openapi_url=None), set[WebSocket]()

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "ok"}

    @app.websocket("/v1/live")
    async def watch(socket: WebSocket) -> None:
        await socket.accept()
        watching.add(socket)
        try:
            while True:
                await socket.receive_text()
        except WebSocketDisconnect:
            watching.discard(socket)

    async def tell(due: float) -> None:
        text = json.dumps({"type": "event", "data": said(due)})
        for each in list(watching):
            try:
                await each.send_text(text)
            except (WebSocketDisconnect, RuntimeError):
                watching.discard(each)

    config = uvicorn.Config(
        app, ws="websockets-sansio", ws_per_message_deflate=False, log_level="error", lifespan="off", backlog=4_096
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(each_second(tell))
        await uvicorn.Server(config).serve([listening()])


async def ours(cache: str, tells: bool) -> None:
    """The service; alone it shows a state that changes each second, as a replica it tells events."""
    with tempfile.TemporaryDirectory() as folder:
        told = {"MASTERX_STORE": f"sqlite:///{folder}/masterx.db", "MASTERX_CACHE": cache}
        async with service(environment.load(told), SystemClock()) as parts, asyncio.TaskGroup() as tasks:
            if cache.startswith("memory"):
                begun = tasks.create_task(told_to_begin())
                parts.base.live.offer(Channel(CHANNEL, lambda _: _state() if begun.done() else {}))
            else:
                parts.base.live.offer(Channel(CHANNEL, None, every=0.1, kind=Kind.KEPT))
                if tells:
                    tasks.create_task(each_second(lambda due: _event(parts, due)))
                else:
                    tasks.create_task(told_to_begin())
            chats = Chats()
            application = create(parts, chats, loopback=True)
            serving = Serving(0.0, 20.0, lambda _: None)
            await Server(application, chats, parts, serving).serve([listening()])


def _state() -> dict[str, Any]:
    return said(float(floor(perf_counter() + 0.01)))


async def _event(parts: Service, due: float) -> None:
    parts.base.live.tell(CHANNEL, "default", said(due))


if __name__ == "__main__":
    what, *more = sys.argv[1:]
    uvloop.run(plain() if what == "plain" else ours(more[0] if more else "memory://", "tells" in more))
