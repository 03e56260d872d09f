"""What sets each learner apart: what was seen of them, and the groups that they are like."""

import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray

from app.choices.groups import Groups
from app.choices.rows import SOON, Rows, left

Array = NDArray[np.floating]

PRECISION, SHIFT = range(2)
"""The rows of a learner: what was seen of their effect u for each arm, as the likelihood exp(shift·u − precision·u²/2),
which adds up over outcomes and replicas."""

LEARNERS = 50_000
"""How many are remembered; the one that was not met for longest is forgotten first."""

_AT_ONCE = 4096
"""Learners whose effects are at hand."""

_SOME = 1.5
"""What is known of a learner after some seven outcomes: before, nobody can say whom they are like."""

_LATELY = 300
"""Learners that groups are fitted to, those that were met last: some milliseconds."""


class Learners(Rows):
    """What was seen of learners, and their `groups`."""

    def __init__(self) -> None:
        super().__init__(2, LEARNERS, np.float64)
        self.groups = Groups.none(0)
        self._effects: dict[str, tuple[Array, Array]] = {}

    def widen(self, arms: int) -> None:
        """Makes room for so many arms."""
        super().widen(arms)
        self.regroup(self.groups.wide(arms))

    def regroup(self, groups: Groups) -> None:
        """Takes these groups."""
        self.groups = groups
        self._effects.clear()

    def effects(self, learner: str) -> tuple[Array, Array]:
        """Mean and variance of a learner's effect for each arm, in logits."""
        known = self._effects.get(learner)
        if known is None:
            slot = self.find(learner)
            rows = np.zeros(self.data.shape[1:]) if slot is None else self.data[slot]
            if len(self._effects) >= _AT_ONCE:
                self._effects.clear()
            known = self._effects[learner] = self.groups.effects(rows[PRECISION], rows[SHIFT])
        return known

    def forget(self, learner: str | None) -> None:
        """Forgets a learner, or each (`None`); what the groups have of them is in no one's name."""
        if learner is None:
            self.clear()
            self._effects.clear()
            return
        self.drop(learner)
        self._effects.pop(learner, None)

    def learn(self, learner: str, arm: int, seen: tuple[float, float], at: float) -> None:
        """Adds what was seen of a learner with an arm: precision and shift."""
        slot = self.take(learner)
        rows = self.data[slot]
        past = at - self.at[slot]
        if past > SOON:
            rows *= left(past)
            self.at[slot] = at
        rows[PRECISION, arm] += seen[0]
        rows[SHIFT, arm] += seen[1]
        self._effects[learner] = self.groups.effects(rows[PRECISION], rows[SHIFT])

    def fit(self, seed: int) -> None:
        """Fits the groups to the learners that were met lately; the same seed gives the same groups."""
        rows = self.data[self.recent(_LATELY)]
        rows = rows[rows[:, PRECISION].sum(axis=1) > _SOME]
        if len(rows):
            self.regroup(self.groups.fitted(rows[:, PRECISION], rows[:, SHIFT], default_rng(seed)))
