"""A real HAProxy with `deploy/haproxy.cfg` before two real replicas, named to it by a name server as Docker's does."""

import asyncio
import os
import shutil
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import aiohttp
import pytest

from tests.e2e.service import ROOT, Masterx
from tests.mongod import free_port

CONFIGURATION = ROOT / "deploy" / "haproxy.cfg"
HOSTS = ("127.0.0.1", "127.0.0.2")
"""Where the replicas listen, both on the same port, as containers do."""

_START = 30.0
_HEADER = 12


class NameServer(asyncio.DatagramProtocol):
    """Answers every question for IPv4 addresses with those of the replicas."""

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        end = data.index(b"\0", _HEADER) + 5
        question = data[_HEADER:end]
        wanted = HOSTS if question[-4:-2] == b"\0\1" else ()
        answers = [b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4" + socket.inet_aton(host) for host in wanted]
        counts = b"\0\1" + len(answers).to_bytes(2) + b"\0\0\0\0"
        self._transport.sendto(data[:2] + b"\x81\x80" + counts + question + b"".join(answers), addr)


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the proxy and its surroundings listen here, instead of where they do in containers."""

    service: int
    grafana: int
    figures: int
    names: int
    replicas: int

    def placed(self, configuration: str) -> str:
        """The configuration at these ports, otherwise as it is."""
        for there, here in (
            ("bind :8000", f"bind 127.0.0.1:{self.service}"),
            ("bind :3000", f"bind 127.0.0.1:{self.grafana}"),
            ("bind :8405", f"bind 127.0.0.1:{self.figures}"),
            ("127.0.0.11:53", f"127.0.0.1:{self.names}"),
            ("masterx:8000", f"masterx:{self.replicas}"),
        ):
            assert configuration.count(f"{there}\n") == 1, there
            configuration = configuration.replace(f"{there}\n", f"{here}\n")
        return configuration


@dataclass(frozen=True, slots=True)
class Proxied:
    """The proxy's address, the address of its figures, and the replicas behind it."""

    url: str
    figures: str
    replicas: tuple[Masterx, ...]

    async def up(self, count: int) -> None:
        """Waits until the proxy counts so many replicas as ready."""
        async with asyncio.timeout(_START), aiohttp.ClientSession() as http:
            while await self._ready(http) != count:
                await asyncio.sleep(0.05)

    async def _ready(self, http: aiohttp.ClientSession) -> float:
        async with http.get(f"{self.figures}/metrics") as answer:
            lines = (await answer.text()).splitlines()
        name = 'haproxy_backend_active_servers{proxy="replicas"} '
        return next(float(line.removeprefix(name)) for line in lines if line.startswith(name))


def binary() -> str:
    """The proxy's program; skips the test where there is none, and fails it in CI."""
    if found := shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin"):
        return found
    return _missing("no haproxy: apt-get install haproxy")


@asynccontextmanager
async def proxied(folder: Path, environment: dict[str, str]) -> AsyncIterator[Proxied]:
    """Two replicas with these settings behind the proxy, all of them ready."""
    program, ports = binary(), Ports(*(free_port(*HOSTS[1:]) for _ in range(5)))
    (folder / "haproxy.cfg").write_text(ports.placed(CONFIGURATION.read_text("utf-8")))
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(NameServer, ("127.0.0.1", ports.names))
    replicas = tuple(_replica(folder / host, environment, host, ports.replicas) for host in HOSTS)
    with (folder / "haproxy.log").open("wb") as log:
        command = (program, "-db", "-f", str(folder / "haproxy.cfg"))
        process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
    found = Proxied(f"http://127.0.0.1:{ports.service}", f"http://127.0.0.1:{ports.figures}", replicas)
    try:
        async with replicas[0], replicas[1]:
            await found.up(len(HOSTS))
            yield found
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()
        transport.close()


def _replica(folder: Path, environment: dict[str, str], host: str, port: int) -> Masterx:
    folder.mkdir()
    return Masterx(folder, environment, "--host", host, "--port", str(port))


def _missing(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
