"""What the cache of answers adds to a question that is not in it, and what it saves one that is.

    masterx bench responses [--rounds 300]

One service has the cache on, one has it off, both on SQLite with the cache in process; the provider answers at once.
In each round one learner asks each of: the service without the cache, the one with it something new, the one with it
something it has answered. `wait` is the client's, `total` the service's whole time for the turn, `own` that less its
waiting for the provider.
"""

import argparse
import asyncio
import tempfile
from collections import defaultdict
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any

from bench.report import keep, table
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.service import ROOT, Masterx

_KEPT = "Why is the sky blue?"
_NAMES = {"off": "cache off", "miss": "not in the cache", "hit": "in the cache"}


async def ask(masterx: Masterx, message: str, x_cache: str) -> dict[str, float]:
    """One turn of a new session, streamed; milliseconds."""
    session = await masterx.session("learner")
    body = {"message": message, "task": "explanation", "stream": True}
    began = perf_counter()
    async with masterx.http.post(f"{masterx.url}/v1/sessions/{session}/turns", json=body) as answer:
        await answer.read()
        wait = (perf_counter() - began) * 1e3
        assert answer.headers["X-Cache"] == x_cache, answer.headers
    timing: dict[str, float] = (await masterx.turns(session))[0]["timing"]
    return {"wait": wait, "own": timing["overhead_ms"], "total": timing["total_ms"]}


async def bench(rounds: int) -> None:
    """All three in turn, so that what else runs on the machine hits each alike."""
    found: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in _NAMES}
    async with AsyncExitStack() as stack:
        provider = await stack.enter_async_context(MisbehavingProvider())
        off, on = [await _service(stack, provider, ttl) for ttl in (0, 3600)]
        await ask(on, _KEPT, "miss")
        for n in range(rounds):
            asked = {
                "off": (off, f"Why is {n} a number?", "bypass"),
                "miss": (on, f"Why is {n} a number?", "miss"),
                "hit": (on, _KEPT, "hit"),
            }
            for name, question in asked.items():
                for figure, ms in (await ask(*question)).items():
                    found[name][figure].append(ms)
    rows = {name: {figure: _middle(ms) for figure, ms in figures.items()} for name, figures in found.items()}
    show(rows)
    keep("responses", {"rounds": rounds, "rows": rows})


def show(rows: dict[str, dict[str, dict[str, float]]]) -> None:
    """The table."""
    figures = [(figure, p) for figure in ("wait", "total", "own") for p in ("p50", "p95")]
    head = ["", *(f"{figure} {p} ms" for figure, p in figures)]
    table("A question", head, [[_NAMES[n], *(f"{row[f][p]:.2f}" for f, p in figures)] for n, row in rows.items()])


def _middle(ms: list[float]) -> dict[str, float]:
    cuts = quantiles(ms, n=20)
    return {"p50": cuts[9], "p95": cuts[18]}


async def _service(stack: AsyncExitStack, provider: MisbehavingProvider, ttl: int) -> Masterx:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    policy = folder / "policy.toml"
    text = (ROOT / "config" / "policy.toml").read_text("utf-8")
    policy.write_text(text.replace("\nttl = 0\n", f"\nttl = {ttl}\n"), "utf-8")
    environment: dict[str, Any] = {
        "OPENAI_API_KEY": "sk-bench",
        "OPENAI_BASE_URL": provider.url("openai"),
        "MASTERX_POLICY": str(policy),
    }
    return await stack.enter_async_context(Masterx(folder, environment))


def main(arguments: list[str]) -> None:
    """Runs the bench."""
    parser = argparse.ArgumentParser(prog="masterx bench responses", description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    asyncio.run(bench(parser.parse_args(arguments).rounds))
