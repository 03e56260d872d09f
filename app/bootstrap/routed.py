"""Who can be asked, wired: the catalogue's models behind their breakers, and the last resort."""

import random
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

from app.bootstrap.adapters import breakers_of, providers_of
from app.bootstrap.base import Base
from app.bootstrap.standing_in import last_resort
from app.providers.port import Provider
from app.routing.caller import Caller
from app.routing.foresight import Foresight
from app.routing.guard import Guard
from app.routing.known import Figures
from app.routing.router import Router


@dataclass(frozen=True, slots=True)
class Routed:
    """The router, and the one who answers when no model can."""

    router: Router
    last: Provider | None

    @property
    def names(self) -> tuple[str, ...]:
        """The models that can be asked, the last resort included."""
        entries = (*self.router.entries, *([self.last.entry] if self.last else []))
        return tuple(f"{entry.provider}/{entry.model}" for entry in entries)


async def routed_of(base: Base, stack: AsyncExitStack) -> Routed:
    """The models that the settings allow."""
    settings, clock = base.settings, base.clock
    breakers, rules = await breakers_of(settings, base.cache, clock, (stack, base.background, base.events))
    guard = Guard(breakers, Figures(clock, random.random), rules, _foresight())
    last, calling = last_resort(settings, base.policy), Caller(guard, base.events)
    asked = await providers_of(settings, clock, stack, traced=base.policy.routing.traced)
    return Routed(Router(asked, last, calling, random.random), last)


def _foresight() -> Foresight:
    from numpy.random import default_rng  # a quarter of a second: not for a command that builds no service

    from app.routing.predictor import Predictor

    return Foresight(partial(Predictor, default_rng()))
