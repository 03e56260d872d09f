"""The doctor's look at the store: can it be opened and written to, is its schema ours, is there room."""

import asyncio
import getpass
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from app.bootstrap import store_of
from app.clock import Clock
from app.doctor.clock import compared
from app.doctor.findings import Finding
from app.errors import SchemaMismatch, StoreError
from app.settings import Settings, masked
from app.storage.migrate import check
from app.storage.ports import Schema

_PROBE = 1 / 6
"""Share of the patience with a store that a MongoDB server may take to be found and to answer, once it could not be
opened."""

_SPARSE = 1 << 30
_NO_ROOM = 64 << 20


async def look(settings: Settings, clock: Clock, patience: float) -> AsyncIterator[Finding]:
    """Everything about the configured store. A file that is not there is not made."""
    path = settings.sqlite_path
    if path is not None:
        obstacle = _folder(path.absolute())
        yield obstacle or Finding("folder", "ok", f"{path.absolute().parent} can be written to")
        if obstacle is not None:
            return
        yield room(shutil.disk_usage(path.absolute().parent).free)
        if not path.exists():
            yield Finding("store", "ok", f"{masked(settings.store)}: not there yet; the first start makes it")
            return
    for finding in await _opened(settings, clock, patience):
        yield finding


async def _opened(settings: Settings, clock: Clock, patience: float) -> list[Finding]:
    shown = masked(settings.store)
    try:
        async with asyncio.timeout(patience), store_of(settings) as (store, schema):
            found = [Finding("store", "ok", f"{shown}: {await store.ping()}"), await _schema(schema, settings)]
    except TimeoutError:
        return [
            Finding("store", "problem", f"{shown}: no answer in {patience:g} s", "see how busy it and its disk are")
        ]
    except StoreError as error:
        words = str(error).partition(", full error")[0].partition(" (configured timeouts")[0]
        return [Finding("store", "problem", f"{shown}: {words}", await _advice(settings, words, patience))]
    if settings.sqlite_path is None:
        found += await _replica_set(settings, clock, patience)
    return found


async def _schema(schema: Schema, settings: Settings) -> Finding:
    try:
        await check(schema)
    except SchemaMismatch as error:
        if settings.sqlite_path is not None and await schema.version() == 0:
            return Finding("schema", "ok", "the store is empty; the first start makes it")
        what, _, advice = str(error).partition(": ")
        return Finding("schema", "problem", what, advice or "run `masterx migrate`")
    return Finding("schema", "ok", f"version {await schema.version()}")


def _folder(path: Path) -> Finding | None:
    """What keeps a SQLite store from being written in its folder, if anything does."""
    folder = path.parent
    if path.is_dir():
        advice = f"name a file in it: MASTERX_STORE=sqlite:///{path}/masterx.db"
        return Finding("folder", "problem", f"{path} is a folder", advice)
    if not folder.is_dir():
        return Finding("folder", "problem", f"there is no folder {folder}", f"make it: mkdir -p {folder}")
    try:
        with TemporaryFile(dir=folder):
            return None
    except OSError as error:
        advice = f"let {_user()} write there, or put the store elsewhere with MASTERX_STORE"
        return Finding("folder", "problem", f"nothing can be written in {folder}: {error.strerror}", advice)


def _user() -> str:
    try:
        return f"the user {getpass.getuser()}"
    except (KeyError, OSError):
        return f"the user with id {os.getuid()}"  # in a container it often has no name


def room(free: int) -> Finding:
    """What so many free bytes on the store's disk mean."""
    shown = f"{free >> 20:,} MB free"
    if free < _NO_ROOM:
        return Finding("disk", "problem", shown, "make room: turns are refused when nothing more can be written")
    advice = "make room soon: turns are refused when the disk is full" if free < _SPARSE else None
    return Finding("disk", "note" if advice else "ok", shown, advice)


async def _advice(settings: Settings, words: str, patience: float) -> str:
    path = settings.sqlite_path
    if path is None:
        return await _mongo_advice(settings.store, words, patience)
    if "not a database" in words or "malformed" in words:
        return f"{path} holds something else or is damaged: name another file in MASTERX_STORE, or restore a backup"
    if "locked" in words:
        return "another program keeps the file to itself: end it, then look again"
    return f"let {_user()} read and write {path} and the files beside it that begin with its name"


async def _mongo_advice(url: str, words: str, patience: float) -> str:
    if "uthentication" in words or "not authorized" in words:
        return "check user and password in MASTERX_STORE, and authSource if the user is of another database"
    hello, wanted = await _hello(url, patience)
    if hello is None:
        return "start the server, or correct the address in MASTERX_STORE; turns are refused without a store"
    return replica_set(hello, wanted).advice or "the server answers, but not in time: look at its log and its load"


async def _replica_set(settings: Settings, clock: Clock, patience: float) -> list[Finding]:
    asked = clock.now()
    hello, wanted = await _hello(settings.store, patience)
    if hello is None:
        return []
    answered = clock.now()
    time = compared("MongoDB", hello["localTime"].timestamp() - (asked + answered) / 2, (answered - asked) / 2)
    return [replica_set(hello, wanted), time]


def replica_set(hello: Mapping[str, Any], wanted: str | None) -> Finding:
    """What a server's answer to `hello` says of its replica set, where the address asks for `wanted`."""
    name = hello.get("setName")
    if wanted and name is None:
        what = "the server belongs to no replica set yet"
        return Finding("replica set", "problem", what, f"start it with --replSet {wanted} and run rs.initiate() once")
    if wanted and name != wanted:
        what = f"the server's replica set is {name}, the address asks for {wanted}"
        return Finding("replica set", "problem", what, f"say replicaSet={name} in MASTERX_STORE")
    if name is None:
        advice = "make it a replica set, so that kept turns survive the loss of a server"
        return Finding("replica set", "note", "a server by itself", advice)
    if not (hello.get("isWritablePrimary") or hello.get("primary")):
        return Finding("replica set", "problem", f"{name} has no primary", "see rs.status(): a majority must be up")
    return Finding("replica set", "ok", f"{name}, {len(hello.get('hosts', ()))} member(s)")


async def _hello(url: str, patience: float) -> tuple[Mapping[str, Any] | None, str | None]:
    """What the first server of an address that answers says of itself, whatever its replica set, and the replica set
    that the address asks for."""
    from pymongo import AsyncMongoClient  # only a service on MongoDB loads its driver
    from pymongo.asynchronous.uri_parser import parse_uri
    from pymongo.errors import PyMongoError

    try:
        parsed = await parse_uri(url)
    except PyMongoError:
        return None, None
    options = {name: value for name, value in parsed["options"].items() if name.lower().startswith("tls")}
    for host, port in parsed["nodelist"]:
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
            host, port, directConnection=True, serverSelectionTimeoutMS=int(patience * _PROBE * 1_000), **options
        )
        async with client:
            try:
                return await client.admin.command("hello"), parsed["options"].get("replicaSet")
            except PyMongoError:
                continue
    return None, parsed["options"].get("replicaSet")
