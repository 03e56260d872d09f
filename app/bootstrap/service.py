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
from app.bootstrap.adapters import ledger_of
from app.bootstrap.alerting import Looked, alerting_of
from app.bootstrap.base import Base, base_of
from app.bootstrap.checking import health_of
from app.bootstrap.choosing import Choices, choices_of
from app.bootstrap.experiments import Trials, trials_of
from app.bootstrap.figuring import Figured, shared
from app.bootstrap.hearing import hearing, load
from app.bootstrap.learning import Told
from app.bootstrap.records import Records
from app.bootstrap.remembering import Remembered, remembered_of
from app.bootstrap.routed import routed_of
from app.bootstrap.standing_in import warm_up
from app.bootstrap.teaching import advice_of, classes_of, helping_of
from app.clock import Clock, iso
from app.context.tokens import llama3
from app.erasure import Erasure
from app.erasure import Parts as ErasureParts
from app.helping import Helping
from app.later import Later
from app.later import Parts as LaterParts
from app.responses.responses import Responses
from app.routing.router import Router
from app.running import Running
from app.settings import Settings
from app.spending import Spending
from app.storage.belongings import Belongings
from app.storage.presence import Instance, Presence
from app.summarizing import Parts as SummarizingParts
from app.summarizing import Summarizing
from app.teaching.classes import Classes
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
    remembered: Remembered
    erasure: Erasure
    weighing: Weighing
    choices: Choices
    helping: Helping
    advice: Advice
    classes: Classes
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
    asked, told = await routed_of(base, stack), await remembered_of(base, stack)
    trials = await stack.enter_async_context(trials_of(base, asked.router.entries))
    responses = await stack.enter_async_context(Responses.of(base.cache, clock))
    spending = Spending(ledger_of(settings, base.store), records.turns, base.policy, clock)
    _count_exactly(spending, asked.router)
    choices = await stack.enter_async_context(choices_of(base, trials.lot))
    tutor = Tutor(_parts(base, (asked.router, choices), (told, responses, spending), me.id))
    presence = Presence(base.store, records.turns, clock, me)
    recovered = await presence.arrive()
    stack.push_async_callback(presence.leave)
    running = await stack.enter_async_context(Running.of(tutor, records.turns))
    erasure = _erasure(base, (told, running), choices, trials)
    health = health_of(base, asked.router)
    await health.look()
    later = Later(_asking_again(base, (running, asked.router), health, me.id))
    summarizing = Summarizing(_summing_up(base, (asked.router, spending), health))
    for hear in (told.recalls.hear, told.preload.hear, later.hear, summarizing.hear):
        base.events.subscribe(hear)
    learned = Told(records.snapshots, base.cache, me.id, told.library.titles)
    await stack.enter_async_context(base.learning.awake(base.events, learned))
    await stack.enter_async_context(
        base.background.beside(
            snapshots_heard=partial(records.snapshots.follow, base.cache, me.id),
            presence=partial(presence.stay, running),
            questions=later.stay,
            budgets=spending.stay,
            health=health.watch,
            warm_up=partial(warm_up, asked.router),
            hearing=partial(load, base.policy),
            erasures_heard=erasure.follow,
            summaries=summarizing.stay,
            live=base.live.stay,
            **base.learning.work(),
            **told.work(),
        )
    )
    alerting = await stack.enter_async_context(alerting_of(base, Looked(asked.router, spending, later, health)))
    weighing, helping = Weighing(records.worths, records.sessions), helping_of(base.store)
    advice = advice_of(base.store, clock, base.policy, base.learning)
    doing = (base, records, tutor, asked.router, running, spending, later, summarizing, told, erasure)
    made = Service(
        *(*doing, weighing, choices, helping, advice, classes_of(base), trials, alerting, health),
        providers=asked.names,
        recovered=recovered,
    )
    _measure(made, responses)
    return made


def _erasure(base: Base, holding: tuple[Remembered, Running], choices: Choices, trials: Trials) -> Erasure:
    (told, running), records = holding, base.records
    held = (records.sessions, records.snapshots, told.recalls, running, choices.rewarding, base.cache, choices.keeping)
    forget = (base.live.forget, trials.experimenting.forget, told.preload.forget)
    return Erasure(ErasureParts(Belongings(base.store), *held, forget))


def _measure(made: Service, responses: Responses) -> None:
    meters, told = made.base.meters, made.remembered
    gauges.gauges(meters, made.running, made.health)
    gauges.background(meters, made.base.background)
    gauges.routing_gauges(meters, made.router)
    gauges.cache_counts(meters, made.records.snapshots, responses)
    gauges.money(meters, made.spending)
    gauges.waiting(meters, made.later)
    gauges.summaries(meters, made.summarizing)
    gauges.fragments(meters, told.assembler.fragments)
    gauges.memories(meters, told.recalls, told.preload)
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


def _parts(
    base: Base, who: tuple[Router, Choices], around: tuple[Remembered, Responses, Spending], owner: str
) -> Parts:
    router, choices = who
    told, responses, spending = around
    return Parts(
        turns=base.records.turns,
        snapshots=base.records.snapshots,
        hearing=hearing(base.learning.reader),
        router=router,
        responses=responses,
        choosing=choices.choosing,
        briefing=told.briefing,
        assembler=told.assembler,
        tokens=base.tokens,
        cache=base.cache,
        events=base.events,
        clock=base.clock,
        policy=base.policy,
        spending=spending,
        draw=random.random,
        owner=owner,
    )
