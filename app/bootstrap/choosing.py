"""Choices and rewards, wired."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

from numpy.random import default_rng

from app.analytics.meters import Meters
from app.bootstrap.base import Base
from app.bootstrap.choosers import chooser_of
from app.choices.situations import domain, features
from app.choosing.choosing import Choosing, Lots, Parts, no_lots
from app.choosing.keeping import Keeping
from app.choosing.keeping import Parts as KeepingParts
from app.choosing.names import Names
from app.choosing.watching import Watching
from app.clock import Clock
from app.errors import StoreUnavailable
from app.policy import Policy
from app.rewarding import Parts as RewardingParts
from app.rewarding import Rewarding
from app.storage.arms import Arms
from app.storage.cache import Cache
from app.storage.interventions import Interventions
from app.storage.ports import Store
from app.storage.rewards import Rewards


@dataclass(frozen=True, slots=True)
class Choices:
    """Who chooses, who keeps what was learned, who notes rewards and who watches the gates."""

    choosing: Choosing
    keeping: Keeping
    rewarding: Rewarding
    watching: Watching
    interventions: Interventions


def choosing_of(policy: Policy, key: bytes, lots: Lots = no_lots) -> Choosing:
    """Who chooses by this policy, and has learned nothing yet; `key` is what learners' names are hashed with."""
    make = partial(chooser_of, policy.choices)
    return Choosing(Parts(policy, make, _described, Names(key), default_rng(), lots))


def _described(context: str, segment: str) -> tuple[str, tuple[float, ...]]:
    return domain(context), features(context, segment)


def keeping_of(choosing: Choosing, store: Store, cache: Cache, clock: Clock) -> Keeping:
    """Who keeps what is learned in a store and tells it over a cache."""
    return Keeping(choosing, KeepingParts(Arms(store), Rewards(store), cache, clock))


@asynccontextmanager
async def choices_of(base: Base, lots: Lots) -> AsyncIterator[Choices]:
    """The choices of a service, which go on from what was learned and follow the lots of experiments; at the end what
    is not written yet is written down, and where the store is away, the log has it."""
    choices = _choices(base, lots)
    await choices.keeping.restore()
    for hear in (choices.keeping.hear, choices.rewarding.hear):
        base.events.subscribe(hear)
    _measure(base.meters, choices)
    keeping, rewarding, watching = choices.keeping, choices.rewarding, choices.watching
    work = {"arms_heard": keeping.follow, "arms": keeping.stay, "rewards": rewarding.stay, "gates": watching.stay}
    async with base.background.beside(**work):
        yield choices
    with suppress(StoreUnavailable):
        await choices.rewarding.catch_up()
        await choices.keeping.save()


def _choices(base: Base, lots: Lots) -> Choices:
    choosing, clock = choosing_of(base.policy, base.key, lots), base.clock
    interventions = Interventions(base.store)
    rewarding = Rewarding(
        RewardingParts(
            turns=base.records.turns,
            rewards=Rewards(base.store),
            events=base.events,
            clock=clock,
            policy=base.policy.choices,
            stirred=choosing.stirred,
        )
    )
    return Choices(
        choosing,
        keeping_of(choosing, base.store, base.cache, clock),
        rewarding,
        Watching(choosing, interventions, base.events, clock),
        interventions,
    )


def _measure(meters: Meters, choices: Choices) -> None:
    made, rewarding, watching = choices.choosing.made, choices.rewarding, choices.watching
    meters.table(
        "masterx_choices_decisions",
        "Decisions of turns, by what was chosen and who chose",
        ("choice", "how"),
        lambda: [(labels, float(n)) for labels, n in made.items()],
    )
    meters.counts("masterx_choices_rewards", "Rewards noted here, by source", "source", lambda: rewarding.told)
    meters.counts("masterx_choices_interventions", "What gates did, by what", "what", lambda: watching.seen)
