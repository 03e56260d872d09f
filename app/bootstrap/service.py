"""Builds every part and wires it."""

import asyncio
import os
import random
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module

from app.analytics.health import Check, Health
from app.analytics.meters import Meters
from app.bootstrap import gauges
from app.bootstrap.adapters import (
    background,
    breakers_of,
    bring_up_to_date,
    cache_of,
    entries_of,
    ledger_of,
    providers_of,
    store_of,
)
from app.bootstrap.learning import Learning, Told, learning_of
from app.briefing import Briefing
from app.clock import Clock, iso
from app.context.assemble import Assembler
from app.context.fixed import smallest_budget
from app.context.memory.loading import Loader
from app.context.memory.recalls import Parts as RecallParts
from app.context.memory.recalls import Recalls
from app.context.preload import Preload
from app.context.tokens import Tokens, o200k
from app.erasure import Erasure
from app.erasure import Parts as ErasureParts
from app.errors import SettingsError
from app.events import Events
from app.later import Later
from app.later import Parts as LaterParts
from app.library import Library
from app.library import Parts as LibraryParts
from app.policy import Policy
from app.policy import load as load_policy
from app.providers.port import Provider
from app.responses.responses import Responses
from app.routing.caller import Caller
from app.routing.foresight import Foresight
from app.routing.guard import Guard
from app.routing.known import Figures
from app.routing.router import Router
from app.running import Running
from app.settings import CONFIG, Settings, masked
from app.spending import Spending
from app.storage.belongings import Belongings
from app.storage.cache import Cache
from app.storage.courses import Courses
from app.storage.keys import Keys
from app.storage.ports import Store
from app.storage.presence import Instance, Presence
from app.storage.questions import Questions
from app.storage.segments import Segments
from app.storage.sessions import Learners, Sessions
from app.storage.snapshots import Portraying, Snapshots, nothing
from app.storage.turns import TurnLog
from app.turn import Parts, Tutor

_PATIENCE_OF_STAND_IN = 0.15
"""Seconds that the offline tutor's answer waits for a check where it stands in for models: the learner has waited for
them, and what the first check loads (SymPy, 37 MB) is not in the memory of a service whose models answer."""


@dataclass(frozen=True, slots=True)
class Records:
    """What is kept, by kind."""

    turns: TurnLog
    sessions: Sessions
    learners: Learners
    snapshots: Snapshots
    keys: Keys
    questions: Questions
    courses: Courses


@dataclass(frozen=True, slots=True)
class Base:
    """What everything else stands on."""

    settings: Settings
    clock: Clock
    policy: Policy
    tokens: Tokens
    smallest_budget: int
    store: Store
    cache: Cache
    learning: Learning
    records: Records
    events: Events
    meters: Meters


@dataclass(frozen=True, slots=True)
class Service:
    """The running parts, as the entrances need them. `providers` are all models that can be asked here for some task,
    as `provider/model`, the last resort included; `recovered` counts turns that a dead process had left open."""

    base: Base
    records: Records
    tutor: Tutor
    router: Router
    running: Running
    spending: Spending
    later: Later
    recalls: Recalls
    preload: Preload
    erasure: Erasure
    library: Library
    health: Health
    providers: tuple[str, ...]
    recovered: int


@asynccontextmanager
async def service(settings: Settings, clock: Clock) -> AsyncIterator[Service]:
    """The whole service, started; leaving the context ends turns, sends what is waiting and closes connections."""
    with _one_error():
        async with AsyncExitStack() as stack:
            yield await _start(settings, clock, stack)


async def _start(settings: Settings, clock: Clock, stack: AsyncExitStack) -> Service:
    base = await _base(settings, clock, stack)
    records, me = base.records, Instance(clock.id(), socket.gethostname(), os.getpid(), iso(clock.now()))
    breakers, rules = await breakers_of(settings, base.cache, clock, stack)
    guard = Guard(breakers, Figures(clock, random.random), rules, _foresight())
    last = _last_resort(base)
    router = Router(await providers_of(settings, clock, stack), last, Caller(guard, base.events), random.random)
    responses = await stack.enter_async_context(Responses.of(base.cache, clock))
    spending = Spending(ledger_of(settings, base.store), records.turns, base.policy, clock)
    recalls = await stack.enter_async_context(Recalls.of(_recall(base, me.id)))
    base.events.subscribe(recalls.hear)
    preload = Preload(recalls)
    base.events.subscribe(preload.hear)
    briefing = Briefing(base.policy, clock, recalls)
    assembler = Assembler(base.tokens)
    records.snapshots.tell_of_dropped(assembler.fragments.drop)
    tutor = Tutor(_parts(base, router, (briefing, assembler, responses, spending), me.id))
    presence = Presence(base.store, records.turns, clock, me)
    recovered = await presence.arrive()
    stack.push_async_callback(presence.leave)
    running = await stack.enter_async_context(Running.of(tutor, records.turns))
    erasure = Erasure(_erasing(base, recalls, running))
    health = Health(_checks(base), clock)
    await health.look()
    asking_again = LaterParts(
        questions=records.questions,
        turns=records.turns,
        running=running,
        router=router,
        policy=base.policy,
        clock=clock,
        owner=me.id,
        leaving=lambda: health.draining,
    )
    later = Later(asking_again)
    base.events.subscribe(later.hear)
    base.learning.begin(base.events, Told(records.snapshots, base.cache, me.id))
    stack.push_async_callback(base.learning.rest)
    shelved = LibraryParts(records.courses, base.cache, clock, base.tokens.count)
    library = await stack.enter_async_context(Library.of(shelved))
    base.learning.reader.titles = library.titles
    await stack.enter_async_context(
        background(
            *(records.snapshots.follow(base.cache, me.id), presence.stay(running), later.stay(), library.follow()),
            *(spending.stay(), health.watch(), _warm_up(router), *base.learning.work()),
            *(recalls.follow(), recalls.stay(), preload.stay(), erasure.follow()),
        )
    )
    gauges.gauges(base.meters, running, health)
    gauges.routing_gauges(base.meters, router)
    gauges.cache_counts(base.meters, records.snapshots, responses)
    gauges.money(base.meters, spending)
    gauges.waiting(base.meters, later)
    gauges.fragments(base.meters, assembler.fragments)
    gauges.memories(base.meters, recalls, preload)
    gauges.learning(base.meters, base.learning)
    entries = (*router.entries, *([last.entry] if last else []))
    asked = tuple(f"{entry.provider}/{entry.model}" for entry in entries)
    return Service(
        *(base, records, tutor, router, running, spending, later, recalls, preload, erasure, library, health),
        providers=asked,
        recovered=recovered,
    )


@contextmanager
def _one_error() -> Iterator[None]:
    """Takes an error that came through task groups alone out of their wrapping, so that callers see what it is."""
    try:
        yield
    except BaseExceptionGroup as group:
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
            error = error.exceptions[0]
        raise error from None


async def _base(settings: Settings, clock: Clock, stack: AsyncExitStack) -> Base:
    policy, tokens = load_policy(settings.policy), o200k()
    least = _check_budget(policy, tokens)
    store, schema = await stack.enter_async_context(store_of(settings))
    await bring_up_to_date(settings, schema, clock)
    cache = await cache_of(settings, clock)
    stack.push_async_callback(cache.close)
    events, meters, learning = Events(), Meters(), learning_of(store, clock)
    events.subscribe(meters.hear)
    return Base(
        settings=settings,
        clock=clock,
        policy=policy,
        tokens=tokens,
        smallest_budget=least,
        store=store,
        cache=cache,
        learning=learning,
        records=records_of(store, clock, learning.portraits.of),
        events=events,
        meters=meters,
    )


def records_of(store: Store, clock: Clock, portraying: Portraying = nothing) -> Records:
    """The records in a store; snapshots have the portraits that are given."""
    turns, sessions, learners = TurnLog(store), Sessions(store), Learners(store, clock)
    return Records(
        turns=turns,
        sessions=sessions,
        learners=learners,
        snapshots=Snapshots(sessions, learners, turns, (clock, portraying)),
        keys=Keys(store, clock),
        questions=Questions(store),
        courses=Courses(store, clock),
    )


def _check_budget(policy: Policy, tokens: Tokens) -> int:
    least = smallest_budget(policy, tokens)
    if policy.context.budget < least:
        given = policy.context.budget
        raise SettingsError(
            f"MASTERX_POLICY: context.budget={given}: the instructions need a budget of at least {least}"
        )
    return least


def _foresight() -> Foresight:
    from numpy.random import default_rng  # a quarter of a second: not for a command that builds no service

    from app.routing.predictor import Predictor

    return Foresight(partial(Predictor, default_rng()))


def _last_resort(base: Base) -> Provider | None:
    alone = all(key is None for _, key in entries_of(base.settings))
    if not (base.policy.routing.degraded or alone):
        return None
    from app.providers.offline import OfflineTutor, load_wording

    wording = load_wording(CONFIG / "offline.toml")
    return OfflineTutor(wording) if alone else OfflineTutor(wording, _PATIENCE_OF_STAND_IN)


async def _warm_up(router: Router) -> None:
    """Lets the offline tutor, where nobody else answers, load what its first answer would wait for."""
    if not router.entries:
        await asyncio.to_thread(import_module, "sympy")


def _parts(base: Base, router: Router, around: tuple[Briefing, Assembler, Responses, Spending], owner: str) -> Parts:
    briefing, assembler, responses, spending = around
    return Parts(
        turns=base.records.turns,
        snapshots=base.records.snapshots,
        router=router,
        responses=responses,
        briefing=briefing,
        assembler=assembler,
        tokens=base.tokens,
        cache=base.cache,
        events=base.events,
        clock=base.clock,
        policy=base.policy,
        spending=spending,
        draw=random.random,
        owner=owner,
        read=base.learning.reader.read,
    )


def _recall(base: Base, me: str) -> RecallParts:
    segments, policy = Segments(base.store), base.policy.recall
    return RecallParts(
        loader=Loader(base.store, segments, base.clock, policy.passages),
        segments=segments,
        cache=base.cache,
        clock=base.clock,
        policy=policy,
        me=me,
    )


def _erasing(base: Base, recalls: Recalls, running: Running) -> ErasureParts:
    return ErasureParts(
        belongings=Belongings(base.store),
        sessions=base.records.sessions,
        snapshots=base.records.snapshots,
        recalls=recalls,
        running=running,
        cache=base.cache,
    )


def _checks(base: Base) -> dict[str, Check]:
    store, cache = masked(base.settings.store), masked(base.settings.cache)
    return {
        "store": Check(base.store.ping, True, f"turns are refused until {store} answers; `masterx doctor` says more"),
        "cache": Check(base.cache.ping, False, f"the service goes on process-locally until {cache} answers"),
    }
