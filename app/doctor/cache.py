"""The doctor's look at the cache: does it answer, does it take writes, will it go on doing so when it is full."""

import asyncio
from collections.abc import Mapping

from app.bootstrap import cache_of
from app.clock import Clock
from app.doctor.clock import compared
from app.doctor.findings import Finding
from app.errors import CacheUnavailable, SettingsError
from app.settings import Settings, masked

_ADVICE = (
    "start the server, or correct the address and password in MASTERX_CACHE; meanwhile each process goes on by itself"
)
_NEARLY = 0.9


async def look(settings: Settings, clock: Clock, patience: float) -> list[Finding]:
    """Everything about the configured cache."""
    shown = masked(settings.cache)
    try:
        cache = await cache_of(settings, clock)
    except SettingsError as error:
        return [Finding("cache", "problem", str(error), "correct MASTERX_CACHE")]
    try:
        found = Finding("cache", "ok", f"{shown}: {await cache.ping()}")
    except CacheUnavailable as error:
        found = Finding("cache", "problem", f"{shown}: {error}", _ADVICE)
    finally:
        await cache.close()
    return [found, *(await _redis(settings.cache, clock, patience) if settings.cache != "memory://" else ())]


async def _redis(url: str, clock: Clock, patience: float) -> list[Finding]:
    from app.storage.redis.wire import LOST, Address, connected, pack

    asked = clock.now()
    try:
        async with asyncio.timeout(patience), connected(Address.of(url)) as link:
            await link.send(pack(b"INFO", b"everything") + pack(b"TIME"))
            facts, told = _facts(await link.reply()), await link.reply()
    except LOST as error:
        return [Finding("cache memory", "note", f"cannot be looked at ({type(error).__name__})")]
    answered = clock.now()
    ahead = int(told[0]) + int(told[1]) / 1e6 - (asked + answered) / 2
    return [role(facts), memory(facts), compared("the cache", ahead, (answered - asked) / 2)]


def _facts(info: bytes) -> dict[str, str]:
    return dict(line.split(":", 1) for line in info.decode("utf-8", "replace").splitlines() if ":" in line)


def role(facts: Mapping[str, str]) -> Finding:
    """Whether a server with these facts (of its `INFO`) takes writes."""
    if facts.get("role") == "slave":
        master = f"{facts.get('master_host')}:{facts.get('master_port')}"
        return Finding(
            "cache role", "problem", "it is a replica and takes no writes", f"name {master} in MASTERX_CACHE"
        )
    return Finding("cache role", "ok", "takes writes")


def memory(facts: Mapping[str, str]) -> Finding:
    """What a server with these facts does when its memory is full."""
    limit, used = int(facts.get("maxmemory", 0)), int(facts.get("used_memory", 0))
    policy = facts.get("maxmemory_policy", "unknown")
    if not limit:
        return Finding("cache memory", "ok", f"{used >> 20:,} MB used, no limit")
    shown = f"{used >> 20:,} of {limit >> 20:,} MB used, {policy}"
    if policy != "noeviction":
        return Finding("cache memory", "ok", shown)
    advice = "set maxmemory-policy allkeys-lru: with noeviction a full server refuses every write"
    return Finding("cache memory", "problem" if used > limit * _NEARLY else "note", shown, advice)
