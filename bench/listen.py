"""Many listeners for `bench chat`, run as a process of its own: `python -m bench.listen PLAN.json` prints JSON.

Each connection asks, hears its answer to the end, and asks again until the time is up, over SSE or as a WebSocket.
Every piece carries the monotonic time at which the provider sent it. Frames of a server are not masked, so both ways
are read alike: by the marks in the bytes.
"""

import asyncio
import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

import uvloop

from bench.load import percentile

STAMP = re.compile(rb"@(\d+) ")
ENDS = {"sse": (b"event: turn.completed", b"event: error"), "ws": (b'"turn.completed"', b'"error"')}
_TAIL = 64
now = time.monotonic_ns


class Listener(asyncio.Protocol):
    """One connection with at most one answer under way."""

    def __init__(self, tally: "Tally", kind: str) -> None:
        self.tally, self.ends = tally, ENDS[kind]
        self.transport: Any = None
        self.buffer = b""
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.heard: asyncio.Future[bool] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._settle(False)

    def say(self, raw: bytes) -> "asyncio.Future[bool]":
        """Sends a question; true when the answer was heard to its end."""
        self.buffer, self.heard = b"", asyncio.get_running_loop().create_future()
        self.transport.write(raw)
        return self.heard

    def data_received(self, data: bytes) -> None:
        at = now()
        if not self.opened.done():
            self.opened.set_result(None)
            return
        self.buffer += data
        end = next((place for mark in self.ends if (place := self.buffer.find(mark)) >= 0), -1)
        seen = 0
        # The closing event holds the whole reply again, with all its stamps.
        for stamp in STAMP.finditer(self.buffer, 0, end if end >= 0 else len(self.buffer)):
            seen = stamp.end()
            self.tally.delays.append(at - int(stamp[1]))
        if end >= 0:
            self._settle(self.buffer.find(self.ends[0]) >= 0)
        self.buffer = self.buffer[max(seen, len(self.buffer) - _TAIL) :]

    def _settle(self, well: bool) -> None:
        if self.heard and not self.heard.done():
            self.heard.set_result(well)


class Tally:
    """What was heard."""

    def __init__(self) -> None:
        self.delays: list[int] = []
        self.whole = self.broken = 0


def masked(text: bytes) -> bytes:
    """A text frame as a client sends it."""
    head = b"\x81" + (bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2, "big"))
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[n % 4] for n, byte in enumerate(text))


async def listen(plan: dict[str, Any], session: str, place: float, tally: Tally) -> None:
    """One learner: comes in at a share of the first seconds, then asks until the time is up."""
    await asyncio.sleep(plan["spread"] * place)
    loop, kind, began = asyncio.get_running_loop(), plan["kind"], now()
    _, listener = await loop.create_connection(lambda: Listener(tally, kind), "127.0.0.1", plan["port"])
    host = f"host: 127.0.0.1:{plan['port']}\r\n"
    if kind == "ws":
        upgrade = "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
        key = "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        listener.transport.write(f"GET /v1/sessions/{session}/chat HTTP/1.1\r\n{host}{upgrade}{key}\r\n".encode())
        await listener.opened
        question = masked(json.dumps({"type": "message", "message": plan["message"]}).encode())
    else:
        listener.opened.set_result(None)
        body = json.dumps({"message": plan["message"], "stream": True})
        question = (
            f"POST /v1/sessions/{session}/turns HTTP/1.1\r\n{host}content-length: {len(body)}\r\n\r\n{body}".encode()
        )
    while now() - began < plan["seconds"] * 1e9:
        if await listener.say(question):
            tally.whole += 1
        else:
            tally.broken += 1
            break
    listener.transport.close()


async def main(plan: dict[str, Any]) -> dict[str, Any]:
    """Runs the plan; delays in milliseconds."""
    tally, began, sessions = Tally(), now(), plan["sessions"]
    await asyncio.gather(*(listen(plan, name, n / len(sessions), tally) for n, name in enumerate(sessions)))
    seconds = (now() - began) / 1e9
    return {
        "answers": tally.whole,
        "broken": tally.broken,
        "pieces_per_s": round(len(tally.delays) / seconds),
        "seconds": round(seconds, 2),
        **{f"p{int(p * 100)}": percentile(tally.delays, p) for p in (0.5, 0.99)},
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(main(json.loads(Path(sys.argv[1]).read_text("utf-8"))))))
