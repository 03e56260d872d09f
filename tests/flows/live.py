"""Two replicas in process on one cache, behind real sockets, and a client that keeps what it is told."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from app import settings as environment
from app.api.application import create
from app.api.chat.chats import Chats
from app.api.server import config
from app.bootstrap.service import Service, service
from app.clock import SystemClock
from app.storage.keys import Grant
from app.vocabulary import Permission
from tests.merge_patch import applied

PATIENCE = 60.0
Frame = dict[str, Any]


class Replica:
    """One service that requires keys, on a port of its own."""

    def __init__(self, parts: Service, port: int, server: uvicorn.Server) -> None:
        self.parts, self.port, self.server = parts, port, server
        self.live = parts.base.live

    async def key(self, role: Permission, learner: str | None = None, workspace: str = "w") -> str:
        """A new key."""
        return (await self.parts.records.keys.create(Grant(role, workspace, learner)))[1]

    @asynccontextmanager
    async def watch(self, query: str = "", key: str | None = None, **options: Any) -> AsyncIterator["Watcher"]:
        """A connection to `/v1/live`, the way a page makes one."""
        offered = [Subprotocol("masterx"), Subprotocol(f"bearer.{key}")] if key else None
        url = f"ws://127.0.0.1:{self.port}/v1/live?{query}"
        options = {"close_timeout": 0.1, **options}  # one that does not read does not see that it was closed, either
        async with asyncio.timeout(PATIENCE), connect(url, subprotocols=offered, **options) as opened:
            yield Watcher(opened)


class Watcher:
    """A client that follows the rules for clients (docs/websocket.md)."""

    def __init__(self, opened: ClientConnection) -> None:
        self.socket = opened
        self.state: Any = None
        self.epoch, self.seq = "", -1
        self.events: list[Any] = []

    async def send(self, type_: str, **fields: Any) -> None:
        """Sends a frame."""
        await self.socket.send(json.dumps({"type": type_, **fields}))

    async def hear(self) -> Frame:
        """The next frame."""
        frame: Frame = json.loads(await self.socket.recv())
        return frame

    async def follow(self) -> Frame:
        """The next frame, taken in; a gap is asked about."""
        frame = await self.hear()
        match frame["type"]:
            case "snapshot":
                self.state, self.epoch = frame["data"], frame["epoch"]
                self.seq = frame["seq"]
            case "delta" if frame["epoch"] == self.epoch and frame.get("after", frame["seq"] - 1) == self.seq:
                self.state, self.seq = applied(self.state, frame["data"]), frame["seq"]
            case "event" if frame["epoch"] == self.epoch and frame["seq"] == self.seq + 1:
                self.events.append(frame["data"])
                self.seq = frame["seq"]
            case _:
                await self.send("resume", channel=frame["channel"], epoch=self.epoch, seq=self.seq)
        return frame

    async def code(self) -> int | None:
        """The code with which the service closes; frames before are skipped."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self.socket.recv()
        return self.socket.close_code


@asynccontextmanager
async def replica(folder: Path, name: str, cache: str) -> AsyncIterator[Replica]:
    """A running service."""
    settings = environment.load({"MASTERX_STORE": f"sqlite:///{folder}/{name}.db", "MASTERX_CACHE": cache})
    async with service(settings, SystemClock()) as parts:
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(config(create(parts, Chats(), loopback=False), 0.0, 20.0))
        started = asyncio.create_task(server.serve([listener]))
        try:
            yield Replica(parts, listener.getsockname()[1], server)
        finally:
            server.should_exit = True
            await started


def deaf(port: int) -> socket.socket:
    """A socket with little room for what is not read, connected."""
    small = socket.socket()
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32_768)
    small.connect(("127.0.0.1", port))
    small.setblocking(False)
    return small
