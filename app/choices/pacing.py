"""How much to explore is learned, too: the pace is an arm of its own, chosen for each kind of context.

The paces are policies that share what they learned and differ in how they try (`Thompson` with another `calm`, `Greedy`
with another `doubt`). Which one decides is chosen by another chooser, whose rewards are those of the decisions made
under it. What a pace finds out serves the others as well, so that the one that explores least looks better than it
is: give only paces that each would do alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.random import Generator

from app.choices.kinds.drawing import draw
from app.choices.port import Chooser, Chosen, Options, Outcome, Situation
from app.choices.table import Floats


class Pace(Chooser, Protocol):
    """A policy that says by which chances it chooses."""

    def chances(self, situation: Situation, options: Options) -> Floats:
        """The chance of each arm."""
        ...


class Paced:
    """Policies by the name of their pace, over the same beliefs; `which` chooses among the names by domain, and
    `baseline` is the one to fall back on. A propensity is that over all paces."""

    def __init__(self, paces: Mapping[str, Pace], which: Pace, baseline: str) -> None:
        self._paces, self._which = dict(paces), which
        self._options = Options(tuple(self._paces), baseline, frozenset({baseline}), {})
        self._any = self._paces[baseline]

    def decide(self, situation: Situation, options: Options, rng: Generator) -> Chosen:
        """What the pace that is chosen for this kind of context would choose."""
        lots = self._which.chances(_kind(situation), self._options)
        chances = np.stack([pace.chances(situation, options) for pace in self._paces.values()])
        pace = draw(self._options.arms, lots, rng, "").arm
        chosen = draw(options.arms, chances[self._options.arms.index(pace)], rng, f"at the pace {pace!r}")
        propensity = float((lots @ chances)[options.arms.index(chosen.arm)])
        return chosen._replace(propensity=propensity, under=pace)

    def learn(self, situation: Situation, outcome: Outcome) -> None:
        """The beliefs learn of the arm, the choice of paces of the pace that it was chosen under, if that is known."""
        self._any.learn(situation, outcome)
        if outcome.under in self._paces:
            self._which.learn(_kind(situation), replace(outcome, arm=outcome.under, under=None))

    def forget(self, learner: str | None) -> None:
        """The beliefs forget a learner, or each (`None`); the choice of paces knows none."""
        self._any.forget(learner)

    def kept(self) -> dict[str, Any]:
        """What both learned, as JSON."""
        return {"beliefs": self._any.kept(), "paces": self._which.kept()}

    def frozen(self) -> Callable[[], dict[str, Any]]:
        """What was learned until now, worked out at once: there is little of it."""
        kept = self.kept()
        return lambda: kept

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Both go on from what they learned."""
        self._any.restore(kept["beliefs"])
        self._which.restore(kept["paces"])

    def merge(self, kept: Mapping[str, Any]) -> None:
        """Adds what others learned."""
        self._any.merge(kept["beliefs"])
        self._which.merge(kept["paces"])


def _kind(situation: Situation) -> Situation:
    """The domain, critical or not, whoever the learner is."""
    kind = f"{situation.domain}/{'critical' if situation.critical else 'usual'}"
    return replace(situation, context=kind, domain=kind, learner="", segment="", critical=False)
