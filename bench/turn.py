"""What a turn costs: rates and added latency of the real service, beside a bare FastAPI relay and the provider itself.

    masterx bench turn [--seconds 3] [--runs 3] [--stores sqlite,mongo] [--only json0_32,burst_32]

The provider is the fast fake one of `../shared/eval/gateway` (zero latency, or 50 ms to the first of 32 chunks and
20 ms between them). The server under test has one core, the provider and the client share the other. Every client
connection asks in sessions of its own, 64 of them in turn. `added` is the client's figure less the same figure
against the provider alone.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from bench.report import keep, skip, table
from tests.e2e.service import Masterx, cli

ROOT = Path(__file__).parent.parent
UPSTREAM_SOURCE = ROOT.parent / "shared" / "eval" / "gateway" / "upstream.c"
SERVER_CORE, LOAD_CORE = 0, 1
SESSIONS = 64
QUESTION = (
    "Carbon dioxide. So the leaf takes it with water and the light cooks it into sugar? Where is the oxygen from?"
)

MEASURES = {
    **{f"json0_{c}": ("[[lat=0]]", False, c) for c in (1, 32, 128)},
    **{f"json50_{c}": ("[[lat=50]]", False, c) for c in (1, 32)},
    **{f"burst_{c}": ("[[lat=0 gap=0 n=32]]", True, c) for c in (1, 32, 128)},
    **{f"sse_{c}": ("[[lat=50 gap=20000 n=32]]", True, c) for c in (1, 32)},
}


@dataclass
class Subject:
    """Something that can be measured."""

    name: str
    port: int
    pid: int | None
    paths: dict[int, list[str]] = field(default_factory=dict)
    masterx: Masterx | None = None

    def process(self) -> psutil.Process | None:
        """Its process, where there is one to watch."""
        return psutil.Process(self.pid) if self.pid else None

    async def paths_for(self, connections: int) -> list[list[str]]:
        """Paths to ask at, for each connection."""
        for n in range(connections):
            if n not in self.paths:
                self.paths[n] = [await self._path(n) for _ in range(SESSIONS)]
        return [self.paths[n] for n in range(connections)]

    async def _path(self, n: int) -> str:
        if self.masterx is None:
            return "/v1/chat/completions" if self.name == "provider" else "/v1/sessions/x/turns"
        return f"/v1/sessions/{await self.masterx.session(f'learner-{n}')}/turns"


@dataclass(frozen=True)
class Run:
    """How long and how often."""

    seconds: float
    warm_up: float = 1.0


async def measure(subject: Subject, name: str, run: Run) -> dict[str, Any]:
    """One measure of one subject."""
    tag, stream, connections = MEASURES[name]
    text = f"{QUESTION} {tag}"
    body: dict[str, Any] = {"message": text, "stream": stream}
    if subject.name == "provider":
        body = {"model": "m", "messages": [{"role": "user", "content": text}], "stream": stream}
    plan = {
        "host": "127.0.0.1",
        "port": subject.port,
        "head": f"host: 127.0.0.1:{subject.port}\r\ncontent-type: application/json\r\n",
        "paths": await subject.paths_for(connections),
        "body": json.dumps(body, separators=(",", ":")),
    }
    await load({**plan, "seconds": run.warm_up})
    process = subject.process()
    before = process.cpu_times() if process else None
    found = await load({**plan, "seconds": run.seconds})
    if process and before:
        after = process.cpu_times()
        spent = after.user + after.system - before.user - before.system
        found["cpu_ms"] = round(spent * 1e3 / max(1, found["n"]), 4)
        found["rss_mb"] = round(process.memory_info().rss / 2**20, 1)
    return found


async def load(plan: dict[str, Any], client: str = "bench.load") -> dict[str, Any]:
    """Runs the module `client` on a plan, in a process of its own, on the load's core."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(plan, file)
        file.flush()
        process = await asyncio.create_subprocess_exec(
            *("taskset", "-c", str(LOAD_CORE), sys.executable, "-m", client, file.name),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
    found: dict[str, Any] = json.loads(output)
    return found


@asynccontextmanager
async def upstream(folder: Path) -> AsyncIterator[Subject]:
    """The fast fake provider, compiled here."""
    binary = folder / "upstream"
    subprocess.run(["cc", "-O2", "-o", binary, UPSTREAM_SOURCE], check=True)
    port = free_port()
    process = await asyncio.create_subprocess_exec("taskset", "-c", str(LOAD_CORE), binary, str(port))
    try:
        await listening(port)
        yield Subject("provider", port, None)
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def bare(provider: Subject) -> AsyncIterator[Subject]:
    """The bare relay, served the way we are."""
    port = free_port()
    options = f"--port {port} --loop uvloop --http httptools --no-access-log --log-level warning".split()
    process = await asyncio.create_subprocess_exec(
        *("taskset", "-c", str(SERVER_CORE), sys.executable, "-m", "uvicorn", *options, "bench.bare:app"),
        cwd=ROOT,
        env={**os.environ, "BARE_UPSTREAM": f"http://127.0.0.1:{provider.port}/v1/chat/completions"},
    )
    try:
        await listening(port)
        yield Subject("bare relay", port, process.pid)
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def masterx(name: str, folder: Path, provider: Subject, stack: AsyncExitStack) -> AsyncIterator[Subject]:
    """The service on one of its two ways to run."""
    folder.mkdir()
    settings = {
        "OPENAI_API_KEY": "k",
        "OPENAI_BASE_URL": f"http://127.0.0.1:{provider.port}/v1",
        **(production(folder, stack) if name == "mongo" else {}),
    }
    if name == "mongo":
        code, _, errors = await cli(folder, settings, "migrate")
        assert code == 0, errors
    async with Masterx(folder, settings, "--port", "0") as service:
        assert service.process is not None
        psutil.Process(service.process.pid).cpu_affinity([SERVER_CORE])
        title = "masterx on SQLite" if name == "sqlite" else "masterx on MongoDB + Redis"
        yield Subject(title, int(service.url.rpartition(":")[2]), service.process.pid, masterx=service)


def production(folder: Path, stack: AsyncExitStack) -> dict[str, str]:
    """A MongoDB replica set of one node and a Redis, on the load's core."""
    from tests.mongod import Mongod, binary
    from tests.valkey import Valkey, valkey_binary

    redis = valkey_binary()
    if binary() is None or redis is None:
        skip("mongod or valkey-server is not installed (`make test` installs both)")
    store, cache = stack.enter_context(Mongod(folder)), Valkey(redis)
    cache.restart()
    stack.callback(cache.remove)
    return {"MASTERX_STORE": store.url, "MASTERX_CACHE": cache.url}


def free_port() -> int:
    """A port nobody listens on."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def listening(port: int) -> None:
    """Waits until something accepts connections."""
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


async def flatness(subject: Subject, turns: int) -> dict[str, float]:
    """Resident memory over many turns: MB at the start and the end, and MB per 1,000 turns between."""
    process = subject.process()
    assert process is not None
    points: list[tuple[int, float]] = []
    done = 0
    while done < turns:
        done += int((await measure(subject, "json0_32", Run(2.0, 0.1)))["n"])
        points.append((done, process.memory_info().rss / 2**20))
    half = points[len(points) // 2 :]
    slope = statistics.linear_regression([n for n, _ in half], [mb for _, mb in half]).slope if len(half) > 1 else 0.0
    return {"turns": done, "first_mb": points[0][1], "last_mb": points[-1][1], "mb_per_1000": slope * 1000}


async def long_session(subject: Subject) -> dict[str, float]:
    """Our overhead (ms) early and late in one session: medians of eleven turns around the 10th and the 300th."""
    assert subject.masterx is not None
    session = await subject.masterx.session("patient")
    overheads = []
    for _ in range(305):
        status, turn = await subject.masterx.ask(session, f"{QUESTION} [[lat=0]]")
        assert status == 200, turn
        overheads.append(turn["timing"]["overhead_ms"])
    return {"turn_10": statistics.median(overheads[4:15]), "turn_300": statistics.median(overheads[294:305])}


async def bench(options: argparse.Namespace) -> None:
    """All measures, interleaved over the subjects; medians."""
    if not UPSTREAM_SOURCE.exists():
        skip(f"the fake provider is not here: {UPSTREAM_SOURCE.relative_to(ROOT.parent)}")
    names = options.only.split(",") if options.only else list(MEASURES)
    rows: dict[tuple[str, str], list[dict[str, Any]]] = {}
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        provider = await stack.enter_async_context(upstream(folder))
        subjects = [provider, await stack.enter_async_context(bare(provider))]
        subjects += [
            await stack.enter_async_context(masterx(store, folder / store, provider, stack))
            for store in options.stores.split(",")
        ]
        for name in names:
            for _ in range(options.runs):
                for subject in subjects:
                    rows.setdefault((name, subject.name), []).append(await measure(subject, name, Run(options.seconds)))
            show(name, subjects, rows)
        long = {s.name: await long_session(s) for s in subjects if s.masterx and options.turns}
        flat = {s.name: await flatness(s, options.turns) for s in subjects if s.masterx and options.turns}
    for title, early in long.items():
        print(f"{title}: overhead of the 10th turn {early['turn_10']:.2f} ms, of the 300th {early['turn_300']:.2f} ms")
    for title, found in flat.items():
        print(
            f"{title}: RSS {found['first_mb']:.0f} → {found['last_mb']:.0f} MB over {found['turns']:,} turns,"
            f" {found['mb_per_1000']:+.2f} MB per 1,000 in the second half"
        )
    keep(
        "turn",
        {
            "runs": options.runs,
            "seconds": options.seconds,
            "memory": flat,
            "long_session": long,
            "rows": [{"measure": m, "subject": s, **middle(r)} for (m, s), r in rows.items()],
        },
    )


def middle(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The median of each figure."""
    found: dict[str, Any] = {"errors": sum(sum(run["errors"].values()) for run in runs)}
    for name in {name for run in runs for name in run if name != "errors"}:
        values = [run[name] for run in runs if run.get(name) is not None]
        found[name] = round(statistics.median(values), 4) if values else None
    return found


def show(name: str, subjects: list[Subject], rows: dict[tuple[str, str], list[dict[str, Any]]]) -> None:
    """One measure as a table."""
    found = {s.name: middle(rows[name, s.name]) for s in subjects}
    base, reference = found["provider"], found["bare relay"]
    columns = ("first_p50", "first_p99", "delay_p50", "delay_p99") if MEASURES[name][1] else ("p50", "p99")

    def added(figures: dict[str, Any], column: str) -> str:
        if figures is base or figures[column] is None or base[column] is None or column.startswith("delay"):
            return f"{figures[column]}"
        return f"{figures[column]} (+{figures[column] - base[column]:.2f})"

    table(
        f"{name}  {MEASURES[name][0]}  (ms; in brackets: added to the provider)",
        ["subject", "per s", "/ bare", *columns, "CPU ms", "RSS MB", "errors"],
        [
            [
                title,
                f"{f['per_s']:.0f}",
                f"{f['per_s'] / reference['per_s']:.2f}",
                *(added(f, c) for c in columns),
                f"{f.get('cpu_ms', '')}",
                f"{f.get('rss_mb', '')}",
                f"{f['errors']}",
            ]
            for title, f in found.items()
        ],
    )


def main(arguments: list[str]) -> None:
    """Runs the bench."""
    parser = argparse.ArgumentParser(prog="masterx bench turn", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--stores", default="sqlite,mongo")
    parser.add_argument("--only", default="")
    parser.add_argument("--turns", type=int, default=20_000, help="for the memory slope; 0 leaves it out")
    asyncio.run(bench(parser.parse_args(arguments)))
