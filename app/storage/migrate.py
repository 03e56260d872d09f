"""Brings a store from its schema to the newest one, step by step, under a lock that all processes share."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

from app.clock import Clock
from app.errors import SchemaMismatch, StoreUnavailable
from app.storage.ports import Schema

LEASE = 60.0
"""Seconds after which the lock of a process that died is free; a living one renews it three times as often."""

PATIENCE = 300.0
"""Seconds to wait for another process's migration."""

_LOOK = 0.1
_FILE = re.compile(r"\d{4}_\w+")


@dataclass(frozen=True, slots=True)
class Step:
    """One migration: `up` leads from schema `number - 1` to `number` and may be run twice."""

    number: int
    title: str
    up: Callable[[Schema], Awaitable[None]]


def steps() -> tuple[Step, ...]:
    """Every step in `migrations/`, in order."""
    folder = import_module("migrations")
    names = sorted(module.name for module in iter_modules(folder.__path__) if _FILE.fullmatch(module.name))
    modules = [import_module(f"migrations.{name}") for name in names]
    return tuple(Step(module.NUMBER, module.TITLE, module.up) for module in modules)


def newest() -> int:
    """The schema that this version works with."""
    return steps()[-1].number


async def check(schema: Schema) -> None:
    """Raises `SchemaMismatch`, which says what to do, unless the store is at the newest schema."""
    version, wanted = await schema.version(), newest()
    _refuse_newer(version, wanted)
    if version < wanted:
        raise SchemaMismatch(f"the store is at schema {version}, this version needs {wanted}: run `masterx migrate`")


async def migrate(schema: Schema, clock: Clock, owner: str, dry_run: bool = False) -> list[Step]:
    """Applies the steps that are missing, or only names them. `owner` tells processes apart.

    Raises `SchemaMismatch` when the store is newer than this version, `StoreUnavailable` when another process does not
    end its migration in time.
    """
    if dry_run:
        return await _pending(schema)
    async with _locked(schema, clock, owner):
        pending = await _pending(schema)
        for step in pending:
            await step.up(schema)
            await schema.set_version(step.number)
        return pending


async def _pending(schema: Schema) -> list[Step]:
    version, known = await schema.version(), steps()
    _refuse_newer(version, known[-1].number)
    return [step for step in known if step.number > version]


def _refuse_newer(version: int, wanted: int) -> None:
    if version > wanted:
        raise SchemaMismatch(
            f"the store is at schema {version}, this version knows {wanted} at most: "
            "install the version of MasterX that wrote it, or a later one"
        )


@asynccontextmanager
async def _locked(schema: Schema, clock: Clock, owner: str) -> AsyncIterator[None]:
    """Holds the migration lock."""
    start = clock.monotonic()
    while not await schema.lock(owner, LEASE):
        if clock.monotonic() - start > PATIENCE:
            raise StoreUnavailable(f"another process has been migrating the store for {PATIENCE:.0f} s")
        await asyncio.sleep(_LOOK)
    renewing = asyncio.create_task(_renew(schema, owner))
    try:
        yield
    finally:
        renewing.cancel()
        await schema.unlock(owner)


async def _renew(schema: Schema, owner: str) -> None:
    while True:
        await asyncio.sleep(LEASE / 3)
        with suppress(StoreUnavailable):  # the lease outlasts two tries that fail
            await schema.lock(owner, LEASE)
