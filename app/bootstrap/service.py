"""Builds every part and wires it."""

import os
import random
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial

from app.advice import Advice
from app.alerting.alerting import Alerting
from app.analytics.health import Health
from app.bootstrap import gauges
from app.bootstrap.adapters import (
    background,
    breakers_of,
    ledger_of,
    providers_of,
)
from app.bootstrap.alerting import Looked, alerting_of
from app.bootstrap.base import Base, base_of
from app.bootstrap.checking import health_of
from app.bootstrap.choosing import Choices, choices_of
from app.bootstrap.experiments import Trials, trials_of
from app.bootstrap.figuring import Figured, shared
from app.bootstrap.hearing import hearing, load
from app.bootstrap.learning import Told
from app.bootstrap.records import Records
from app.bootstrap.remembering import recall_parts
from app.bootstrap.standing_in import last_resort, warm_up
from app.bootstrap.teaching import advice_of, helping_of, library_of
from app.briefing import Briefing, Sources
from app.clock import Clock, iso
from app.context.assemble import Assembler
from app.context.memory.recalls import Recalls
from app.context.preload import Preload
from app.context.tokens import llama3
from app.erasure import Erasure
from app.erasure import Parts as ErasureParts
from app.helping import Helping
from app.later import Later
from app.later import Parts as LaterParts
from app.library import Library
from app.providers.port import Provider
from app.readying import Readying
from app.responses.responses import Responses
from app.routing.caller import Caller
from app.routing.foresight import Foresight
from app.routing.guard import Guard
from app.routing.known import Figures
from app.routing.router import Router
from app.running import Running
from app.settings import Settings
from app.spending import Spending
from app.storage.belongings import Belongings
from app.storage.presence import Instance, Presence
from app.summarizing import Parts as SummarizingParts
from app.summarizing import Summarizing
from app.turn import Parts, Tutor
from app.weighing import Weighing


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
    summarizing: Summarizing
    recalls: Recalls
    preload: Preload
    erasure: Erasure
    weighing: Weighing
    choices: Choices
    helping: Helping
    library: Library
    advice: Advice
    trials: Trials
    alerting: Alerting
    health: Health
    providers: tuple[str, ...]
    recovered: int


@asynccontextmanager
async def service(settings: Settings, clock: Clock) -> AsyncIterator[Service]:
    """The whole service, started; leaving the context ends turns, sends what is waiting and closes connections."""
    with _one_error():
        async with AsyncExitStack() as stack:
            made = await _start(settings, clock, stack)
            await stack.enter_async_context(shared(made.base, Figured(made.router, made.running, made.spending)))
            yield made


async def _start(settings: Settings, clock: Clock, stack: AsyncExitStack) -> Service:
    base = await base_of(settings, clock, stack)
    records, me = base.records, Instance(clock.id(), socket.gethostname(), os.getpid(), iso(clock.now()))
    breakers, rules = await breakers_of(settings, base.cache, clock, (stack, base.events))
    guard = Guard(breakers, Figures(clock, random.random), rules, _foresight())
    last = last_resort(settings, base.policy)
    router = Router(await providers_of(settings, clock, stack), last, Caller(guard, base.events), random.random)
    trials = await stack.enter_async_context(trials_of(base, router.entries))
    responses = await stack.enter_async_context(Responses.of(base.cache, clock))
    spending = Spending(ledger_of(settings, base.store), records.turns, base.policy, clock)
    _count_exactly(spending, router)
    of_learners = recall_parts(base.store, base.cache, clock, (base.policy.recall, base.dense))
    recalls = await stack.enter_async_context(Recalls.of(of_learners))
    library = await stack.enter_async_context(library_of(base))
    assembler = Assembler(base.tokens)
    records.snapshots.tell_of_dropped(assembler.fragments.drop)
    retold = records.summaries if base.policy.context.summaries == "model" else None
    briefing = Briefing(base.policy, clock, Sources(recalls, library, retold))
    preload = Preload(recalls, clock, (Readying(records.snapshots, briefing, assembler).ready,))
    choices = await stack.enter_async_context(choices_of(base))
    tutor = Tutor(_parts(base, (router, choices), (briefing, assembler, responses, spending), me.id))
    presence = Presence(base.store, records.turns, clock, me)
    recovered = await presence.arrive()
    stack.push_async_callback(presence.leave)
    running = await stack.enter_async_context(Running.of(tutor, records.turns))
    held = (records.sessions, records.snapshots, recalls, running, base.cache)
    erasure = Erasure(ErasureParts(Belongings(base.store), *held))
    health = health_of(base, router)
    await health.look()
    later = Later(_asking_again(base, (running, router), health, me.id))
    summarizing = Summarizing(_summing_up(base, (router, spending), health))
    for hear in (recalls.hear, preload.hear, later.hear, summarizing.hear):
        base.events.subscribe(hear)
    told = Told(records.snapshots, base.cache, me.id, library.titles)
    await stack.enter_async_context(base.learning.awake(base.events, told))
    await stack.enter_async_context(
        background(
            *(records.snapshots.follow(base.cache, me.id), presence.stay(running), later.stay(), library.follow()),
            *(spending.stay(), health.watch(), warm_up(router), load(base.policy), *base.learning.work()),
            *(recalls.follow(), recalls.stay(), preload.stay(), erasure.follow(), summarizing.stay(), base.live.stay()),
        )
    )
    alerting = await stack.enter_async_context(alerting_of(base, Looked(router, spending, later, health)))
    advice = advice_of(base.store, clock, base.policy, base.learning)
    made = Service(
        *(base, records, tutor, router, running, spending, later, summarizing, recalls, preload, erasure),
        *(Weighing(records.worths, records.sessions), choices, helping_of(base.store), library, advice, trials),
        *(alerting, health),
        providers=_asked(router, last),
        recovered=recovered,
    )
    _measure(made, assembler, responses)
    return made


def _measure(made: Service, assembler: Assembler, responses: Responses) -> None:
    meters = made.base.meters
    gauges.gauges(meters, made.running, made.health)
    gauges.routing_gauges(meters, made.router)
    gauges.cache_counts(meters, made.records.snapshots, responses)
    gauges.money(meters, made.spending)
    gauges.waiting(meters, made.later)
    gauges.summaries(meters, made.summarizing)
    gauges.fragments(meters, assembler.fragments)
    gauges.memories(meters, made.recalls, made.preload)
    gauges.learning(meters, made.base.learning)
    made.base.series.sample("responses.", lambda: responses.results)


def _asking_again(base: Base, asking: tuple[Running, Router], health: Health, me: str) -> LaterParts:
    records, (running, router) = base.records, asking
    return LaterParts(
        questions=records.questions,
        turns=records.turns,
        running=running,
        router=router,
        policy=base.policy,
        clock=base.clock,
        owner=me,
        leaving=lambda: health.draining,
    )


def _summing_up(base: Base, asking: tuple[Router, Spending], health: Health) -> SummarizingParts:
    router, spending = asking
    return SummarizingParts(
        turns=base.records.turns,
        summaries=base.records.summaries,
        router=router,
        spending=spending,
        tokens=base.tokens,
        policy=base.policy,
        clock=base.clock,
        leaving=lambda: health.draining,
    )


def _count_exactly(spending: Spending, router: Router) -> None:
    """Prompts are counted for Llama 3 where a budget depends on it."""
    if spending.limited and any(entry.tokenizer == "llama3" for entry in router.entries):
        spending.count_by("llama3", llama3())


def _asked(router: Router, last: Provider | None) -> tuple[str, ...]:
    """The models that can be asked, the last resort included."""
    entries = (*router.entries, *([last.entry] if last else []))
    return tuple(f"{entry.provider}/{entry.model}" for entry in entries)


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


def _foresight() -> Foresight:
    from numpy.random import default_rng  # a quarter of a second: not for a command that builds no service

    from app.routing.predictor import Predictor

    return Foresight(partial(Predictor, default_rng()))


def _parts(
    base: Base, who: tuple[Router, Choices], around: tuple[Briefing, Assembler, Responses, Spending], owner: str
) -> Parts:
    router, choices = who
    briefing, assembler, responses, spending = around
    return Parts(
        turns=base.records.turns,
        snapshots=base.records.snapshots,
        hearing=hearing(base.learning.reader),
        router=router,
        responses=responses,
        choosing=choices.choosing,
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
    )
