"""A policy of choice behind the gate: it chooses among what may be tried, and both learn."""

from collections.abc import Callable, Mapping
from typing import Any

from numpy.random import Generator

from app.choices.gate.gate import Gate
from app.choices.port import Chooser, Chosen, Options, Outcome, Situation


class Gated:
    """A `Chooser` that never sees an arm which may not be tried.

    As the gate takes arms away before chance is asked, propensities are those among the arms that were left, and add
    up to 1 over them; an arm that was taken away had none.
    """

    def __init__(self, chooser: Chooser, gate: Gate) -> None:
        self._chooser, self.gate = chooser, gate

    def decide(self, situation: Situation, options: Options, rng: Generator) -> Chosen:
        """One of the arms that may be tried."""
        allowed = self.gate.allowed(situation, options)
        if len(allowed.arms) == 1:
            return Chosen(allowed.arms[0], 1.0, _only(options))
        chosen = self._chooser.decide(situation, allowed, rng)
        self.gate.chosen(situation, options, chosen.arm)
        if allowed is options:
            return chosen
        away = len(options.arms) - len(allowed.arms)
        return chosen._replace(reason=f"{chosen.reason}; {away} of {len(options.arms)} arms were not allowed")

    def learn(self, situation: Situation, outcome: Outcome) -> None:
        """Both learn."""
        self.gate.learn(situation, outcome)
        self._chooser.learn(situation, outcome)

    def forget(self, learner: str | None) -> None:
        """Both forget a learner, or each (`None`)."""
        self.gate.forget(learner)
        self._chooser.forget(learner)

    def kept(self) -> dict[str, Any]:
        """What both learned."""
        return self.frozen()()

    def frozen(self) -> Callable[[], dict[str, Any]]:
        """What gives that, as it is now."""
        chooser, gate = self._chooser.frozen(), self.gate.frozen()
        return lambda: {"chooser": chooser(), "gate": gate()}

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Both go on from it."""
        self._chooser.restore(kept["chooser"])
        self.gate.restore(kept["gate"])

    def merge(self, kept: Mapping[str, Any]) -> None:
        """Both add what others learned."""
        self._chooser.merge(kept["chooser"])
        self.gate.merge(kept["gate"])


def _only(options: Options) -> str:
    return "the only arm there is" if len(options.arms) == 1 else "the only arm that was allowed"
