"""What is expected of arms in a situation: counts that lend to each other from the general to the special.

What is known of a context starts from its domain, the domain from all, all from the prior: each level's mean counts as
some rewards of the next (shrinkage; Efron & Morris 1975, doi 10.1080/01621459.1975.10479864). In the same way it is
learned whom an arm suits: how much better than expected it does with a segment of learners, and with one learner, who
starts from their segment. So a new learner is met as those are that they are like, and a new context as its domain is.

Sums of rewards add up over replicas exactly. What learners are expected to differ by is added as it was believed when
it was learned, so that the sums of two replicas differ from those of one by little, not by nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from app.choices.port import Options, Outcome, Situation
from app.choices.table import MONTH, Floats, Table

_LEAST, _MOST = 0.02, 0.98
"""Means beyond which nothing is believed: no arm is sure to fail or to succeed."""


@dataclass(frozen=True, slots=True)
class Lends:
    """How many rewards a level is worth to the next: the prior to all contexts, these to a domain, this to a context,
    nothing to a segment and this to its learner."""

    prior: float = 4.0
    every: float = 10.0
    domain: float = 8.0
    nothing: float = 40.0
    segment: float = 12.0


ALONE = Lends(prior=1e9, every=1e9, domain=2.0)
"""Each context for itself, from the prior alone: a Beta(1, 1) where that says nothing."""


class Belief(NamedTuple):
    """Of each arm: its expected reward, 0 to 1, how many rewards that is worth, and how many of them it had in this
    very context."""

    means: Floats
    weights: Floats
    seen: Floats

    @property
    def variances(self) -> Floats:
        """Of the means, as those of a Beta."""
        found: Floats = self.means * (1.0 - self.means) / (self.weights + 1.0)
        return found


class Beliefs:
    """Learns rewards of arms and says what to expect; `personal` also by segment and learner."""

    def __init__(self, lends: Lends | None = None, *, half_life: float | None = MONTH, personal: bool = True) -> None:
        self._lends, self._personal = lends or Lends(), personal
        self._strengths = (self._lends.prior, self._lends.every, self._lends.domain)
        self._what, self._who = Table(half_life), Table(half_life)

    def of(self, situation: Situation, options: Options) -> Belief:
        """What is expected of the options' arms."""
        priors = options.priors
        start = np.array([priors.get(arm, 0.5) for arm in options.arms]) if priors else 0.5
        belief = self._general(situation, options.arms, start)
        if not self._personal:
            return belief
        suits = self._suits(situation, options.arms)
        return belief if suits is None else belief._replace(means=_within(belief.means + suits))

    def learn(self, situation: Situation, outcome: Outcome) -> None:
        """Learns one reward: as far as it is above what is usual for its kind."""
        value, weight, arm, at = 0.5 + outcome.value - outcome.usual, outcome.weight, outcome.arm, situation.at
        if self._personal and situation.learner:
            surprise = weight * (value - self._mean(situation, arm))
            self._who.add(f"@{situation.learner}", arm, (weight, surprise), at)
            if situation.segment:
                self._who.add(situation.segment, arm, (weight, surprise), at)
        for name in _levels(situation):
            self._what.add(name, arm, (weight, weight * value), at)

    def forget(self, learner: str | None) -> None:
        """Forgets what is special to a learner, or to each (`None`)."""
        for own in [f"@{learner}"] if learner is not None else [name for name in self._who if name[:1] == "@"]:
            self._who.drop(own)

    def kept(self) -> dict[str, Any]:
        """What was learned, as JSON."""
        return {"what": self._what.kept(), "who": self._who.kept()}

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Goes on from what was learned."""
        self._what.restore(kept["what"])
        self._who.restore(kept["who"])

    def merge(self, kept: Mapping[str, Any]) -> None:
        """Adds what another one learned."""
        self._what.merge(kept["what"])
        self._who.merge(kept["who"])

    def _general(self, situation: Situation, arms: tuple[str, ...], start: Floats | float) -> Belief:
        means, seen = start, np.zeros(len(arms))
        weights = seen
        for name, lent in zip(_levels(situation), self._strengths, strict=True):
            seen, totals = self._what.read(name, arms, situation.at)
            weights = seen + lent
            means = (totals + lent * means) / weights
        return Belief(_within(np.asarray(means)), weights, seen)

    def _mean(self, situation: Situation, arm: str) -> float:
        """The same mean of one arm without a prior of its own, in plain numbers, which is faster for one."""
        mean = 0.5
        for name, lent in zip(_levels(situation), self._strengths, strict=True):
            weight, total = self._what.cell(name, arm, situation.at)
            mean = (total + lent * mean) / (weight + lent)
        return min(max(mean, _LEAST), _MOST)

    def _suits(self, situation: Situation, arms: tuple[str, ...]) -> Floats | None:
        own, lends = f"@{situation.learner}", self._lends
        if own not in self._who and situation.segment not in self._who:
            return None
        segment = self._who.read(situation.segment, arms, situation.at)
        learner = self._who.read(own, arms, situation.at)
        alike = segment[1] / (segment[0] + lends.nothing)
        found: Floats = (learner[1] + lends.segment * alike) / (learner[0] + lends.segment)
        return found


def _levels(situation: Situation) -> tuple[str, str, str]:
    """The names of all, of the domain and of the context."""
    return "*", f" {situation.domain}", situation.context


def _within(means: Floats) -> Floats:
    return np.minimum(np.maximum(means, _LEAST), _MOST)
