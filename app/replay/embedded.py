"""A service of the replay's own: the real one, over HTTP, in this process, on a port that nobody else knows."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from socket import socket

import uvicorn

from app.api.application import create
from app.api.chat.chats import Chats
from app.api.server import Address, config
from app.bootstrap.service import service
from app.clock import SystemClock
from app.settings import Settings

_PING = 20.0
"""Seconds between pings, as `masterx serve` has it unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What of the configuration is used: its store and cache (`keep`), its model providers (`providers`)."""

    keep: bool
    providers: bool


def chosen(settings: Settings, choice: Choice, scratch: Path) -> Settings:
    """The settings of the embedded service. What is not chosen is replaced: by a store in the folder `scratch` and a
    cache in process, by a catalogue without models, so that the offline tutor answers and nothing is paid for."""
    if not choice.keep:
        # Nothing but this replay is in that store, so there is nothing that a key would have to guard.
        settings = replace(settings, store=f"sqlite:///{scratch}/replay.db", cache="memory://", auth="auto")
    if not choice.providers:
        nobody = scratch / "no-providers.toml"
        nobody.write_text("model = []  # the offline tutor answers\n", "utf-8")
        settings = replace(settings, providers=nobody)
    return settings


@asynccontextmanager
async def embedded(settings: Settings) -> AsyncIterator[str]:
    """Serves on a free port of the loopback address; its URL."""
    listener = Address(port=0).listen()
    async with service(settings, SystemClock()) as running:
        server = _Server(config(create(running, Chats(), loopback=True), grace=0.0, ping=_PING))
        serving = asyncio.create_task(server.serve([listener]))
        try:
            await server.up.wait()
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            # Nobody is left to hear a turn that may still be under way after an interrupt.
            await running.running.drain(0.0)
            server.should_exit = True
            await serving


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: an interrupt is the player's to take."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()
