"""The doctor's look at what the service runs on: store, schema, cache, clock, file limits."""

import asyncio
import resource
import shutil
from pathlib import Path

from app.bootstrap import cache_of, store_of
from app.clock import Clock
from app.doctor.findings import Finding
from app.errors import CacheUnavailable, SchemaMismatch, StoreError
from app.settings import Settings, masked
from app.storage.migrate import check
from app.storage.ports import Schema, Store

_FILES = 4_096
_ROOM = 1 << 30
_CLOCK_STARTS = 1_704_067_200.0
"""2024: a clock before that was never set."""

_PATIENCE = 5.0


async def look(settings: Settings, clock: Clock) -> list[Finding]:
    """Everything but the providers."""
    return [*await _store(settings), await _cache(settings, clock), _files(), _time(clock)]


async def _store(settings: Settings) -> list[Finding]:
    shown = masked(settings.store)
    try:
        async with asyncio.timeout(_PATIENCE), store_of(settings) as (store, schema):
            return [await _answer(store, shown), await _schema(schema, settings), *_room(settings)]
    except (StoreError, TimeoutError) as error:
        advice = "start the server, or set MASTERX_STORE; turns are refused without a store"
        return [Finding("store", "problem", f"{shown}: {error or 'no answer'}", advice)]


async def _answer(store: Store, shown: str) -> Finding:
    return Finding("store", "ok", f"{shown}: {await store.ping()}")


async def _schema(schema: Schema, settings: Settings) -> Finding:
    try:
        await check(schema)
    except SchemaMismatch as error:
        if settings.sqlite_path is not None and await schema.version() == 0:
            return Finding("schema", "ok", "the store is empty; the first start makes it")
        return Finding("schema", "problem", str(error), "run `masterx migrate`")
    return Finding("schema", "ok", f"version {await schema.version()}")


def _room(settings: Settings) -> list[Finding]:
    if settings.sqlite_path is None:
        return []
    folder: Path = settings.sqlite_path.resolve().parent
    free = shutil.disk_usage(folder).free
    advice = "turns are refused when the disk is full" if free < _ROOM else None
    return [Finding("disk", "note" if advice else "ok", f"{free >> 20:,} MB free", advice)]


async def _cache(settings: Settings, clock: Clock) -> Finding:
    shown = masked(settings.cache)
    cache = await cache_of(settings, clock)
    try:
        return Finding("cache", "ok", f"{shown}: {await cache.ping()}")
    except CacheUnavailable as error:
        advice = "start the server, or set MASTERX_CACHE; meanwhile each process goes on by itself"
        return Finding("cache", "problem", f"{shown}: {error}", advice)
    finally:
        await cache.close()


def _files() -> Finding:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    advice = f"each open stream takes two files: raise it, `ulimit -n {_FILES}` or more" if soft < _FILES else None
    return Finding("open files", "note" if advice else "ok", f"limit {soft:,}", advice)


def _time(clock: Clock) -> Finding:
    if clock.now() < _CLOCK_STARTS:
        return Finding("clock", "problem", "it is before 2024 here", "set the clock: leases and ids depend on it")
    return Finding("clock", "ok", "set")
