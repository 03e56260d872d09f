"""`masterx export FILE` and `masterx import FILE`: what was learned, as one file for another deployment to begin with.

In it are arms, experiments, fitted models, counts of answers with their calibration, and the policy as it is written;
no turn, and nothing of one learner alone: what is special to learners stays where they can be erased. It is JSON,
compressed, with a version and a digest. An import checks all of it before the first write.

What is learned of arms adds up: it is kept by the deployment that it comes from, and what follows from all that was
brought and from the log of this deployment is derived again, as `masterx rebuild` does. So the same file counts once,
a newer one of the same deployment takes the place of the older, and a file is refused in which something would count
twice. Of the rest only that is taken of which the store has nothing, unless it is told to replace what is there.
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
from app.bootstrap.choosing import choosing_of, keeping_of
from app.choosing.choosing import Choosing
from app.choosing.names import Names
from app.choosing.packing import UNREADABLE, packed, unpacked
from app.clock import SystemClock, iso
from app.errors import Conflict, Duplicate, SettingsError
from app.policy import Policy, load
from app.settings import Settings
from app.storage.arms import Arms, Brought
from app.storage.learned import NOBODY
from app.storage.memory import MemoryCache
from app.storage.ports import EXPERIMENTS, LEARNED, MODELS, Doc, Find, Kind, Store
from app.storage.rollups import Rollups
from app.vocabulary import SCHEMA

FORMAT, VERSION = "masterx-learned", 2
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
    try:
        rewards, left = asyncio.run(_write(settings, body, replace=replace))
    except Conflict as error:
        raise SettingsError(f"import {path}: {error}") from error
    notes = [f"added to what {rewards:,} rewards taught here"]
    if left:
        notes.append(f"left as they are here: {', '.join(left)} (--replace takes the file's)")
    if (other := body["policy"]["version"]) != policy.version:
        notes.append(f"it was learned under policy {other}, this one is {policy.version}")
    return f"{path}: {_counted(body)}; {'; '.join(notes)}. Restart services that run on this store."


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
    choosing = choosing_of(policy, b"")
    for one in arms:
        try:
            choosing.experience(one["workspace"]).merge(unpacked(one["text"]))
        except UNREADABLE as error:
            raise SettingsError(
                f"import {path}: the arms of workspace {one['workspace']} cannot be read by the policy of choice "
                f"{policy.choices.by!r}: {error!r}"
            ) from error


async def _read(settings: Settings) -> Body:
    policy = load(settings.policy)
    async with store_of(settings) as (store, schema):
        await bring_up_to_date(settings, schema, SystemClock())
        key = await Rollups(store).key()
        arms = await _arms(store, policy, key)
        kinds = {name: [doc async for doc in _docs(store, name)] for name in _KINDS}
        text = {"version": policy.version, "text": settings.policy.read_text("utf-8")}
        return {"deployment": Names(key).deployment, "arms": arms, **kinds, "policy": text}


async def _arms(store: Store, policy: Policy, key: bytes) -> list[dict[str, Any]]:
    """What is known of arms up to the newest reward, by workspace, and whose logs it comes `of`."""
    choosing, clock = choosing_of(policy, key), SystemClock()
    keeping = keeping_of(choosing, store, MemoryCache(clock), clock)
    await keeping.restore()
    await keeping.catch_up()
    found = []
    for workspace, experience in sorted(choosing.workspaces.items()):
        of = {Names(key).deployment}.union(*[one.of async for one in Arms(store).brought(workspace)])
        found.append({"workspace": workspace, "of": sorted(of), "text": packed(experience.lent)})
    return found


async def _write(settings: Settings, body: Body, *, replace: bool) -> tuple[int, list[str]]:
    """Says from how many rewards of its own it is derived again what is known of arms, and what was left as it is."""
    left = []
    async with store_of(settings) as (store, schema):
        await bring_up_to_date(settings, schema, SystemClock())
        key = await Rollups(store).key()
        brought = [
            Brought(one["workspace"], body["deployment"], frozenset(one["of"]), one["text"]) for one in body["arms"]
        ]
        for one in brought:
            await _check_once(Arms(store), one, Names(key).deployment, replace=replace)
        for name, (kind, _) in _KINDS.items():
            if not replace and body[name] and [doc async for doc in _docs(store, name)]:
                left.append(name)
                continue
            for doc in body[name]:
                await _put(store, kind, doc)
        return await _add(store, brought, choosing_of(load(settings.policy), key), replace=replace), left


async def _add(store: Store, brought: Sequence[Brought], choosing: Choosing, *, replace: bool) -> int:
    """Keeps what was brought and derives again what is known; says from how many rewards of this deployment's own."""
    arms, clock = Arms(store), SystemClock()
    for one in brought:
        for other in [each async for each in arms.brought(one.workspace)] if replace else []:
            await arms.give_up(other)
        await arms.bring(one, clock.id())
    return await keeping_of(choosing, store, MemoryCache(clock), clock).rebuild()


async def _check_once(arms: Arms, new: Brought, here: str, *, replace: bool) -> None:
    """Raises `Conflict` where something that a file says of arms is known already from somewhere else."""
    about = f"the arms of workspace {new.workspace} have in them what"
    if here in new.of:
        raise Conflict(f"{about} this deployment learned itself, which would count twice")
    async for other in arms.brought(new.workspace):
        if not replace and other.by != new.by and other.of & new.of:
            raise Conflict(
                f"{about} another import brought, which would count twice: --replace puts this file in the place of "
                "all that imports brought to the workspace"
            )


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
