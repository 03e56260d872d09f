"""How much to explore is learned, too: the pace is an arm of its own, chosen for each kind of context.

The paces are choosers that share what they learned and differ in how they try (`Thompson` with another `calm`, `Greedy`
with another `doubt`). Which one decides is chosen by another chooser, whose rewards are those of the decisions made
under it. What a pace finds out serves the others as well, so that the one that explores least looks better than it
is: give only paces that each would do alone.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from numpy.random import Generator

from app.choices.port import Chooser, Chosen, Options, Outcome, Situation


class Paced:
    """Choosers by the name of their pace, over the same beliefs; `which` chooses among the names by domain, and
    `baseline` is the one to fall back on.

    A propensity is that under the pace that was chosen, which chance alone chose: to weigh by it is unbiased.
    """

    def __init__(self, paces: Mapping[str, Chooser], which: Chooser, baseline: str) -> None:
        self._paces, self._which = dict(paces), which
        self._options = Options(tuple(self._paces), baseline, frozenset({baseline}), {})
        self._any = self._paces[baseline]

    def decide(self, situation: Situation, options: Options, rng: Generator) -> Chosen:
        """What the pace that is chosen for this kind of context would choose."""
        pace = self._which.decide(_kind(situation), self._options, rng).arm
        chosen = self._paces[pace].decide(situation, options, rng)
        return chosen._replace(reason=f"{chosen.reason} ({pace})", under=pace)

    def learn(self, situation: Situation, outcome: Outcome) -> None:
        """The beliefs learn of the arm, the choice of paces of the pace that it was chosen under, if that is known."""
        self._any.learn(situation, outcome)
        if outcome.under in self._paces:
            self._which.learn(_kind(situation), replace(outcome, arm=outcome.under, under=None))

    def kept(self) -> dict[str, Any]:
        """What both learned, as JSON."""
        return {"beliefs": self._any.kept(), "paces": self._which.kept()}

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
