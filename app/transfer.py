"""`masterx export FILE` and `masterx import FILE`: what was learned, as one file for another deployment to begin with.

In it are arms, experiments, fitted models, counts of answers with their calibration, and the policy as it is written;
nothing that names a learner's words, and no turn. It is JSON, compressed, with a version and a digest. An import checks
all of it before the first write, and refuses where something was learned already, unless it is told to replace that.
"""

import asyncio
import gzip
import hashlib
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from app import __version__
from app.bootstrap import bring_up_to_date, store_of
from app.bootstrap.choosing import choosing_of
from app.choosing.keeping import UNREADABLE, put, unpacked
from app.clock import SystemClock, iso
from app.errors import Duplicate, SettingsError
from app.policy import Policy, load
from app.settings import Settings
from app.storage.arms import Arms
from app.storage.learned import NOBODY
from app.storage.ports import EXPERIMENTS, LEARNED, MODELS, Doc, Find, Kind, Store
from app.vocabulary import SCHEMA

FORMAT, VERSION = "masterx-learned", 1
_PAGE = 100
_KINDS: Mapping[str, tuple[Kind, Mapping[str, str]]] = {
    "experiments": (EXPERIMENTS, {}),
    "models": (MODELS, {}),
    "counts": (LEARNED, {"learner_id": NOBODY}),
}
Body = dict[str, Any]


def export(settings: Settings, path: Path) -> str:
    """Writes the file; says what is in it."""
    body = asyncio.run(_read(settings))
    packed = orjson.dumps(body)
    head = {"format": FORMAT, "version": VERSION, "schema": SCHEMA, "by": __version__, "at": iso(SystemClock().now())}
    whole = {**head, "digest": hashlib.sha256(packed).hexdigest(), "body": body}
    try:
        with path.open("xb") as file:
            file.write(gzip.compress(orjson.dumps(whole), 6))
    except OSError as error:
        raise SettingsError(f"export {path}: {error.strerror}") from error
    return f"{path}: {_counted(body)}"


def take(settings: Settings, path: Path, *, replace: bool) -> str:
    """Puts what is in the file into the store, and says what that is; `SettingsError` says what is wrong with it."""
    policy = load(settings.policy)
    body = checked(path, policy)
    asyncio.run(_write(settings, (path, body), replace=replace))
    other = body["policy"]["version"]
    note = "" if other == policy.version else f"; it was learned under policy {other}, this one is {policy.version}"
    return f"{path}: {_counted(body)}{note}. Restart services that run on this store."


def checked(path: Path, policy: Policy) -> Body:
    """The body of a file that is whole and of this version; `SettingsError` says what is wrong with it."""
    try:
        whole = orjson.loads(gzip.decompress(path.read_bytes()))
    except OSError as error:
        reason = error.strerror or "not a file that `masterx export` wrote"
        raise SettingsError(f"import {path}: {reason}") from error
    except (EOFError, zlib.error, orjson.JSONDecodeError) as error:
        raise SettingsError(f"import {path}: broken, or not a file that `masterx export` wrote") from error
    if not isinstance(whole, dict) or whole.get("format") != FORMAT:
        raise SettingsError(f"import {path}: not a file that `masterx export` wrote")
    if (whole.get("version"), whole.get("schema")) != (VERSION, SCHEMA):
        raise SettingsError(
            f"import {path}: written as version {whole.get('version')} over schema {whole.get('schema')} by masterx "
            f"{whole.get('by')}; this one reads version {VERSION} over schema {SCHEMA}"
        )
    body: Body = whole.get("body") or {}
    if hashlib.sha256(orjson.dumps(body)).hexdigest() != whole.get("digest"):
        raise SettingsError(f"import {path}: its digest is not that of what is in it")
    _check_arms(path, body["arms"], policy)
    return body


def _check_arms(path: Path, arms: Sequence[Mapping[str, Any]], policy: Policy) -> None:
    choosing = choosing_of(policy)
    for one in arms:
        try:
            choosing.experience(one["workspace"]).restore(unpacked(one["text"]))
        except UNREADABLE as error:
            raise SettingsError(
                f"import {path}: the arms of workspace {one['workspace']} cannot be read by the policy of choice "
                f"{policy.choices.by!r}: {error!r}"
            ) from error


async def _read(settings: Settings) -> Body:
    async with store_of(settings) as (store, schema):
        await bring_up_to_date(settings, schema, SystemClock())
        arms = [{"workspace": w, "text": text} async for w, _, text in Arms(store).all() if text is not None]
        kinds = {name: [doc async for doc in _docs(store, name)] for name in _KINDS}
        policy = settings.policy.read_text("utf-8")
        version = load(settings.policy).version
        return {"arms": arms, **kinds, "policy": {"version": version, "text": policy}}


async def _write(settings: Settings, given: tuple[Path, Body], *, replace: bool) -> None:
    (path, body), clock = given, SystemClock()
    async with store_of(settings) as (store, schema):
        await bring_up_to_date(settings, schema, clock)
        if not replace and (there := await _there(store)):
            raise SettingsError(
                f"import {path}: the store has {there} already; --replace puts the file's in their place"
            )
        for name, (kind, _) in _KINDS.items():
            for doc in body[name]:
                await _put(store, kind, doc)
        for one in body["arms"]:
            await put(Arms(store), clock, one["workspace"], one["text"])


async def _there(store: Store) -> str:
    """What was learned already, in words."""
    arms = [workspace async for workspace, _, _ in Arms(store).all()]
    kinds = [name for name in _KINDS if [doc async for doc in _docs(store, name)]]
    return ", ".join([*(["arms"] if arms else []), *kinds])


async def _put(store: Store, kind: Kind, doc: Doc) -> None:
    """Keeps a document in the place of the one of its id or, for experiments, of its name."""
    try:
        await store.insert(kind, doc)
    except Duplicate:
        await store.delete(kind, {"id": doc["id"]})
        if kind is EXPERIMENTS:
            await store.delete(kind, {"workspace": doc["workspace"], "name": doc["name"]})
        await store.insert(kind, doc)


async def _docs(store: Store, name: str) -> AsyncIterator[Doc]:
    kind, where = _KINDS[name]
    after = None
    while docs := await store.find(kind, Find(where, after=after, limit=_PAGE)):
        for doc in docs:
            yield doc
        after = docs[-1]["id"]


def _counted(body: Body) -> str:
    arms = f"arms of {len(body['arms'])} workspace(s)"
    return ", ".join([arms, *(f"{len(body[name])} {name}" for name in _KINDS), f"policy {body['policy']['version']}"])
