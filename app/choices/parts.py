"""The great choice first, then the small one: a strategy and its parameters, a provider and its model.

An arm `a/b` is chosen in two steps: `a` by what is known of all arms that begin so, then `b` by what is known of it
under `a`, where contexts lend to each other. So what is learned of one parameter serves all contexts, and a new
variant of a strategy starts from the strategy's standing.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from numpy.random import Generator

from app.choices.port import Chosen, Mergeable, Options, Outcome, Situation


class Parts:
    """Chooses the part of an arm before the first "/" by `great`, the whole arm among those that begin so by `small`.

    The propensity is the product of both.

    >>> from numpy.random import default_rng
    >>> from app.choices.kinds.thompson import Thompson
    >>> here = Situation("a", "d", (), "", False, 1.8e9)
    >>> options = Options(("ask/short", "ask/long", "tell"), "tell", frozenset({"tell"}), {})
    >>> chosen = Parts(Thompson(), Thompson()).decide(here, options, default_rng(1))
    >>> chosen.arm, round(chosen.propensity, 2)
    ('tell', 0.5)
    """

    def __init__(self, great: Mergeable, small: Mergeable) -> None:
        self._great, self._small = great, small

    def decide(self, situation: Situation, options: Options, rng: Generator) -> Chosen:
        """One of the arms."""
        groups: dict[str, list[str]] = {}
        for arm in options.arms:
            groups.setdefault(_head(arm), []).append(arm)
        great = self._great.decide(situation, _heads(options, groups), rng)
        arms = tuple(groups[great.arm])
        if len(arms) == 1:
            return great._replace(arm=arms[0])
        baseline = options.baseline if options.baseline in arms else arms[0]
        small = self._small.decide(_under(situation, great.arm), replace(options, arms=arms, baseline=baseline), rng)
        both = None if great.propensity is None or small.propensity is None else great.propensity * small.propensity
        return Chosen(small.arm, both, f"{great.arm}: {great.reason}; then {small.reason}", great.under)

    def learn(self, situation: Situation, outcome: Outcome) -> None:
        """Both learn: of the part, and of the arm among those that begin so."""
        head = _head(outcome.arm)
        self._great.learn(situation, replace(outcome, arm=head))
        if head != outcome.arm:
            self._small.learn(_under(situation, head), replace(outcome, under=None))

    def kept(self) -> dict[str, Any]:
        """What both learned, as JSON."""
        return {"great": self._great.kept(), "small": self._small.kept()}

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Both go on from what they learned."""
        self._great.restore(kept["great"])
        self._small.restore(kept["small"])

    def merge(self, kept: Mapping[str, Any]) -> None:
        """Adds what others learned."""
        self._great.merge(kept["great"])
        self._small.merge(kept["small"])


def _head(arm: str) -> str:
    return arm.partition("/")[0]


def _heads(options: Options, groups: Mapping[str, list[str]]) -> Options:
    """The options of the great choice: a part is worth what its arms are on average, and approved if one of them is."""
    priors: dict[str, float] = {}
    for head, arms in groups.items():
        known = [options.priors[arm] for arm in arms if arm in options.priors]
        if known:
            priors[head] = sum(known) / len(known)
    approved = frozenset(_head(arm) for arm in options.approved)
    return Options(tuple(groups), _head(options.baseline), approved, priors)


def _under(situation: Situation, head: str) -> Situation:
    """The situation of the small choice: under one part all contexts lend to each other."""
    return replace(situation, context=f"{situation.context}/{head}", domain=head)
