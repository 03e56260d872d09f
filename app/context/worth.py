"""What each layer of context is worth, estimated instead of guessed: pure.

In a small share of turns one optional layer is left out or halved by lot (`explore`), with a probability that the
turn's receipt keeps. When a learner says what they think of the answer, that is the reward of the turn (`reward`); it
adds to sums by layer (`observed`). The difference between the mean reward of turns with the whole layer and of those
without it, each turn weighed by one over its probability, is what the layer is worth (`worth`): self-normalised inverse
propensity scoring (Swaminathan & Joachims 2015), with the delta method for its variance (Owen 2013, chapter 9.2).
Weights follow where the interval leaves out zero (`next_weights`).

Only turns that somebody rated count. Where leaving a layer out changes not what learners think but whether they say it,
the estimate is of those who say it.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass

from app.stats.student import student
from app.vocabulary import Explored, Feedback

FACTORS = (0.0, 0.5)
"""What a layer that is hit is shrunk to: left out, halved."""

NEVER = frozenset(
    {"instructions", "safety", "policy", "strategy", "front_end", "course", "material", "history", "message"}
)
"""Layers that no lot hits: what makes an answer safe, right or an answer at all, which needs what was said last."""

LEAST = 30.0
"""Effective turns on both sides below which nothing is said about a layer."""

LEVEL = 0.95
STEP = 0.1
LOWEST, HIGHEST = 0.1, 1.0


def explore(layers: Sequence[str], draw: float, share: float) -> Explored | None:
    """Which of a turn's layers is shrunk, by one `draw` from [0, 1): none with probability 1 - `share`, else each layer
    and factor alike. `None` where there is nothing to draw about.

    How to use it: before the budget is shared, with the names of the layers that have something to say in this turn
    (an empty one tells nothing when it is left out). Where the result names a `layer`, multiply the tokens that it
    would get by `factor` and spend what this frees on nothing, so that the turn differs from its like in this layer
    alone. Put the result into `Receipt.explored` in any case: turns in which nothing was hit are counted, too. The draw
    must not depend on the turn: `random.random()`, once a turn. Not for a preview, which nobody answers.

    >>> explore(("message", "memory", "mastery"), 0.5, 0.02)
    Explored(layers=('memory', 'mastery'), propensity=0.98, layer=None, factor=1.0)
    >>> explore(("message", "memory", "mastery"), 0.006, 0.02)
    Explored(layers=('memory', 'mastery'), propensity=0.005, layer='memory', factor=0.5)
    >>> explore(("message",), 0.006, 0.02)
    """
    optional = tuple(name for name in layers if name not in NEVER)
    if share <= 0 or not optional:
        return None
    if draw >= share:
        return Explored(optional, 1 - share)
    arms = [(name, factor) for name in optional for factor in FACTORS]
    layer, factor = arms[min(int(draw / share * len(arms)), len(arms) - 1)]
    return Explored(optional, share / len(arms), layer, factor)


def reward(feedback: Feedback) -> float | None:
    """What a learner thought of an answer, 0 to 1: the mean of rating and helpfulness, as far as they were given."""
    said = [float(feedback.helpful)] if feedback.helpful is not None else []
    if feedback.rating is not None:
        said.append((feedback.rating - 1) / 4)
    return sum(said) / len(said) if said else None


@dataclass(frozen=True, slots=True)
class Sums:
    """Weighted turns, so that replicas can add theirs: how many, and sums of w, w², wr, w²r and w²r² for weights w (one
    over the propensity) and rewards r."""

    n: float = 0.0
    w: float = 0.0
    ww: float = 0.0
    wr: float = 0.0
    wwr: float = 0.0
    wwrr: float = 0.0

    @staticmethod
    def of(propensity: float, r: float) -> "Sums":
        """One turn."""
        w = 1 / propensity
        return Sums(1, w, w * w, w * r, w * w * r, w * w * r * r)

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*map(sum, zip(astuple(self), astuple(other), strict=True)))

    @property
    def effective(self) -> float:
        """As how many turns of equal weight these count (Kish 1965)."""
        return self.w * self.w / self.ww if self.ww else 0.0

    @property
    def mean(self) -> float:
        """The self-normalised mean reward; only where there are turns."""
        return self.wr / self.w

    @property
    def variance(self) -> float:
        """The variance of `mean`; only where there are more than one effective turn. One further turn that earned half
        is counted in, so that rewards which all were equal are not taken for certain."""
        mean, n = self.mean, self.effective
        spread = (self.wwrr - 2 * mean * self.wwr + mean * mean * self.ww) / (self.w * self.w)
        return max(spread, 0.0) * n / (n - 1) + (mean - 0.5) ** 2 / (n * n)


Arm = tuple[str, float]
"""A layer and what it was shrunk to; 1.0 is whole."""


def observed(explored: Explored, r: float) -> dict[Arm, Sums]:
    """What one turn with reward `r` adds, by arm: a turn that no lot hit shows each of its layers whole."""
    one = Sums.of(explored.propensity, r)
    if explored.layer is None:
        return {(layer, 1.0): one for layer in explored.layers}
    return {(explored.layer, explored.factor): one}


def added(all_sums: Iterable[Mapping[Arm, Sums]]) -> dict[Arm, Sums]:
    """Sums of several tasks or workspaces put together."""
    total: dict[Arm, Sums] = {}
    for sums in all_sums:
        for arm, one in sums.items():
            total[arm] = total.get(arm, Sums()) + one
    return total


@dataclass(frozen=True)
class Worth:
    """How much more reward (-1 to 1) an answer earns with the whole layer than with `factor` of it, between `low` and
    `high` with 95 % confidence; from how many turns of each kind."""

    layer: str
    factor: float
    estimate: float
    low: float
    high: float
    whole: int
    shrunk: int


def worth(layer: str, factor: float, sums: Mapping[Arm, Sums]) -> Worth | None:
    """What a layer is worth against `factor` of it; `None` below 30 effective turns on either side."""
    whole, shrunk = sums.get((layer, 1.0), Sums()), sums.get((layer, factor), Sums())
    if min(whole.effective, shrunk.effective) < LEAST:
        return None
    estimate = whole.mean - shrunk.mean
    a, b = whole.variance, shrunk.variance
    # Welch (1947): degrees of freedom of a difference of two means.
    spread = a * a / (whole.effective - 1) + b * b / (shrunk.effective - 1)
    half = math.sqrt(a + b) * student(LEVEL, (a + b) ** 2 / spread if spread else math.inf)
    return Worth(layer, factor, estimate, estimate - half, estimate + half, int(whole.n), int(shrunk.n))


def worths(sums: Mapping[Arm, Sums]) -> tuple[Worth, ...]:
    """Every layer that can be judged, by name and factor."""
    found = (worth(layer, factor, sums) for layer, factor in sorted(sums) if factor < 1.0)
    return tuple(one for one in found if one is not None)


def next_weights(weights: Mapping[str, float], judged: Iterable[Worth]) -> dict[str, float]:
    """The weights of the next policy: 0.1 up or down, between 0.1 and 1, for each layer about which the interval leaves
    out zero and nothing speaks against it. Those that no lot hits stay, and those that were set outside of the bounds.

    >>> harmful = Worth("memory", 0.0, -0.1, -0.15, -0.05, 900, 60)
    >>> next_weights({"memory": 0.5, "history": 0.7}, [harmful])
    {'memory': 0.4, 'history': 0.7}
    """
    moves: dict[str, set[int]] = {}
    for one in judged:
        if one.low > 0 or one.high < 0:
            moves.setdefault(one.layer, set()).add(1 if one.low > 0 else -1)
    return {
        name: _moved(weight, sum(moves.get(name, ()))) if name not in NEVER else weight
        for name, weight in weights.items()
    }


def _moved(weight: float, direction: int) -> float:
    if not direction or not LOWEST <= weight <= HIGHEST:
        return weight
    return round(min(max(weight + direction * STEP, LOWEST), HIGHEST), 6)
