"""Stock OpenAI clients against the real service: that they read what they should, and what a call costs them.

    masterx bench clients [--seconds 3] [--side-by-side 8]

The npm packages `openai` and `ai` (with `@ai-sdk/openai-compatible`) run in Node 20 or newer, the Python package
`openai` and raw aiohttp beside them; the provider is the misbehaving one of the tests, which behaves. Each call begins
a session of its own, as these clients do by default; the last row goes on in the same sessions. The server has one
core, provider and client share the other. The npm packages go into `build/clients`, from the lock in `bench/clients`.
"""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
import psutil

from bench.report import keep, skip, table
from bench.turn import LOAD_CORE, SERVER_CORE
from tests.e2e.script import TEXTS
from tests.e2e.service import Masterx

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "bench" / "clients"
INSTALLED = ROOT / "build" / "clients"
QUESTION = "How do I solve 3x + 5 = 20?"
BODY: dict[str, Any] = {"model": "masterx", "messages": [{"role": "user", "content": QUESTION}]}
ANSWER = "".join(TEXTS)

Asked = tuple[str, float]
"""The text of an answer, and when its first piece was there."""


def installed() -> list[str]:
    """The Node programs, their packages installed; empty, with a word of why, where that cannot be."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        print("node or npm is not installed: the npm packages are left out (Debian: apt install nodejs npm)")
        return []
    INSTALLED.mkdir(parents=True, exist_ok=True)
    changed = any(_differ(SOURCES / name, INSTALLED / name) for name in ("package.json", "package-lock.json"))
    for source in SOURCES.iterdir():
        shutil.copy(source, INSTALLED / source.name)
    if changed or not (INSTALLED / "node_modules").exists():
        done = subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=INSTALLED, capture_output=True, text=True)
        if done.returncode:
            print(f"npm ci failed, the npm packages are left out: {done.stderr.strip().splitlines()[-1]}")
            return []
    return ["openai.mjs", "ai.mjs"]


def _differ(one: Path, other: Path) -> bool:
    return not other.exists() or one.read_bytes() != other.read_bytes()


async def loop(ask: Callable[[int], Awaitable[Asked]], seconds: float, side_by_side: int) -> dict[str, Any]:
    """Asks until the time is over; the same figures as `measure.mjs`."""
    took: list[float] = []
    first: list[float] = []
    texts: set[str] = set()
    began = time.perf_counter()

    async def worker(n: int) -> None:
        while (asked := time.perf_counter()) < began + seconds:
            text, first_at = await ask(n)
            took.append((time.perf_counter() - asked) * 1e3)
            first.append((first_at - asked) * 1e3)
            texts.add(text)

    await asyncio.gather(*(worker(n) for n in range(side_by_side)))
    per_s = len(took) / (time.perf_counter() - began)
    return {"n": len(took), "per_s": per_s, "p50": median(took), "first_p50": median(first), "texts": sorted(texts)}


@asynccontextmanager
async def python_openai(url: str) -> AsyncIterator[dict[str, Callable[[int], Awaitable[Asked]]]]:
    """The Python package."""
    from openai import AsyncOpenAI

    async with AsyncOpenAI(base_url=url, api_key="any") as client:

        async def whole(_: int) -> Asked:
            told = await client.chat.completions.create(**BODY)
            return told.choices[0].message.content, time.perf_counter()

        async def stream(_: int) -> Asked:
            pieces, first = [], 0.0
            async for chunk in await client.chat.completions.create(**BODY, stream=True):
                if piece := chunk.choices[0].delta.content:
                    first = first or time.perf_counter()
                    pieces.append(piece)
            return "".join(pieces), first

        yield {"whole": whole, "stream": stream}


@asynccontextmanager
async def raw(url: str, *, same_session: bool = False) -> AsyncIterator[dict[str, Callable[[int], Awaitable[Asked]]]]:
    """aiohttp, and nothing parsed but what holds the text."""
    sessions: dict[int, str] = {}
    async with aiohttp.ClientSession() as http:

        def post(n: int, body: dict[str, Any]) -> Any:
            headers = {"X-Session-Id": sessions[n]} if n in sessions and same_session else {}
            return http.post(f"{url}/chat/completions", json=body, headers=headers)

        async def whole(n: int) -> Asked:
            async with post(n, BODY) as answer:
                told = await answer.json()
                sessions[n] = answer.headers["x-session-id"]
            return told["choices"][0]["message"]["content"], time.perf_counter()

        async def stream(n: int) -> Asked:
            pieces, first = [], 0.0
            async with post(n, {**BODY, "stream": True}) as answer:
                sessions[n] = answer.headers["x-session-id"]
                async for line in answer.content:
                    if line.startswith(b"data: {"):
                        choices = json.loads(line[6:])["choices"]
                        if choices and (piece := choices[0]["delta"].get("content")):
                            first = first or time.perf_counter()
                            pieces.append(piece)
            return "".join(pieces), first

        yield {"whole": whole, "stream": stream}


PYTHON: dict[str, Callable[[str], Any]] = {
    "openai (Python)": python_openai,
    "aiohttp": raw,
    "aiohttp, same sessions": lambda url: raw(url, same_session=True),
}


async def run_python(name: str, url: str, seconds: float, side_by_side: int) -> None:
    """One of the Python clients, in a process of its own; prints one JSON line."""
    async with PYTHON[name](url) as client:
        found = {}
        for kind, ask in client.items():
            await ask(0)
            found[kind] = await loop(ask, seconds, side_by_side)
    print(json.dumps(found))


async def measured(command: list[str], folder: Path, options: argparse.Namespace, url: str) -> dict[str, Any]:
    """What a client's process found, on the load's core."""
    arguments = [url, str(options.seconds), str(options.side_by_side)]
    process = await asyncio.create_subprocess_exec(
        *("taskset", "-c", str(LOAD_CORE), *command, *arguments), cwd=folder, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    if process.returncode:
        return {}
    found: dict[str, Any] = json.loads(output)
    return found


@asynccontextmanager
async def provider() -> AsyncIterator[str]:
    """The tests' provider in a process of its own; its address in OpenAI's dialect."""
    process = await asyncio.create_subprocess_exec(
        *("taskset", "-c", str(LOAD_CORE), sys.executable, "-m", "tests.e2e.provider"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        yield f"{line.split()[1]}/openai/v1"
    finally:
        process.terminate()
        await process.wait()


async def bench(options: argparse.Namespace) -> None:
    """All clients, one after the other."""
    programs = installed()
    found: dict[str, dict[str, Any]] = {}
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        upstream = await stack.enter_async_context(provider())
        settings = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": upstream}
        service = await stack.enter_async_context(Masterx(folder, settings))
        assert service.process is not None
        psutil.Process(service.process.pid).cpu_affinity([SERVER_CORE])
        url = f"{service.url}/v1"
        for program in programs:
            name = {"openai.mjs": "openai (npm)", "ai.mjs": "ai (npm, Vercel)"}[program]
            found[name] = await measured(["node", program], INSTALLED, options, url)
        for name in PYTHON:
            command = [sys.executable, "-m", "bench.clients", "--client", name]
            found[name] = await measured(command, ROOT, options, url)
    show(found, options)
    keep("clients", {"seconds": options.seconds, "side_by_side": options.side_by_side, "clients": found})
    if not all(right(figures) for figures in found.values()):
        raise SystemExit(1)


def right(figures: dict[str, Any]) -> bool:
    """Whether every text that a client read was the provider's."""
    return bool(figures) and all(figures[kind]["texts"] == [ANSWER] for kind in ("whole", "stream"))


def show(found: dict[str, dict[str, Any]], options: argparse.Namespace) -> None:
    """One row for each client."""
    table(
        f"stock clients, {options.side_by_side} calls side by side (ms; answers of {len(TEXTS)} chunks)",
        ["client", "JSON/s", "p50", "streams/s", "first chunk p50", "p50", "calls", "text"],
        [
            [
                name,
                f"{f['whole']['per_s']:.0f}",
                f"{f['whole']['p50']:.1f}",
                f"{f['stream']['per_s']:.0f}",
                f"{f['stream']['first_p50']:.1f}",
                f"{f['stream']['p50']:.1f}",
                f"{f['whole']['n'] + f['stream']['n']}",
                "equal" if right(f) else "DIFFERENT",
            ]
            if f
            else [name, *[""] * 6, "FAILED"]
            for name, f in found.items()
        ],
    )


def main(arguments: list[str]) -> None:
    """Runs the bench."""
    parser = argparse.ArgumentParser(prog="masterx bench clients", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--side-by-side", type=int, default=8)
    parser.add_argument("--client", choices=list(PYTHON), help=argparse.SUPPRESS)
    parser.add_argument("plan", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.client:
        url, seconds, side_by_side = options.plan
        asyncio.run(run_python(options.client, url, float(seconds), int(side_by_side)))
    elif (os.cpu_count() or 1) < 2:
        skip("two cores are needed: one for the server, one for provider and client")
    else:
        asyncio.run(bench(options))


if __name__ == "__main__":
    main(sys.argv[1:])
