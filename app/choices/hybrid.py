"""The default policy of choice: what an arm brings is a sum of what its features say, what is special to the context
and what is special to the learner, each believed as far as the evidence for such differences goes.

The log odds of success are normal with a linear part for each arm (`linear`), a residual for each context and arm
(`contexts`), and one for each learner and arm, around those of learners like them (`groups`). One outcome moves all
three by assumed-density filtering for logistic regression (Spiegelhalter and Lauritzen 1990; MacKay 1992). The
variances of the residuals follow what was seen (empirical Bayes). Arms are drawn by Thompson's rule; in contexts that
are seldom met, a share of the choices goes to arms that were hardly tried there, by curiosity.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from math import exp, log, pi, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from app.choices.contexts import DAY, LAST, MEAN, TRIED, VARIANCE, Contexts, doubted
from app.choices.curiosity import curiosity
from app.choices.groups import Groups
from app.choices.harms import Harms
from app.choices.learners import Learners
from app.choices.linear import Linear
from app.choices.merging import merged
from app.choices.port import Chosen, Options, Outcome, Situation
from app.choices.rows import columns, left, pack, unpack
from app.stats.thompson import chances

Array = NDArray[np.floating]
Where = NDArray[np.intp] | slice

_ROUTINE = 250
"""Outcomes after which variances and groups are fitted anew."""

_MET = 4.0
"""Outcomes before a context counts as one that will be met again."""

_SETS = 256
"""Sets of arms whose columns are at hand."""

_EDGE = 0.02
"""The least chance that is believed of anything: a logistic model is too sure far out."""


@dataclass(frozen=True)
class Tuning:
    """How it weighs: `boldness` is what the standard deviations of beliefs are multiplied by before arms are drawn (1
    is Thompson's rule, which explores as if for ever); in contexts that are met less often than half of all, a `share`
    of the choices goes to arms that were tried less than `cover` times, unless they are believed to be `gap` worse than
    the best, in logits; a prior counts as `trust` outcomes."""

    boldness: float = 0.35
    share: float = 0.36
    cover: float = 3.0
    gap: float = 1.6
    trust: float = 8.0


class Hybrid:
    """Learns in place and decides by the chance it is given, both in some microseconds. `width` is the number of
    features of all situations.

    >>> chooser, options = Hybrid(1), Options(("hint", "quiz"), "hint", frozenset({"hint"}), {})
    >>> here, rng = Situation("practice/algebra", "practice", (1.0,), "ada", False, 0.0), np.random.default_rng(1)
    >>> for _ in range(30):
    ...     chooser.learn(here, Outcome("quiz", 1.0)), chooser.learn(here, Outcome("hint", 0.0))
    ... # doctest: +ELLIPSIS
    (None, None)...
    >>> chooser.decide(here, options, rng).arm
    'quiz'
    """

    def __init__(self, width: int, tuning: Tuning | None = None) -> None:
        self.tuning = tuning or Tuning()
        self.columns: dict[str, int] = {}
        self.linear = Linear(width)
        self.contexts = Contexts()
        self.learners = Learners()
        self.harms = Harms()
        self.tried: dict[str, float] = {}
        self.learned = 0
        self.fitted: float | None = None
        self._places: dict[tuple[str, ...], Where] = {}

    def decide(self, situation: Situation, options: Options, rng: Generator) -> Chosen:
        """One of the arms that are allowed here; the propensity is exact."""
        arms = self._allowed(situation, options)
        if len(arms) == 1:
            return Chosen(arms[0], 1.0, "nothing else may be tried here")
        where, rows = self._where(arms), self._rows(situation)
        mean, variance = self._beliefs(situation, where, rows)
        if options.priors:
            mean += self._expected(arms, options.priors)
        likely = chances(mean, variance * self.tuning.boldness**2)
        if rows is not None and not situation.critical:
            likely = self._covering(likely, (mean, variance), (rows, where), situation.at)
        total = list(accumulate(likely.tolist()))
        drawn = min(bisect_right(total, rng.random() * total[-1]), len(arms) - 1)
        reason = f"expected to help in {_chance(mean.item(drawn)):.0%}"
        return Chosen(arms[drawn], likely.item(drawn), reason)

    def beliefs(self, situation: Situation, arms: tuple[str, ...]) -> tuple[Array, Array]:
        """Mean and variance of the log odds that each of the arms helps."""
        return self._beliefs(situation, self._where(arms), self._rows(situation))

    def _allowed(self, situation: Situation, options: Options) -> tuple[str, ...]:
        arms = options.arms
        if self.harms.until:
            arms = self.harms.free(situation.domain, arms, situation.at)
        if situation.critical:
            arms = tuple(arm for arm in arms if arm in options.approved)
        return arms or (options.baseline if options.baseline in options.arms else options.arms[0],)

    def _where(self, arms: tuple[str, ...]) -> Where:
        """The columns of arms."""
        where = self._places.get(arms)
        if where is not None:
            return where
        known = len(self.columns)
        found = columns(self.columns, arms)
        if len(self.columns) > known or len(self._places) >= _SETS:
            self._places.clear()
            for each in (self.linear, self.contexts, self.learners):
                each.widen(len(self.columns))
        every = np.array_equal(found, np.arange(len(self.columns)))
        where = self._places[arms] = slice(None) if every else found
        return where

    def _rows(self, situation: Situation) -> NDArray[np.float32] | None:
        """What is known of the context, if anything."""
        slot = self.contexts.find(situation.context)
        return None if slot is None else self.contexts.at_time(slot, situation.at)

    def _beliefs(self, situation: Situation, where: Where, rows: NDArray[np.float32] | None) -> tuple[Array, Array]:
        mean, variance = self.linear.all(np.array(situation.features))
        if rows is None:
            variance += self.contexts.special
        else:
            mean += rows[MEAN]
            variance += self.contexts.variance(rows, situation.at)
        effects = self.learners.effects(situation.learner)
        mean += effects[0]
        variance += effects[1]
        return mean[where], variance[where]

    def _expected(self, arms: tuple[str, ...], priors: Mapping[str, float]) -> Array:
        """What is left of what was expected of the arms, in logits."""
        trust = self.tuning.trust
        return np.array([_logit(priors.get(arm, 0.5)) * trust / (trust + self.tried.get(arm, 0.0)) for arm in arms])

    def _covering(
        self, likely: Array, beliefs: tuple[Array, Array], known: tuple[NDArray[np.float32], Where], at: float
    ) -> Array:
        """The chances where arms that were hardly tried get their share, if the context is one that is seldom met, with
        whichever arms."""
        rows, where = known
        if not _MET <= np.add.reduce(rows[TRIED]) < self.contexts.typical:
            return likely
        mean, variance = beliefs
        tried = rows[TRIED, where]
        wanted = (tried < self.tuning.cover - 0.5) & (mean > mean.max() - self.tuning.gap)
        if not wanted.any():
            return likely
        score: Array = wanted * curiosity(tried, at / DAY - rows[LAST, where], variance)
        share = self.tuning.share
        mixed: Array = likely * (1.0 - share)
        mixed += score * (share / score.sum())
        return mixed

    def learn(self, situation: Situation, outcome: Outcome) -> None:
        """Moves the three parts of the belief about an arm by what came of it; suspends the arm around here if it did
        harm."""
        if outcome.harm:
            self.harms.add(situation.domain, outcome.arm, situation.at)
        if outcome.arm not in self.columns:
            self._where((outcome.arm,))
        arm, x = self.columns[outcome.arm], np.array(situation.features)
        rows = self.contexts.fresh(situation.context, situation.at)
        self.contexts.meet(rows, arm, situation.at)
        seen = self._seen(situation, outcome, rows, x)
        self.linear.learn(arm, seen.along, seen.gain, seen.known)
        own = rows.item(VARIANCE, arm)
        rows[MEAN, arm] += own * seen.gain
        rows[VARIANCE, arm] -= own * own * seen.known
        rows[TRIED, arm] += outcome.weight
        self.learners.learn(situation.learner, arm, seen.learner, situation.at)
        if self.contexts.charted(rows, arm, (seen.error, outcome.weight), seen.spread):
            doubted(rows, self.linear.mean.dot(x))
        self.tried[outcome.arm] = self.tried.get(outcome.arm, 0.0) + outcome.weight
        self.learned += 1
        if self.learned % _ROUTINE == 0:
            self._fit(situation.at)

    def _seen(self, situation: Situation, outcome: Outcome, rows: NDArray[np.float32], x: Array) -> "_Seen":
        """What an outcome says, beside what was believed."""
        arm = self.columns[outcome.arm]
        mean, variance, along = self.linear.one(arm, x)
        effects = self.learners.effects(situation.learner)
        effect, doubt = effects[0].item(arm), effects[1].item(arm)
        mean += rows.item(MEAN, arm) + effect
        variance += rows.item(VARIANCE, arm) + doubt
        usual, own = 0.0 if outcome.usual == 0.5 else _logit(outcome.usual), mean / sqrt(1.0 + pi * variance / 8.0)
        even, chance = _chance(own), _chance(usual + own)
        error, spread = outcome.value - chance, chance * (1.0 - chance)
        weight = outcome.weight * spread
        known = weight / (1.0 + weight * variance)
        others = weight / (1.0 + weight * (variance - doubt))
        learner = others, others * (effect + error / spread)
        return _Seen(error, even * (1.0 - even), known, known * error / spread, along, learner)

    def _fit(self, at: float) -> None:
        """Fits groups and variances to what was met lately, and lets the linear part fade."""
        self.learners.fit(self.learned)
        self.contexts.fit()
        if self.fitted is not None and at > self.fitted:
            self.linear.fade(left(at - self.fitted))
        self.fitted = at if self.fitted is None else max(at, self.fitted)

    def forget(self, learner: str | None) -> None:
        """Forgets what is special to a learner, or to each (`None`)."""
        self.learners.forget(learner)

    def kept(self) -> dict[str, Any]:
        """What was learned, as JSON."""
        return self.frozen()()

    def frozen(self) -> Callable[[], dict[str, Any]]:
        """What gives that, as it is now."""
        groups, contexts, learners = self.learners.groups, self.contexts.frozen(), self.learners.frozen()
        kept: dict[str, Any] = {
            "arms": list(self.columns),
            "tried": dict(self.tried),
            "linear": {"mean": pack(self.linear.mean), "covariance": pack(self.linear.covariance)},
            "special": self.contexts.special,
            "restless": self.contexts.restless,
            "typical": self.contexts.typical,
            "groups": {"centres": pack(groups.centres), "shares": pack(groups.shares), "own": groups.own},
            "harms": self.harms.kept(),
            "learned": self.learned,
            "fitted": self.fitted,
        }
        return lambda: {**kept, "contexts": contexts(), "learners": learners()}

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Goes on from what was learned.

        Raises `ValueError` if it was learned with another number of features.
        """
        mean, covariance = unpack(kept["linear"]["mean"]), unpack(kept["linear"]["covariance"])
        if mean.shape[1] != self.linear.features:
            raise ValueError(f"learned with {mean.shape[1]} features, not {self.linear.features}")
        groups = kept["groups"]
        self.columns = {arm: n for n, arm in enumerate(kept["arms"])}
        self.tried = dict(kept["tried"])
        self.linear.set(mean.copy(), covariance.copy())
        self.contexts.restore(kept["contexts"])
        self.contexts.special, self.contexts.typical = kept["special"], kept["typical"]
        self.contexts.restless = kept["restless"]
        self.learners.restore(kept["learners"])
        self.learners.regroup(Groups(unpack(groups["centres"]), unpack(groups["shares"]), groups["own"]))
        self.harms.restore(kept["harms"])
        self.learned, self.fitted = kept["learned"], kept["fitted"]
        self._places.clear()

    def merge(self, kept: Mapping[str, Any]) -> None:
        """Adds what another one learned from other rewards."""
        self.restore(merged(Hybrid(self.linear.features).kept(), [self.kept(), kept]) if self.learned else kept)


class _Seen(NamedTuple):
    """One outcome: the error of the forecast, the variance of an outcome of a kind that is as often good as bad (the
    chart has errors of all kinds: the variance of one that hardly varies would make an alarm of the others' chance),
    what it adds to what is known of the sum of all parts, how far a part's mean moves for each unit of its variance,
    the covariance of the linear part with its weights, and what it says of the learner alone."""

    error: float
    spread: float
    known: float
    gain: float
    along: Array
    learner: tuple[float, float]


def _chance(logit: float) -> float:
    return min(max(1.0 / (1.0 + exp(-max(logit, -30.0))), _EDGE), 1.0 - _EDGE)


def _logit(chance: float) -> float:
    chance = min(max(chance, _EDGE), 1.0 - _EDGE)
    return log(chance / (1.0 - chance))
