"""The default policy of choice: what an arm brings is a sum of what its features say, what is special to the context
and what is special to the learner, each shrunk towards nothing as far as the evidence asks for it.

The log odds of success are normal with a linear part for each arm (`linear`), a residual for each context and arm, and
one for each learner and arm (`groups`). One observation moves all three by assumed-density filtering for logistic
regression (MacKay 1992; Spiegelhalter and Lauritzen 1990). The variances of the residuals are those that explain what
was seen best (empirical Bayes). Arms are chosen by Thompson's rule; in seldom contexts a share of the choices goes to
arms that were hardly tried there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log, pi, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from app.choices.curiosity import curiosity
from app.choices.groups import Groups
from app.choices.linear import Linear
from app.choices.port import Chosen, Options, Outcome, Situation
from app.choices.rows import Rows, columns, pack, unpack
from app.stats.drift import Chart
from app.stats.spread import VARIANCES, evidence
from app.stats.thompson import chances

Array = NDArray[np.floating]

CONTEXTS, LEARNERS = 100_000, 50_000
"""How many are remembered; those that were not met for longest are forgotten."""

HALF_LIFE = 30 * 86_400.0
"""Seconds after which evidence counts half."""

_PRECISION, _SHIFT, _TRIED, _LAST, _LEVEL, _ERRORS = range(6)
"""What is kept of a context and of a learner (the first two) for each arm: the natural parameters of what was seen; how
often an arm was tried, and when last, in days since the epoch; the chart of its errors."""

_DAY = 86_400.0
_ROUTINE = 250
"""Observations after which variances and groups are fitted anew."""

_SOON = HALF_LIFE / 1000
"""Seconds in which evidence does not fade to speak of."""

_SOME = 1.5
"""What is known of a learner after some seven outcomes: before, nobody can say whom they are like."""

_MET = 4.0
"""Observations before a context counts as one that will be met again."""

_PLACES, _AT_ONCE = 256, 4096
"""Sets of arms and learners whose columns and effects are at hand."""

_EDGE = 0.02
"""The least chance that is believed of anything."""

_LATELY = 400, 2000
"""Learners and contexts, those met last, that they are fitted to: a few milliseconds."""


@dataclass(frozen=True)
class Tuning:
    """How it weighs: `boldness` is what the standard deviations of beliefs are multiplied by before arms are drawn (1
    is Thompson's rule, which explores as if for ever); in contexts that are met less often than most, a `share` of the
    choices goes to arms that were tried less than `cover` times, unless they are believed to be `gap` worse than the
    best, in logits; a prior counts as `trust` observations."""

    boldness: float = 0.3
    share: float = 0.3
    cover: float = 3.0
    gap: float = 1.5
    trust: float = 8.0
    forgotten: float = 1.25


class Hybrid:
    """Learns in place, in some microseconds; decides by the chance it is given."""

    def __init__(self, width: int, tuning: Tuning = Tuning()) -> None:
        self.tuning = tuning
        self.columns: dict[str, int] = {}
        self.linear = Linear(width)
        self.contexts = Rows(6, CONTEXTS)
        self.learners = Rows(2, LEARNERS)
        self.groups = Groups.none(0)
        self.tried: dict[str, float] = {}
        self.special = 0.25
        """Variance of what is special to a context."""
        self.typical = 0.0
        """Observations of a context in the middle of all."""
        self.learned = 0
        self.faded: float | None = None
        self._places: dict[tuple[str, ...], NDArray[np.intp] | slice] = {}
        self._effects: dict[str, tuple[Array, Array]] = {}

    def decide(self, situation: Situation, options: Options, rng: Generator) -> Chosen:
        """One of the arms that are allowed here; the propensity is exact."""
        arms = _allowed(situation, options)
        if len(arms) == 1:
            return Chosen(arms[0], 1.0, "the only one that is approved here")
        slot = self.contexts.find(situation.context)
        where = self._where(arms)
        mean, variance = self._beliefs(situation, where, slot)
        if options.priors:
            mean += self._expected(arms, options.priors)
        likely = chances(mean, variance * self.tuning.boldness**2)
        if slot is not None and not situation.critical:
            likely = self._covering(likely, (mean, variance), self.contexts.data[slot][:, where], situation.at)
        total = likely.cumsum()
        chosen = min(int(total.searchsorted(rng.random() * total[-1], "right")), len(arms) - 1)
        return Chosen(arms[chosen], float(likely[chosen]), f"expected to help in {_chance(mean.item(chosen)):.0%}")

    def _where(self, arms: tuple[str, ...]) -> NDArray[np.intp] | slice:
        """The columns of arms."""
        where = self._places.get(arms)
        if where is not None:
            return where
        known = len(self.columns)
        found = columns(self.columns, arms)
        if len(self.columns) > known or len(self._places) > _PLACES:
            self._places.clear()
            self._widen()
        every = np.array_equal(found, np.arange(len(self.columns)))
        where = self._places[arms] = slice(None) if every else found
        return where

    def _widen(self) -> None:
        arms = len(self.columns)
        for each in (self.linear, self.contexts, self.learners):
            each.widen(arms)
        self.groups = self.groups.wide(arms)
        self._effects.clear()

    def _beliefs(self, situation: Situation, where: NDArray[np.intp] | slice, slot: int | None) -> tuple[Array, Array]:
        """Mean and variance of what the arms bring, in logits."""
        mean, variance = self.linear.all(np.array(situation.features))
        if slot is None:
            variance += self.special
        else:
            rows = self.contexts.data[slot]
            left = _left(situation.at - self.contexts.at[slot])
            own = 1.0 / (rows[_PRECISION] * left + 1.0 / self.special)
            mean += rows[_SHIFT] * left * own
            variance += own
        effects = self._learner(situation.learner)
        mean += effects[0]
        variance += effects[1]
        return mean[where], variance[where]

    def _learner(self, learner: str) -> tuple[Array, Array]:
        """Mean and variance of what sets a learner apart."""
        effects = self._effects.get(learner)
        if effects is None:
            slot = self.learners.find(learner)
            rows = np.zeros((2, len(self.columns))) if slot is None else self.learners.data[slot]
            if len(self._effects) >= _AT_ONCE:
                self._effects.clear()
            effects = self._effects[learner] = self.groups.effects(rows[_PRECISION], rows[_SHIFT])
        return effects

    def _expected(self, arms: tuple[str, ...], priors: Mapping[str, float]) -> Array:
        """What is left of what was expected of the arms, in logits."""
        trust = self.tuning.trust
        seen = (self.tried.get(arm, 0.0) for arm in arms)
        return np.array([_logit(priors.get(arm, 0.5)) * trust / (trust + n) for arm, n in zip(arms, seen, strict=True)])

    def _covering(self, likely: Array, beliefs: tuple[Array, Array], rows: NDArray[np.float32], at: float) -> Array:
        """The chances where arms that were hardly tried get their share, if the context is one that is seldom met."""
        tried = rows[_TRIED]
        met = float(np.add.reduce(tried))
        if not _MET <= met < self.typical:
            return likely
        mean, variance = beliefs
        wanted = (tried < self.tuning.cover - 0.5) & (mean > mean.max() - self.tuning.gap)
        if not wanted.any():
            return likely
        score: Array = wanted * curiosity(tried, at / _DAY - rows[_LAST], variance)
        share = self.tuning.share
        mixed: Array = likely * (1.0 - share)
        mixed += score * (share / score.sum())
        return mixed

    def learn(self, situation: Situation, outcome: Outcome) -> None:
        """Moves the three parts of the belief about an arm by what came of it."""
        arm = self.columns.get(outcome.arm)
        if arm is None:
            self._where((outcome.arm,))
            arm = self.columns[outcome.arm]
        x = np.array(situation.features)
        seen = self._seen(situation, outcome, arm, x)
        rows = self.contexts.data[seen.slot]
        self.linear.learn(arm, x, seen.gain, seen.known)
        _observed(rows, arm, seen.context, seen)
        rows[_TRIED, arm] += 1.0
        rows[_LAST, arm] = situation.at / _DAY
        known = self.learners.of(situation.learner)
        _observed(known, arm, seen.learner, seen)
        self._effects[situation.learner] = self.groups.effects(known[_PRECISION], known[_SHIFT])
        self._chart(rows, arm, seen, x)
        self.tried[outcome.arm] = self.tried.get(outcome.arm, 0.0) + 1.0
        self.learned += 1
        if self.learned % _ROUTINE == 0:
            self._refit(situation.at)

    def _seen(self, situation: Situation, outcome: Outcome, arm: int, x: Array) -> "_Seen":
        """What an outcome says, beside what was believed."""
        slot = self._fresh(situation)
        rows = self.contexts.data[slot]
        mean, variance = self.linear.one(arm, x)
        own = 1.0 / (rows.item(_PRECISION, arm) + 1.0 / self.special)
        context = (rows.item(_SHIFT, arm) * own, own)
        effects = self._learner(situation.learner)
        learner = (effects[0].item(arm), effects[1].item(arm))
        mean += context[0] + learner[0] + _logit(outcome.usual)
        variance += own + learner[1]
        chance = _chance(mean / sqrt(1.0 + pi * variance / 8.0))
        spread = chance * (1.0 - chance)
        weight = outcome.weight * spread
        known = weight / (1.0 + weight * variance)
        return _Seen(slot, outcome.value - chance, spread, weight, variance, context, learner, known)

    def _fresh(self, situation: Situation) -> int:
        """Where a context is, as what was seen of it counts by now."""
        slot = self.contexts.take(situation.context)
        past = situation.at - self.contexts.at[slot]
        if past > _SOON:
            rows = self.contexts.data[slot]
            rows[: _TRIED + 1] *= _left(past)
            self.contexts.at[slot] = situation.at
        return slot

    def _chart(self, rows: NDArray[np.float32], arm: int, seen: "_Seen", x: Array) -> None:
        """Charts the error of the forecast; forgets what was seen of the context if it went wrong."""
        chart = Chart(rows.item(_LEVEL, arm), rows.item(_ERRORS, arm)).after(seen.error)
        rows[_LEVEL, arm], rows[_ERRORS, arm] = chart
        if not chart.alarm(seen.spread):
            return
        rows[_LEVEL:] = 0.0
        linear = self.linear.mean.dot(x)
        total = linear + rows[_SHIFT] / (rows[_PRECISION] + 1.0 / self.special)
        rows[_PRECISION] = np.minimum(rows[_PRECISION], self.tuning.forgotten)
        rows[_SHIFT] = (0.5 * (total + total.mean()) - linear) * rows[_PRECISION]

    def _refit(self, at: float) -> None:
        """Fits groups and variances to what was met lately, and lets the linear part fade."""
        learners = self.learners.data[self.learners.recent(_LATELY[0])].astype(np.float64)
        learners = learners[learners[:, _PRECISION].sum(axis=1) > _SOME]
        if len(learners):
            self.groups = self.groups.fitted(learners[:, _PRECISION], learners[:, _SHIFT], default_rng(self.learned))
            self._effects.clear()
        contexts = self.contexts.data[self.contexts.recent(_LATELY[1])].astype(np.float64)
        self.typical = float(np.median(contexts[:, _TRIED].sum(axis=1)))
        self.special = float(VARIANCES[evidence(contexts[:, _PRECISION], contexts[:, _SHIFT]).argmax()])
        if self.faded is not None and at > self.faded:
            self.linear.fade(_left(at - self.faded))
        self.faded = at if self.faded is None else max(at, self.faded)

    def kept(self) -> dict[str, Any]:
        """What was learned, as JSON."""
        return {
            "arms": list(self.columns),
            "tried": self.tried,
            "linear": [pack(self.linear.mean), pack(self.linear.covariance)],
            "contexts": self.contexts.kept(6),
            "learners": self.learners.kept(2),
            "groups": [pack(self.groups.centres), pack(self.groups.shares), self.groups.own],
            "special": self.special,
            "typical": self.typical,
            "learned": self.learned,
            "faded": self.faded,
        }

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Goes on from what was learned."""
        self.columns = {arm: n for n, arm in enumerate(kept["arms"])}
        self.tried = dict(kept["tried"])
        mean, covariance = map(unpack, kept["linear"])
        if mean.shape[1] != self.linear.features:
            raise ValueError(f"kept with {mean.shape[1]} features, not {self.linear.features}")
        self.linear.set(mean, covariance)
        self.contexts.restore(kept["contexts"])
        self.learners.restore(kept["learners"])
        centres, shares, own = kept["groups"]
        self.groups = Groups(unpack(centres), unpack(shares), own)
        self.special, self.typical = kept["special"], kept["typical"]
        self.learned, self.faded = kept["learned"], kept["faded"]
        self._places.clear()
        self._effects.clear()


class _Seen(NamedTuple):
    """One outcome: where, the error of the forecast, the variance of an outcome, the same by its weight, the variance
    of the belief, mean and variance of the two residuals in it, and what it adds to what is known."""

    slot: int
    error: float
    spread: float
    weight: float
    variance: float
    context: tuple[float, float]
    learner: tuple[float, float]
    known: float

    @property
    def gain(self) -> float:
        """How far the mean moves, for each unit of variance."""
        return self.error * self.known / self.spread


def _observed(rows: NDArray[np.float32], arm: int, part: tuple[float, float], seen: _Seen) -> None:
    """Adds to a residual what an outcome says of it: the outcome is one of known variance of the sum of all parts."""
    mean, variance = part
    known = seen.weight / (1.0 + seen.weight * (seen.variance - variance))
    rows[_PRECISION, arm] += known
    rows[_SHIFT, arm] += known * (mean + seen.error / seen.spread)


def _allowed(situation: Situation, options: Options) -> tuple[str, ...]:
    """The arms that may be tried here; there is always one."""
    if situation.critical:
        return tuple(arm for arm in options.arms if arm in options.approved) or (options.baseline,)
    return options.arms


def _left(past: float) -> float:
    """The share of evidence that is left after so many seconds."""
    return 0.5 ** (past / HALF_LIFE) if past > _SOON else 1.0


def _chance(logit: float) -> float:
    return min(max(1.0 / (1.0 + exp(-max(logit, -30.0))), _EDGE), 1.0 - _EDGE)


def _logit(chance: float) -> float:
    chance = min(max(chance, _EDGE), 1.0 - _EDGE)
    return log(chance / (1.0 - chance))
