"""What the policies that count have in common: they learn beliefs, and differ in the chances that they make of them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.random import Generator

from app.choices.beliefs import Beliefs
from app.choices.kinds.drawing import draw
from app.choices.port import Chosen, Options, Outcome, Situation
from app.choices.table import Floats


class Counted(ABC):
    """Learns, keeps and adds up beliefs; who inherits says by which chances it chooses, and why."""

    why: str

    def __init__(self, beliefs: Beliefs | None = None) -> None:
        self._beliefs = beliefs or Beliefs()

    @abstractmethod
    def chances(self, situation: Situation, options: Options) -> Floats:
        """The chance of each arm to be chosen, adding up to 1."""

    def decide(self, situation: Situation, options: Options, rng: Generator) -> Chosen:
        """One of the arms, by its chance, which is its propensity."""
        return draw(options.arms, self.chances(situation, options), rng, self.why)

    def learn(self, situation: Situation, outcome: Outcome) -> None:
        """Learns what came of an arm in a situation."""
        self._beliefs.learn(situation, outcome)

    def forget(self, learner: str | None) -> None:
        """Forgets what is special to a learner, or to each (`None`)."""
        self._beliefs.forget(learner)

    def kept(self) -> dict[str, Any]:
        """What was learned, as JSON."""
        return self._beliefs.kept()

    def frozen(self) -> Callable[[], dict[str, Any]]:
        """What was learned until now, worked out at once: there is little of it."""
        kept = self.kept()
        return lambda: kept

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Goes on from what was learned."""
        self._beliefs.restore(kept)

    def merge(self, kept: Mapping[str, Any]) -> None:
        """Adds what another one learned from other rewards."""
        self._beliefs.merge(kept)


def best(scores: Floats) -> Floats:
    """The chance of each when one of the greatest is drawn: all alike among those, 0 for the rest."""
    found: Floats = (scores >= scores.max() - 1e-12).astype(np.float64)
    found /= found.sum()
    return found
