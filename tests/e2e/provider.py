"""A provider that misbehaves on demand: real sockets, three dialects, JSON and stream.

    async with MisbehavingProvider() as provider:
        provider.script(fault="429", retry="7", dialect="groq")     # from now on, until `provider.reset()`
        ...                                                         # a client of provider.url("groq")
        assert provider.requests[-1].body["model"] == "openai/gpt-oss-20b"

`url("openai" | "groq" | "gemini")` is what the official SDKs take as their address. What is wrong may also stand in
the user's last message, which is how tests reach it through the service: `[[fault=cut after=3]]`, `[[n=32 gap=20]]`;
it goes before what was scripted. The faults are in `faults.py`, the fields in `script.py`.

As a process of its own: `python -m tests.e2e.provider --port 9000`; it prints its address when it is ready. Control by
HTTP: `POST /_control` with the fields of `script()`, `{"refuse": seconds}` or `{"go_on": true}`, `GET /_control` for
what was asked, `DELETE /_control` to reset.
"""

import argparse
import asyncio
import contextlib
import json
import socket
import struct
import sys
import time
from collections import Counter, deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self, cast

from tests.e2e.dialects import DIALECTS, Json
from tests.e2e.faults import Plan, Request, plan
from tests.e2e.script import Script, directive, limited, telling

_KEPT = 1_000
_HEAD_LIMIT = 1 << 16
_CHUNK_PAUSE = 1 << 16


@dataclass(slots=True)
class Seen:
    """A request as it came in. `ended` is set when nothing more will be sent; `abandoned` if the client left before."""

    dialect: str
    path: str
    headers: dict[str, str]
    body: Json
    stream: bool
    abandoned: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    steps: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0), repr=False)

    def step(self, frames: int = 1) -> None:
        """Lets so many frames more go out, where the script says `step`."""
        for _ in range(frames):
            self.steps.release()


@dataclass(frozen=True, slots=True)
class _Pace:
    """When each frame of an answer goes out."""

    script: Script
    going: asyncio.Event
    steps: asyncio.Semaphore

    async def before(self, number: int) -> None:
        if number == self.script.stop:
            await self.going.wait()
        if self.script.step is not None and number >= self.script.step:
            await self.steps.acquire()

    async def after(self) -> None:
        await asyncio.sleep(self.script.gap / 1000)


class MisbehavingProvider:
    """The server; an async context."""

    def __init__(self, port: int = 0, models: tuple[str, ...] = ()) -> None:
        self.port, self.models = port, models
        self.requests: deque[Seen] = deque(maxlen=_KEPT)
        self.connections: set[_Connection] = set()
        self.accepted = 0
        self._scripts: dict[str | None, Script] = {}
        self._asked: Counter[str | None] = Counter()
        self.going = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._away: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._away:
            self._away.cancel()
        await self._close()

    def url(self, dialect: str) -> str:
        """The address of a dialect, as the official SDK of that provider takes it."""
        return f"http://127.0.0.1:{self.port}/{dialect}{'/v1' if dialect == 'openai' else ''}"

    def script(self, dialect: str | None = None, **changes: Any) -> None:
        """Answers requests (of one dialect, or of all) as `Script(**changes)` says from now on."""
        self._scripts[dialect] = Script(**changes)
        del self._asked[dialect]

    def reset(self) -> None:
        """Behaves again and forgets what was asked."""
        self._scripts.clear()
        self.requests.clear()
        self.go_on()

    def go_on(self) -> None:
        """Lets answers that were asked for before now go past their `stop`."""
        self.going.set()
        self.going = asyncio.Event()

    async def asked(self, count: int) -> None:
        """Waits, at most 30 seconds, until so many requests have come since it was last reset."""
        async with asyncio.timeout(30):
            while len(self.requests) < count:
                await asyncio.sleep(0.01)

    @contextlib.asynccontextmanager
    async def refusing(self) -> AsyncIterator[None]:
        """Nobody listens while this context lasts; open connections are reset."""
        await self._close()
        try:
            yield
        finally:
            await self._listen()

    def refuse(self, seconds: float) -> None:
        """Is gone for a while; returns at once."""
        self._away = asyncio.get_running_loop().create_task(self._stay_away(seconds))

    async def _stay_away(self, seconds: float) -> None:
        await asyncio.sleep(0.05)  # the answer to whoever asked for it goes out first
        async with self.refusing():
            await asyncio.sleep(seconds)

    def script_for(self, dialect: str, words: str) -> Script:
        """What holds for one request: its own directive over what was scripted; uses up one of its `times`."""
        key = dialect if dialect in self._scripts else None
        script = self._scripts.get(key, Script())
        if script.times is not None:
            self._scripts[key] = replace(script, times=script.times - 1)
            script = script if script.times > 0 else Script()
        self._asked[key] += 1
        return limited(replace(script, **directive(words)), self._asked[key])

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", self.port, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        for connection in list(self.connections):
            connection.reset()
        await self._server.wait_closed()


class _Connection(asyncio.Protocol):
    """One connection: requests one after the other, each answered by a task that ends with the connection."""

    def __init__(self, provider: MisbehavingProvider) -> None:
        self._provider = provider
        self._buffer = b""
        self._task: asyncio.Task[None] | None = None
        self._room = asyncio.Event()
        self._room.set()
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are not of that class
        self._provider.connections.add(self)
        self._provider.accepted += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self._provider.connections.discard(self)
        if self._task:
            self._task.cancel()

    def pause_writing(self) -> None:
        self._room.clear()

    def resume_writing(self) -> None:
        self._room.set()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._task is None:
            self._next()

    def reset(self) -> None:
        """Sends RST, whatever was still to be sent."""
        with contextlib.suppress(OSError):
            sock = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def _next(self) -> None:
        head, blank, rest = self._buffer.partition(b"\r\n\r\n")
        if not blank:
            return
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        length = int(headers.get("content-length", "0"))
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        self._task = asyncio.get_running_loop().create_task(self._answer(lines[0], headers, rest[:length]))
        self._task.add_done_callback(self._answered)

    def _answered(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled() and (error := task.exception()):
            self.reset()
            raise error
        if not self._transport.is_closing():
            self._next()

    async def _answer(self, line: str, headers: dict[str, str], body: bytes) -> None:
        method, path, _ = line.split(" ")
        dialect = path.split("/")[1]
        if dialect == "_control":
            return await self._send(_control(self._provider, method, json.loads(body or b"{}")))
        if dialect not in DIALECTS:
            return await self._send(Plan(status=404, length=0))
        if method == "GET":
            return await self._send(_json_plan(DIALECTS[dialect].models(self._provider.models)))
        asked = json.loads(body)
        seen = Seen(dialect, path, headers, asked, DIALECTS[dialect].streams(path, asked))
        self._provider.requests.append(seen)
        try:
            await self._misbehave(seen)
        except asyncio.CancelledError:
            seen.abandoned = True
            raise
        finally:
            seen.ended.set()

    async def _misbehave(self, seen: Seen) -> None:
        dialect, going = DIALECTS[seen.dialect], self._provider.going
        words = dialect.last_words(seen.body)
        script = self._provider.script_for(seen.dialect, words)
        told = telling(script, words, dialect.model(seen.path, seen.body))
        usage_asked = bool((seen.body.get("stream_options") or {}).get("include_usage"))
        told = replace(told, usage_asked=usage_asked)
        await asyncio.sleep(script.lat / 1000)
        request = Request(dialect, told, seen.stream, script.fault, script.after, script.retry, time.time())
        wire = plan(request)
        wire = replace(wire, headers={**wire.headers, **script.headers})
        await self._send(wire, _Pace(script, going, seen.steps))

    async def _send(self, wire: Plan, pace: _Pace | None = None) -> None:
        pace = pace or _Pace(Script(), self._provider.going, asyncio.Semaphore(0))
        if not wire.bare:
            self._transport.write(_head(wire))
        for number, frame in enumerate(wire.frames):
            await pace.before(number)
            await self._frame(wire, frame)
            await pace.after()
        if wire.ending == "hang":
            await asyncio.Event().wait()
        elif wire.ending == "reset":
            self.reset()
        elif wire.ending == "drop":
            self._transport.close()
        elif wire.length is None:
            self._transport.write(b"0\r\n\r\n")

    async def _frame(self, wire: Plan, frame: bytes) -> None:
        """Writes a frame; with `drip` each byte alone, and each a chunk of the transfer where it is chunked."""
        size = 1 if wire.drip else _CHUNK_PAUSE
        for at in range(0, len(frame), size):
            part = frame[at : at + size]
            chunked = wire.length is None and not wire.bare
            self._transport.write(b"%x\r\n%b\r\n" % (len(part), part) if chunked else part)
            await self._room.wait()
            if wire.drip:
                await asyncio.sleep(0)


def _head(wire: Plan) -> bytes:
    framing = {"transfer-encoding": "chunked"} if wire.length is None else {"content-length": str(wire.length)}
    lines = [f"{name}: {value}\r\n" for name, value in (wire.headers | framing).items()]
    return f"HTTP/1.1 {wire.status} Whatever\r\n{''.join(lines)}\r\n".encode()


def _json_plan(data: Json) -> Plan:
    body = json.dumps(data).encode()
    return Plan((body,), headers={"content-type": "application/json"}, length=len(body))


def _control(provider: MisbehavingProvider, method: str, body: Json) -> Plan:
    if method == "POST" and "refuse" in body:
        provider.refuse(float(body["refuse"]))
    elif method == "POST" and "go_on" in body:
        provider.go_on()
    elif method == "POST":
        provider.script(**body)
    elif method == "DELETE":
        provider.reset()
    shown = [f.name for f in fields(Seen) if f.name not in ("ended", "steps")]
    requests = [{name: getattr(seen, name) for name in shown} for seen in provider.requests]
    return _json_plan({"requests": requests, "connections": len(provider.connections)})


async def _serve(port: int, models: tuple[str, ...]) -> None:
    async with MisbehavingProvider(port, models) as provider:
        sys.stdout.write(f"ready http://127.0.0.1:{provider.port}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--models", nargs="*", default=())
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(options.port, tuple(options.models)))
