"""What everything else stands on: settings, policy, store, cache, records, events."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from app.analytics.meters import Meters
from app.analytics.series.series import Series
from app.bootstrap.adapters import bring_up_to_date, cache_of, store_of
from app.bootstrap.background import Background
from app.bootstrap.learning import Learning, learning_of
from app.bootstrap.live import broadcasting_of
from app.bootstrap.records import Records, records_of
from app.bootstrap.tracing import traced
from app.broadcasting import Broadcasting
from app.clock import Clock
from app.context.fixed import smallest_budget
from app.context.recall.dense import Dense
from app.context.tokens import Tokens, o200k
from app.errors import SettingsError
from app.events import Events
from app.policy import Policy
from app.policy import load as load_policy
from app.settings import Settings
from app.storage.cache import Cache
from app.storage.ports import Store
from app.storage.rollups import Rollups


@dataclass(frozen=True, slots=True)
class Base:
    """What everything else stands on."""

    settings: Settings
    clock: Clock
    background: Background
    policy: Policy
    tokens: Tokens
    dense: Dense | None
    smallest_budget: int
    store: Store
    cache: Cache
    learning: Learning
    records: Records
    events: Events
    meters: Meters
    key: bytes
    """What replicas hash learners' names with."""
    series: Series
    """What is going on, of all replicas."""
    live: Broadcasting


async def base_of(settings: Settings, clock: Clock, stack: AsyncExitStack) -> Base:
    """Opens the store and the cache; raises `SettingsError`, `StoreUnavailable`, `SchemaMismatch`."""
    policy, tokens = load_policy(settings.policy), o200k()
    least = _check_budget(policy, tokens)
    dense = Dense.load(settings.dense) if settings.dense else None
    store, schema = await stack.enter_async_context(store_of(settings))
    await bring_up_to_date(settings, schema, clock)
    cache = await cache_of(settings, clock)
    stack.push_async_callback(cache.close)
    events, meters, learning = Events(), Meters(), learning_of(store, clock, policy.reads_affect)
    key, background = await Rollups(store).key(), Background(clock)
    series = Series(clock, clock.id(), key)
    for hear in (meters.hear, series.hear):
        events.subscribe(hear)
    records = records_of(store, clock, learning.portraits.of)
    await stack.enter_async_context(traced(settings, (clock, background), events, meters))
    return Base(
        settings=settings,
        clock=clock,
        background=background,
        policy=policy,
        tokens=tokens,
        dense=dense,
        smallest_budget=least,
        store=store,
        cache=cache,
        learning=learning,
        records=records,
        events=events,
        meters=meters,
        key=key,
        series=series,
        live=broadcasting_of(clock, cache, records.keys, events),
    )


def _check_budget(policy: Policy, tokens: Tokens) -> int:
    least = smallest_budget(policy, tokens)
    if policy.context.budget < least:
        given = policy.context.budget
        raise SettingsError(
            f"MASTERX_POLICY: context.budget={given}: the instructions need a budget of at least {least}"
        )
    return least
