"""What our adapter costs: calls and streams per second through it, beside raw aiohttp and the official SDK.

One process, one upstream without latency (`../shared/eval/gateway/upstream.c`, or `--upstream FILE`), 32 requests at
a time, the three interleaved in one run; the median of the rounds. Run with `python -m bench.relay`.
"""

import argparse
import asyncio
import contextlib
import gc
import json
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import uvloop

from app.clock import SystemClock
from app.providers.openai_compatible import OpenAICompatible
from app.providers.port import Entry
from app.providers.wire import http_session
from app.vocabulary import Message, Prompt

ROOT = Path(__file__).resolve().parent.parent
UPSTREAM = ROOT.parent / "shared" / "eval" / "gateway" / "upstream.c"
RESULTS = ROOT / "bench" / "results" / "relay.json"
CHUNKS = 32
MESSAGES = (
    Message("system", "You are a patient tutor for secondary-school biology. Work in small steps. " * 8),
    Message("user", "I do not get photosynthesis at all. Plants eat sunlight?"),
    Message("assistant", "Good start: light does matter! What do you think the ingredients are? " * 3),
    Message("user", "Carbon dioxide and water, and the light cooks them. Where does the oxygen come from?"),
)

Call = Callable[[bool], Awaitable[int]]
"""Asks once, as a stream or not; gives the characters of the answer."""


@contextmanager
def upstream(source: Path) -> Iterator[str]:
    """The fast fake upstream, compiled and started; its address."""
    with socket.socket() as free, tempfile.TemporaryDirectory() as folder:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        binary = Path(folder) / "upstream"
        subprocess.run([shutil.which("cc") or "cc", "-O2", "-o", str(binary), str(source)], check=True)
        server = subprocess.Popen([str(binary), f"{port}:0:{CHUNKS}:0"])
        try:
            _wait_for(port)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()
            server.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
    raise TimeoutError("the upstream does not listen")


@asynccontextmanager
async def ours(url: str) -> AsyncIterator[Call]:
    """Our adapter."""
    entry = Entry("openai", "bench", "openai", url, 128_000, 4_096, "o200k")
    async with http_session() as http:
        adapter = OpenAICompatible(entry, "key", http, SystemClock())

        async def call(stream: bool) -> int:
            async with aclosing(adapter.stream(Prompt(MESSAGES, 256, 0.4, stream))) as chunks:
                return sum([len(chunk.text) async for chunk in chunks])

        yield call


@asynccontextmanager
async def raw_aiohttp(url: str) -> AsyncIterator[Call]:
    """What any client on aiohttp must do at least: send, read, cut into events, parse; nothing is checked."""
    headers = {"authorization": "Bearer key", "content-type": "application/json"}
    connector = aiohttp.TCPConnector(limit=1000)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as http:

        async def call(stream: bool) -> int:
            async with http.post(f"{url}/chat/completions", data=orjson.dumps(_body(stream))) as response:
                if not stream:
                    return len(orjson.loads(await response.read())["choices"][0]["message"]["content"])
                size = 0
                async for read in response.content.iter_any():
                    for line in read.split(b"\n"):
                        if line.startswith(b"data: {"):
                            for choice in orjson.loads(line[6:])["choices"]:
                                size += len(choice["delta"].get("content") or "")
                return size

        yield call


@asynccontextmanager
async def openai_sdk(url: str) -> AsyncIterator[Call]:
    """OpenAI's own client."""
    import openai

    async with openai.AsyncOpenAI(base_url=url, api_key="key", max_retries=0) as client:

        async def call(stream: bool) -> int:
            answer: Any = await client.chat.completions.create(**_body(stream))
            if not stream:
                return len(answer.choices[0].message.content or "")
            pieces = [chunk.choices[0].delta.content or "" async for chunk in answer if chunk.choices]
            return sum(map(len, pieces))

        yield call


def _body(stream: bool) -> dict[str, Any]:
    messages = [{"role": message.role, "content": message.text} for message in MESSAGES]
    streaming = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    return {"model": "bench", "messages": messages, "max_tokens": 256, "temperature": 0.4, **streaming}


SUBJECTS = {"raw aiohttp": raw_aiohttp, "our adapter": ours, "openai SDK": openai_sdk}


async def rate(call: Call, stream: bool, concurrency: int, seconds: float) -> float:
    """Answers per second."""
    ends, done = time.perf_counter() + seconds, 0

    async def caller() -> None:
        nonlocal done
        while time.perf_counter() < ends:
            if not await call(stream):
                raise AssertionError("an empty answer")
            done += 1

    started = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(concurrency)))
    return done / (time.perf_counter() - started)


async def measure(url: str, concurrency: int, seconds: float, rounds: int) -> dict[str, dict[str, float]]:
    """Calls/s and streams/s by subject: the median of the rounds, in which the subjects take turns."""
    rates: dict[tuple[str, bool], list[float]] = {}
    async with contextlib.AsyncExitStack() as stack:
        calls = {name: await stack.enter_async_context(subject(url)) for name, subject in SUBJECTS.items()}
        for call in calls.values():
            await rate(call, True, concurrency, 0.3)
        _settle()
        for _ in range(rounds):
            for name, call in calls.items():
                for stream in (False, True):
                    rates.setdefault((name, stream), []).append(await rate(call, stream, concurrency, seconds))
    return {
        name: {
            "json_per_s": round(statistics.median(rates[name, False])),
            "streams_per_s": round(statistics.median(rates[name, True])),
        }
        for name in calls
    }


def _settle() -> None:
    """As the service does after start-up: what is alive is not scanned again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)


def main(arguments: list[str] | None = None) -> int:
    """Runs the bench, prints its table and writes its JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upstream", type=Path, default=UPSTREAM)
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    if not options.upstream.is_file() or not shutil.which("cc"):
        print(f"skipped: needs cc and the fake upstream ({options.upstream.name}); give its place with --upstream")
        return 0
    with upstream(options.upstream) as url:
        results = uvloop.run(measure(url, options.concurrency, options.seconds, options.rounds))
    print(f"| client, {options.concurrency} at a time | JSON calls/s | streams of {CHUNKS}/s |\n|---|--:|--:|")
    for name, row in results.items():
        print(f"| {name} | {row['json_per_s']:,.0f} | {row['streams_per_s']:,.0f} |")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"concurrency": options.concurrency, "chunks": CHUNKS, "results": results}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
