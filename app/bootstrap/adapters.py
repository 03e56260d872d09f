"""The adapters that the settings choose. They are imported when they are chosen, so that a service on SQLite does not
carry a MongoDB driver in its memory."""

import hashlib
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial

from app.bootstrap.background import Background
from app.clock import Clock
from app.events import Changed, Events
from app.providers.catalogue import load as load_catalogue
from app.providers.catalogue import moved
from app.providers.port import Entry, Provider
from app.routing.breaker import Rules, State
from app.routing.breakers import Breakers, LocalBreakers
from app.routing.ledger import Ledger
from app.settings import Settings
from app.storage.cache import Cache
from app.storage.migrate import Step, check, migrate
from app.storage.ports import Schema, Store

_CACHE_BYTES = 16 << 20
"""What the cache in process may hold: the events of the streams of the last two minutes, and answers that are kept;
where it is full, what was used least recently goes."""


@asynccontextmanager
async def store_of(settings: Settings) -> AsyncIterator[tuple[Store, Schema]]:
    """The configured store and its schema."""
    store: Store
    if settings.sqlite_path is not None:
        from app.storage.sqlite import SqliteStore

        store = sqlite = await SqliteStore.open(settings.sqlite_path)
        schema: Schema = sqlite.schema
    else:
        from app.storage.mongo import MongoStore

        store = mongo = await MongoStore.open(settings.store)
        schema = mongo.schema
    try:
        yield store, schema
    finally:
        await store.close()


def ledger_of(settings: Settings, store: Store) -> Ledger:
    """The ledger of the store that `store_of` has made: what is spent is kept where turns are."""
    if settings.sqlite_path is not None:
        from app.storage.sqlite import SqliteStore

        assert isinstance(store, SqliteStore)  # noqa: S101 - `store_of` made it
        return store.ledger
    from app.storage.mongo import MongoStore

    assert isinstance(store, MongoStore)  # noqa: S101 - `store_of` made it
    return store.ledger


async def bring_up_to_date(settings: Settings, schema: Schema, clock: Clock) -> list[Step]:
    """Migrates a SQLite store; refuses a MongoDB whose schema is not this version's."""
    if settings.sqlite_path is not None:
        return await migrate(schema, clock, clock.id())
    await check(schema)
    return []


async def cache_of(settings: Settings, clock: Clock) -> Cache:
    """The configured cache; one that is away is waited for in the background."""
    if settings.cache == "memory://":
        from app.storage.memory import Bounds, MemoryCache

        return MemoryCache(clock, Bounds(size=_CACHE_BYTES))
    from app.storage.redis import RedisCache

    return await RedisCache.open(settings.cache)


def entries_of(settings: Settings) -> tuple[tuple[Entry, str | None], ...]:
    """The catalogue at the addresses that the settings give, each entry with its key: `None` where it is missing."""
    found = []
    for listed in load_catalogue(settings.providers):
        url = settings.base_url(listed.provider)
        entry = moved(listed, url) if url else listed
        key = settings.secret(entry.key_variable) if entry.key_variable else ""
        found.append((replace(entry, credential=_credential(key)) if key else entry, key))
    return tuple(found)


def _credential(key: str) -> str:
    return f"key-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


async def providers_of(
    settings: Settings, clock: Clock, stack: AsyncExitStack, *, traced: bool = False
) -> tuple[Provider, ...]:
    """An adapter for each entry of the catalogue that can be asked, all on one pool of connections; `traced` where they
    may know of which trace a call is."""
    usable = [(entry, key) for entry, key in entries_of(settings) if key is not None]
    if not usable:
        return ()
    from app.providers.gemini import Gemini
    from app.providers.groq import Groq
    from app.providers.openai_compatible import OpenAICompatible
    from app.providers.wire import http_session

    http = await stack.enter_async_context(http_session(traced=traced and settings.otlp is not None))
    dialects: dict[str, type[OpenAICompatible | Gemini]] = {"openai": OpenAICompatible, "groq": Groq, "gemini": Gemini}
    return tuple(dialects[entry.dialect](entry, key, http, clock) for entry, key in usable)


async def breakers_of(
    settings: Settings, cache: Cache, clock: Clock, around: tuple[AsyncExitStack, Background, Events]
) -> tuple[Breakers, Rules]:
    """The breakers, shared by all replicas where they share a cache; changes of their states are events."""
    rules, (stack, background, events) = Rules(), around
    keys = {entry.credential: entry.provider for entry, _ in entries_of(settings)}
    changed = partial(_breaker_changed, events, keys)
    local = LocalBreakers(clock, rules, random.Random(), changed)  # noqa: S311 - jitter is no secret
    if settings.cache == "memory://":
        return local, rules
    from app.storage.redis import RedisBreakers, RedisCache

    assert isinstance(cache, RedisCache)  # noqa: S101 - `cache_of` made it
    shared = RedisBreakers(cache, local, clock)
    await stack.enter_async_context(background.beside(breakers=shared.stay))
    return shared, rules


def _breaker_changed(events: Events, keys: Mapping[str, str], name: str, state: State) -> None:
    """Says that a breaker changed, by its model or by the provider whose key it is about, never by the key."""
    credential, _, model = name.partition("/")
    subject = model or f"{keys.get(credential, 'unknown')} (its key)"
    events.publish(Changed("breaker", subject, state.value.replace("_", " ")))
