"""What the policies that count have in common: they learn beliefs, and differ in what they do with them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from app.choices.beliefs import Belief, Beliefs
from app.choices.port import Options, Outcome, Situation
from app.choices.table import Floats


class Counted:
    """Learns, keeps and adds up beliefs; who inherits decides."""

    def __init__(self, beliefs: Beliefs | None = None) -> None:
        self._beliefs = beliefs or Beliefs()

    def believed(self, situation: Situation, options: Options) -> Belief:
        """What is expected of each arm."""
        return self._beliefs.of(situation, options)

    def learn(self, situation: Situation, outcome: Outcome) -> None:
        """Learns what came of an arm in a situation."""
        self._beliefs.learn(situation, outcome)

    def kept(self) -> dict[str, Any]:
        """What was learned, as JSON."""
        return self._beliefs.kept()

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
