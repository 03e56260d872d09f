"""The default policy of choice in the simulator of teaching strategies, beside standard Thompson sampling."""

from typing import Any

import numpy as np

from app.choices.hybrid import Hybrid, Tuning
from app.choices.port import Options, Outcome, Situation

_PACE = 60.0
"""Seconds from one decision to the next: the simulator counts decisions, a policy lives in time."""


class Simulated:
    """A policy of choice as the simulator asks it."""

    def __init__(self, K: int, D: int, seed: int, tuning: Tuning | None = None) -> None:
        self.arms = tuple(map(str, range(K)))
        self.options = {n: Options(self.arms, arm, frozenset([arm]), {}) for n, arm in enumerate(self.arms)}
        self.chooser = Hybrid(D, tuning or Tuning())
        self.rng = np.random.default_rng(seed)
        self.decisions = 0

    def select(self, ctx: dict[str, Any]) -> int:
        """An arm."""
        self.decisions += 1
        return int(self.chooser.decide(self._situation(ctx), self.options[ctx["baseline_arm"]], self.rng).arm)

    def update(self, ctx: dict[str, Any], arm: int, reward: float, harm: bool) -> None:
        """What came of it."""
        self.chooser.learn(self._situation(ctx), Outcome(self.arms[arm], float(reward), harm=harm))

    def _situation(self, ctx: dict[str, Any]) -> Situation:
        return Situation(
            context=str(ctx["context"]),
            domain=str(ctx["domain"]),
            features=tuple(ctx["x"].tolist()),
            learner=str(ctx["user"]),
            critical=ctx["critical"],
            at=self.decisions * _PACE,
        )


def factory(K: int, D: int, seed: int) -> Simulated:
    """The default policy, in the shape that the simulator's `--policy` wants."""
    return Simulated(K, D, seed)
