"""Many chats at once through one process: WebSocket beside SSE, 30 pieces a second each.

    masterx bench chat [--chats 100,300,1000] [--seconds 6] [--runs 3] [--rate 30]

The provider is the fast fake one of `../shared/eval/gateway`, which marks each piece with the time at which it was
sent; `delay` is from there to the client. The service has one core, the provider and the clients share the other.
`asked` is the pieces a second that the learners' provider would send if nothing slowed it down.
"""

import argparse
import asyncio
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from bench.report import keep, skip, table
from bench.turn import ROOT, UPSTREAM_SOURCE, Subject, load, masterx, middle, upstream

_ANSWER = 2.0
"""Seconds that an answer streams."""


async def listen(service: Subject, kind: str, sessions: list[str], options: argparse.Namespace) -> dict[str, Any]:
    """One run; also the service's share of its core and its memory."""
    pieces = round(options.rate * _ANSWER)
    plan = {
        "kind": kind,
        "port": service.port,
        "sessions": sessions,
        "message": f"Why is the sky blue? [[lat=50 gap={1_000_000 // options.rate} n={pieces}]]",
        "seconds": options.seconds,
        "spread": _ANSWER,
    }
    process = service.process()
    assert process is not None
    before = process.cpu_times()
    listening, most = asyncio.ensure_future(load(plan, "bench.listen")), 0
    while not listening.done():
        most = max(most, process.memory_info().rss)
        await asyncio.wait([listening], timeout=0.2)
    after, found = process.cpu_times(), listening.result()
    spent = after.user + after.system - before.user - before.system
    found |= {"cpu": spent / found["seconds"], "rss_mb": most / 2**20, "errors": {"broken": found.pop("broken")}}
    return found


async def bench(options: argparse.Namespace) -> None:
    """Both ways, in turn, for each number of chats; medians."""
    if not UPSTREAM_SOURCE.exists():
        skip(f"the fake provider is not here: {UPSTREAM_SOURCE.relative_to(ROOT.parent)}")
    kept: list[dict[str, Any]] = []
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        provider = await stack.enter_async_context(upstream(folder))
        service = await stack.enter_async_context(masterx("sqlite", folder / "sqlite", provider, stack))
        assert service.masterx is not None
        for chats in map(int, options.chats.split(",")):
            sessions = [await service.masterx.session(f"learner-{n}") for n in range(chats)]
            runs: dict[str, list[dict[str, Any]]] = {"ws": [], "sse": []}
            for _ in range(options.runs):
                for kind, found in runs.items():
                    found.append(await listen(service, kind, sessions, options))
            kept += [{"chats": chats, "kind": kind, **middle(found)} for kind, found in runs.items()]
            show(chats, options.rate, kept[-2:])
    keep("chat", {"runs": options.runs, "seconds": options.seconds, "rate": options.rate, "rows": kept})


def show(chats: int, rate: int, rows: list[dict[str, Any]]) -> None:
    """One number of chats as a table."""
    table(
        f"{chats} chats, {rate} pieces a second each",
        ["", "answers", "pieces/s", "asked", "delay p50 ms", "p99", "CPU of a core", "RSS MB", "broken"],
        [
            [
                {"ws": "WebSocket", "sse": "SSE"}[row["kind"]],
                f"{row['answers']:.0f}",
                f"{row['pieces_per_s']:.0f}",
                f"{chats * rate}",
                f"{row['p50']:.1f}",
                f"{row['p99']:.1f}",
                f"{row['cpu']:.0%}",
                f"{row['rss_mb']:.0f}",
                f"{row['errors']:.0f}",
            ]
            for row in rows
        ],
    )


def main(arguments: list[str]) -> None:
    """Runs the bench."""
    parser = argparse.ArgumentParser(prog="masterx bench chat", description=__doc__)
    parser.add_argument("--chats", default="100,300,1000")
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rate", type=int, default=30)
    asyncio.run(bench(parser.parse_args(arguments)))
