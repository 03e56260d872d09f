"""Many WebSocket clients in one process, as light as can be: what is measured is the server.

    python -m bench.live_clients PORT NUMBER FIRST

Connects from 127.0.0.FIRST on, then does what stdin says, one line each, and answers with one line of JSON:
`measure SECONDS` (lags of what comes in that time, milliseconds behind the moment it was due), `stall NUMBER` (so many
stop reading; what they hear no longer counts), `count`.
"""

import asyncio
import json
import re
import sys
from collections import Counter
from time import perf_counter
from typing import Any

import uvloop

from bench.load import percentile

_AT = re.compile(rb'"at": ?([0-9.]+)')
_TEXT, _CLOSE, _PING, _PONG = 0x81, 0x88, 0x89, 0x8A
_PER_ADDRESS, _AT_ONCE = 5_000, 100


class Tally:
    """What is heard by all clients."""

    def __init__(self) -> None:
        self.lags: list[int] = []
        self.counts = False
        self.open, self.lost = 0, Counter[int]()


class Client(asyncio.Protocol):
    """One connection. Answers pings, and takes the time of whatever says when it was due."""

    __slots__ = ("buffer", "code", "ready", "tally", "transport")

    def __init__(self, tally: Tally, ready: "asyncio.Future[None]") -> None:
        self.tally, self.buffer, self.code = tally, b"", 0
        self.ready: asyncio.Future[None] | None = ready
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self.ready and not self.ready.done():
            self.ready.set_exception(exc or ConnectionResetError("closed before it was open"))
        else:
            self.tally.open -= 1
            self.tally.lost[self.code] += 1

    def data_received(self, data: bytes) -> None:
        data = self.buffer + data
        if self.ready:
            head = data.find(b"\r\n\r\n")
            if head < 0:
                self.buffer = data
                return
            assert data.startswith(b"HTTP/1.1 101"), data
            self.ready.set_result(None)
            self.ready, data = None, data[head + 4 :]
            self.tally.open += 1
        while (end := _end(data)) and end <= len(data):
            self._frame(data, end)
            data = data[end:]
        self.buffer = data

    def _frame(self, data: bytes, end: int) -> None:
        if data[0] == _PING:
            payload = data[2:end]
            self.transport.write(bytes((_PONG, 0x80 | len(payload), 0, 0, 0, 0)) + payload)
        elif data[0] == _CLOSE:
            self.code = int.from_bytes(data[2:4])
            self.transport.close()
        elif self.tally.counts and (at := _AT.search(data, 0, end)):
            self.tally.lags.append(int((perf_counter() - float(at[1])) * 1e9))


def _end(data: bytes) -> int:
    """Where the first frame ends; 0 where not even its head is there."""
    if len(data) < 10:
        return 2 + data[1] if len(data) >= 2 and data[1] < 126 else 0
    if data[1] < 126:
        return 2 + data[1]
    return 4 + int.from_bytes(data[2:4]) if data[1] == 126 else 10 + int.from_bytes(data[2:10])


async def connected(port: int, number: int, first: int, tally: Tally) -> list[Client]:
    """All clients, connected."""
    loop, gate = asyncio.get_running_loop(), asyncio.Semaphore(_AT_ONCE)
    head = (
        f"GET /v1/live?channels=load HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ).encode()

    async def one(n: int) -> Client:
        async with gate:
            ready = loop.create_future()
            address = (f"127.0.0.{first + n // _PER_ADDRESS}", 0)
            transport, client = await loop.create_connection(
                lambda: Client(tally, ready), "127.0.0.1", port, local_addr=address
            )
            transport.write(head)
            await ready
            return client

    return await asyncio.gather(*(one(n) for n in range(number)))


async def main(port: int, number: int, first: int) -> None:
    """Connects and obeys."""
    tally = Tally()
    clients = await connected(port, number, first, tally)
    print(json.dumps({"open": tally.open}), flush=True)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := (await lines.readline()).decode().split():
        match line:
            case ["measure", seconds]:
                tally.lags, tally.counts = [], True
                await asyncio.sleep(float(seconds))
                tally.counts = False
                found = {"n": len(tally.lags), "p50": percentile(tally.lags, 0.5), "p99": percentile(tally.lags, 0.99)}
                print(json.dumps(found | {"max": percentile(tally.lags, 1.0)}), flush=True)
            case ["stall", many]:
                for client in clients[: int(many)]:
                    client.transport.pause_reading()
                print("{}", flush=True)
            case _:
                print(json.dumps({"open": tally.open, "lost": dict(tally.lost)}), flush=True)


if __name__ == "__main__":
    uvloop.run(main(*map(int, sys.argv[1:4])))
