"""How fast `/health` answers while a real mongod and a real Redis hang: part of `bench incidents`."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from bench.report import table
from tests.e2e.service import Masterx, cli
from tests.mongod import Mongod, in_database
from tests.mongod import binary as mongod_binary
from tests.valkey import Valkey, valkey_binary

_CALLS, _EVERY = 500, 0.02
"""Calls of each stretch, ten seconds of them."""


async def hanging() -> dict[str, Any]:
    """Milliseconds of `/health` on MongoDB and Redis: before, while both hang (and turns are asked all the
    while), and after."""
    redis = valkey_binary()
    if redis is None or mongod_binary() is None:
        print("\n/health is not measured: no mongod or no valkey-server here")
        return {}
    with tempfile.TemporaryDirectory(prefix="masterx-health-") as name:
        folder, valkey = Path(name), Valkey(redis)
        valkey.restart()
        try:
            with Mongod(folder) as mongod:
                return await _measured(folder, mongod, valkey)
        finally:
            valkey.resume()
            valkey.remove()


async def _measured(folder: Path, mongod: Mongod, valkey: Valkey) -> dict[str, Any]:
    settings = {"MASTERX_STORE": in_database(mongod.url, "bench"), "MASTERX_CACHE": valkey.url}
    code, _, errors = await cli(folder, settings, "migrate")
    assert code == 0, errors
    async with Masterx(folder, settings) as masterx:
        sessions = [await masterx.session(f"learner-{n}") for n in range(8)]
        found = {"healthy": await _calls(masterx)}
        mongod.hang()
        valkey.hang()
        try:
            found["both hang"] = await _while(lambda: _calls(masterx), lambda: _asking(masterx, sessions))
        finally:
            mongod.go_on()
            valkey.resume()
        found["back"] = await _calls(masterx)
    rows = [[name, *(f"{took[share]:.1f}" for share in ("p50", "p99", "most"))] for name, took in found.items()]
    table(f"/health, ms, {_CALLS} calls each, mongod and Redis", ["", "p50", "p99", "most"], rows)
    return found


async def _while(work: Callable[[], Awaitable[Any]], beside: Callable[[], Awaitable[None]]) -> Any:
    other = asyncio.ensure_future(beside())
    try:
        return await work()
    finally:
        other.cancel()
        await asyncio.gather(other, return_exceptions=True)


async def _asking(masterx: Masterx, sessions: list[str]) -> None:
    while True:
        await asyncio.gather(*(masterx.ask(session, "Tell me more") for session in sessions), return_exceptions=True)


async def _calls(masterx: Masterx) -> dict[str, float]:
    took = []
    for _ in range(_CALLS):
        began = perf_counter()
        await masterx.call("GET", "/health")
        took.append((perf_counter() - began) * 1e3)
        await asyncio.sleep(_EVERY)
    took.sort()
    return {"p50": took[_CALLS // 2], "p99": took[_CALLS * 99 // 100], "most": took[-1]}
