"""The policies of choice in the shape that the simulator of bandits wants: `--policy bench.choice_kinds:thompson`.

The simulator knows nothing of time: a decision is 400 seconds after the one before, so that its 20,000 are 93 days.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from app.bootstrap.choosers import paced as by_paces
from app.choices.beliefs import ALONE, Beliefs
from app.choices.gate.budget import Budget
from app.choices.gate.gate import Gate
from app.choices.gate.gated import Gated
from app.choices.gate.standing import Rules
from app.choices.kinds.greedy import Greedy
from app.choices.kinds.linear import Linear
from app.choices.kinds.thompson import Thompson
from app.choices.kinds.ucb import Ucb
from app.choices.port import Chooser, Options, Outcome, Situation
from app.stats.forward import LANDMARK
from app.vocabulary import Choice

STEP = 400.0


class Simulated:
    """A chooser as the simulator's policy."""

    def __init__(self, chooser: Chooser, arms: int, seed: int) -> None:
        self._chooser, self._rng, self._at = chooser, np.random.default_rng(seed + 7), LANDMARK
        self._arms = tuple(f"s{arm}" for arm in range(arms))
        self._options = Options(self._arms, self._arms[0], frozenset(self._arms[:1]), {})
        self._number = {arm: number for number, arm in enumerate(self._arms)}

    def _situation(self, ctx: Mapping[str, Any]) -> Situation:
        learner, features = f"u{ctx['user']}", tuple(ctx["x"].tolist())
        domain, context = f"d{ctx['domain']}", f"c{ctx['context']}"
        return Situation(context, domain, features, learner, ctx["critical"], self._at)

    def select(self, ctx: dict[str, Any]) -> int:
        """The number of an arm."""
        self._at += STEP
        chosen = self._chooser.decide(self._situation(ctx), self._options, self._rng)
        ctx["under"] = chosen.under
        return self._number[chosen.arm]

    def update(self, ctx: Mapping[str, Any], arm: int, reward: float, harm: bool) -> None:
        """One reward."""
        self._chooser.learn(
            self._situation(ctx), Outcome(self._arms[arm], float(reward), harm=harm, under=ctx["under"])
        )


def gated(chooser: Chooser) -> Chooser:
    """Behind the gate as it is set by default."""
    return Gated(chooser, Gate(Choice.STRATEGY, Rules(), Budget()))


def _factory(build: Callable[[], Chooser]) -> Callable[[int, int, int], Simulated]:
    return lambda arms, _, seed: Simulated(build(), arms, seed)


greedy = _factory(Greedy)
ucb = _factory(Ucb)
linear = _factory(Linear)
thompson_alone = _factory(lambda: Thompson(Beliefs(ALONE, half_life=None, personal=False), calm=1.0))
thompson_discounted = _factory(lambda: Thompson(Beliefs(ALONE, personal=False), calm=1.0))
thompson_domain = _factory(lambda: Thompson(Beliefs(personal=False), calm=1.0))
thompson_warm = _factory(lambda: Thompson(calm=1.0))
thompson = _factory(Thompson)
thompson_cached = _factory(lambda: Thompson(lifetime=86_400.0))
greedy_gated = _factory(lambda: gated(Greedy()))
thompson_gated = _factory(lambda: gated(Thompson()))
linear_gated = _factory(lambda: gated(Linear()))
paced = _factory(lambda: by_paces(Beliefs()))
KINDS = (
    *("greedy", "ucb", "linear", "thompson_alone", "thompson_discounted", "thompson_domain"),
    *("thompson_warm", "thompson", "thompson_cached", "paced", "greedy_gated", "thompson_gated", "linear_gated"),
)
