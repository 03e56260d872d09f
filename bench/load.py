"""A closed-loop HTTP/1.1 client: each connection asks in sessions of its own, one request after the other.

    python -m bench.load PLAN.json      one JSON line on stdout; times in milliseconds

`PLAN.json`: {"host", "port", "seconds", "stream", "head", "paths": [[…] …], "body"}: a list of paths for each
connection, asked in turn. In streams `@NANOSECONDS ` marks when the upstream sent a piece: what it took from there to
here is what the service in between added.
"""

import asyncio
import json
import re
import sys
import time
from itertools import cycle
from pathlib import Path
from typing import Any

import uvloop

STAMP = re.compile(rb"@(\d+) ")
CLOSING = b"event: turn.completed"
LENGTH = re.compile(rb"content-length: *(\d+)")
now = time.monotonic_ns


class Connection(asyncio.Protocol):
    """One connection with at most one request under way."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.done: asyncio.Future[int] | None = None
        self.buffer = b""
        self.status = 0
        self.need: int | None = None
        self.first = 0
        self.delays: list[int] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self.done and not self.done.done():
            self.done.set_result(0)

    def ask(self, raw: bytes) -> "asyncio.Future[int]":
        """Sends a request; the future gives its status, 0 for a broken connection."""
        self.buffer, self.status, self.need, self.first = b"", 0, None, 0
        self.done = asyncio.get_running_loop().create_future()
        self.transport.write(raw)
        return self.done

    def data_received(self, data: bytes) -> None:
        at = now()
        self.buffer += data
        if not self.status and not self._head():
            return
        if self.need is not None:
            if len(self.buffer) >= self.need:
                self._finish()
            return
        seen = 0
        # The closing event holds the whole reply again, with all its stamps.
        closing = self.buffer.find(CLOSING)
        for stamp in STAMP.finditer(self.buffer, 0, closing if closing >= 0 else len(self.buffer)):
            seen = stamp.end()
            self.first = self.first or at
            self.delays.append(at - int(stamp[1]))
        self.buffer = self.buffer[seen:]
        if self.buffer.endswith(b"0\r\n\r\n"):
            self._finish()

    def _head(self) -> bool:
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = self.buffer[:end].lower()
        self.status = int(head[9:12])
        length = LENGTH.search(head)
        self.need = int(length[1]) if length else None
        self.buffer = self.buffer[end + 4 :]
        return True

    def _finish(self) -> None:
        if self.done and not self.done.done():
            self.done.set_result(self.status)


class Tally:
    """What was seen."""

    def __init__(self) -> None:
        self.took: list[int] = []
        self.first: list[int] = []
        self.errors: dict[int, int] = {}


async def drive(plan: dict[str, Any], paths: list[str], tally: Tally, stop: int) -> list[int]:
    """Asks on one connection until `stop`; gives the delays of the pieces."""
    # Learners do not ask in step: connections begin one after the other.
    await asyncio.sleep(0.7 * plan["paths"].index(paths) / len(plan["paths"]))
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(Connection, plan["host"], plan["port"])
    body = plan["body"].encode()
    requests = cycle(
        [f"POST {path} HTTP/1.1\r\n{plan['head']}content-length: {len(body)}\r\n\r\n".encode() + body for path in paths]
    )
    while (began := now()) < stop:
        status = await connection.ask(next(requests))
        if status == 200:
            tally.took.append(now() - began)
            if connection.first:
                tally.first.append(connection.first - began)
        else:
            tally.errors[status] = tally.errors.get(status, 0) + 1
            if status == 0:
                break
    connection.transport.close()
    return connection.delays


def percentile(values: list[int], share: float) -> float | None:
    """Milliseconds at a share of the sorted nanoseconds."""
    return round(sorted(values)[min(len(values) - 1, int(len(values) * share))] / 1e6, 3) if values else None


async def main(plan: dict[str, Any]) -> dict[str, Any]:
    """Runs the plan; rates, percentiles and errors."""
    tally, began = Tally(), now()
    stop = began + int(plan["seconds"] * 1e9)
    lists = await asyncio.gather(*(drive(plan, paths, tally, stop) for paths in plan["paths"]))
    seconds = (now() - began) / 1e9
    delays = [delay for one in lists for delay in one]
    return {
        "n": len(tally.took),
        "per_s": round(len(tally.took) / seconds, 1),
        "errors": tally.errors,
        **{f"p{int(p * 100)}": percentile(tally.took, p) for p in (0.5, 0.95, 0.99)},
        **{f"first_p{int(p * 100)}": percentile(tally.first, p) for p in (0.5, 0.99)},
        **{f"delay_p{int(p * 100)}": percentile(delays, p) for p in (0.5, 0.99)},
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(main(json.loads(Path(sys.argv[1]).read_text("utf-8"))))))
