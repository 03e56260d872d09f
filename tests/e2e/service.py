"""The real service as a process of its own: `masterx serve` on a free port."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, ClassVar, Self

import aiohttp

from tests.e2e.forked import Forked, covered, fork

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 60.0
"""Seconds after which something is taken not to happen at all; as long as a busy machine may need."""


@dataclass(frozen=True, slots=True)
class Event:
    """One Server-Sent Event."""

    id: int
    name: str
    data: dict[str, Any]


class Masterx:
    """One running service. `environment` is all it sees besides PATH; it works in `folder`."""

    forks: ClassVar[bool] = False
    """Whether it begins where its imports end (`tests.e2e.forked`): in tests, not where starts are measured."""

    def __init__(self, folder: Path, environment: Mapping[str, str], *arguments: str) -> None:
        self.folder, self.environment, self.arguments = folder, dict(environment), arguments
        self.url = ""
        self.banner = ""
        self.process: asyncio.subprocess.Process | Forked | None = None
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._http:
            await self._http.close()
        if self.process and self.process.returncode is None:
            # A process that is killed leaves no record of the lines it ran.
            self.process.send_signal(signal.SIGTERM if covered() else signal.SIGKILL)
            await self.process.wait()
        if self.process and self.process.stdout:
            await self.process.stdout.read()  # to its end, which closes the pipe

    async def start(self) -> None:
        """Starts the process and waits until it says that it serves."""
        keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | covered()
        arguments = ("serve", *(self.arguments or ("--port", "0")))
        environment = {**keep, "PYTHONPATH": str(ROOT), "MASTERX_LOG": "json", **self.environment}
        listener = int(arguments[2]) if "--fd" in arguments else None
        with (self.folder / "service.log").open("ab") as log:
            if self.forks:
                self.process = await fork(arguments, self.folder, environment, log.fileno(), listener)
            else:
                self.process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "app", *arguments),
                    cwd=self.folder,
                    env=environment,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=log,
                    pass_fds=() if listener is None else [listener],
                )
        self.banner = await asyncio.wait_for(self._read_banner(), PATIENCE)
        self.url = next(word for word in self.banner.split() if word.startswith("http://")).rstrip("/")

    async def _read_banner(self) -> str:
        assert self.process is not None
        assert self.process.stdout is not None
        lines: list[str] = []
        while not any("Providers" in line for line in lines):
            line = await self.process.stdout.readline()
            if not line:
                raise AssertionError(f"the service did not start: {self.log()}")
            lines.append(line.decode())
        return "".join(lines)

    def log(self) -> str:
        """What the service wrote to standard error so far."""
        return (self.folder / "service.log").read_text("utf-8")

    async def logged(self, words: str) -> None:
        """Waits until the service has written this to standard error."""
        async with asyncio.timeout(PATIENCE):
            while words not in self.log():
                await asyncio.sleep(0.02)

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the process."""
        assert self.process is not None
        self.process.send_signal(number)

    async def kill(self) -> None:
        """Ends the process as a power cut would."""
        self.signal(signal.SIGKILL)
        await self.ended()

    async def ended(self) -> int:
        """Waits for the process to end; its exit code."""
        assert self.process is not None
        return await asyncio.wait_for(self.process.wait(), PATIENCE)

    @property
    def http(self) -> aiohttp.ClientSession:
        """A client with connections of its own."""
        if self._http is None:
            # The service lets go of a connection that was idle for five seconds; none so old is used for a call.
            kept = aiohttp.TCPConnector(keepalive_timeout=2)
            self._http = aiohttp.ClientSession(connector=kept, timeout=aiohttp.ClientTimeout(total=60))
        return self._http

    async def call(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        """One JSON call: status and decoded body."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.request(method, self.url + path, json=body, headers=names) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else None

    async def session(self, learner: str = "ada", **headers: str) -> str:
        """A new session's id."""
        status, body = await self.call("POST", "/v1/sessions", {"learner_id": learner}, **headers)
        assert status == 201, body
        return str(body["id"])

    async def ask(self, session: str, message: str, **headers: str) -> tuple[int, Any]:
        """One turn as JSON."""
        return await self.call("POST", f"/v1/sessions/{session}/turns", {"message": message}, **headers)

    async def stream(self, session: str, message: str, **headers: str) -> AsyncIterator[Event]:
        """One turn as events, as they come."""
        body = {"message": message, "stream": True}
        path = f"{self.url}/v1/sessions/{session}/turns"
        async with self.http.post(path, json=body, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            async for event in events(answer):
                yield event

    async def turns(self, session: str) -> list[dict[str, Any]]:
        """A session's turns, newest first."""
        status, body = await self.call("GET", f"/v1/sessions/{session}/turns?limit=200")
        assert status == 200, body
        found: list[dict[str, Any]] = body["data"]
        return found


async def events(answer: aiohttp.ClientResponse) -> AsyncIterator[Event]:
    """The events of an answer, as they come; comments are skipped."""
    fields: dict[str, str] = {}
    async for raw in answer.content:
        line = raw.decode().rstrip("\n")
        if line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            yield Event(int(fields["id"]), fields["event"], json.loads(fields["data"]))
            fields = {}


@dataclass(frozen=True, slots=True)
class Command:
    """One command of the command line, under way."""

    process: Forked
    errors: IO[bytes]

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to it."""
        self.process.send_signal(number)

    async def ended(self) -> tuple[int, str, str]:
        """Waits for its end: exit code, standard output, standard error."""
        async with asyncio.timeout(PATIENCE):
            output, code = await asyncio.gather(self.process.stdout.read(), self.process.wait())
        with self.errors:
            self.errors.seek(0)
            return code, output.decode(), self.errors.read().decode()


async def command(folder: Path, environment: Mapping[str, str], *arguments: str) -> Command:
    """Begins a command."""
    surroundings = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **covered(), **environment}
    errors = TemporaryFile()  # noqa: SIM115 - closed when the command has ended
    return Command(await fork(arguments, folder, surroundings, errors.fileno()), errors)


async def cli(folder: Path, environment: Mapping[str, str], *arguments: str) -> tuple[int, str, str]:
    """One command of the command line: exit code, standard output, standard error."""
    return await (await command(folder, environment, *arguments)).ended()


async def fresh(folder: Path, environment: Mapping[str, str], *arguments: str) -> tuple[int, str, str]:
    """The same in an interpreter that begins with nothing."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app", *arguments),
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **covered(), **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode is not None
    return process.returncode, output.decode(), errors.decode()


async def begun(masterx: Masterx, session: str) -> None:
    """Waits until a session has a turn."""
    async with asyncio.timeout(PATIENCE):
        while not await masterx.turns(session):
            await asyncio.sleep(0.02)


async def closed(masterx: Masterx, session: str) -> dict[str, Any]:
    """The newest turn of a session, when there is one and it is no longer open."""
    async with asyncio.timeout(PATIENCE):
        while not (turns := await masterx.turns(session)) or turns[0]["state"] == "open":
            await asyncio.sleep(0.02)
    return turns[0]
