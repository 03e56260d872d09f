"""Regression, trees and network, mixed as suits learners whom none of them was fitted on."""

import numpy as np

from app.learner.knowledge.evidence import Evidence
from app.learner.knowledge.fitted import Fitted
from app.learner.knowledge.logistic import Array
from app.learner.knowledge.network import Network
from app.learner.knowledge.trees import Trees


class Mixture:
    """What was fitted, ready to foretell."""

    def __init__(self, fitted: Fitted) -> None:
        weights = fitted.weights
        self.evidence = Evidence(fitted.evidence)
        self._trees = Trees(
            weights["trees asked"].astype(np.int64), weights["trees thresholds"], weights["trees leaves"]
        )
        self.network = Network(weights, fitted.skills)
        self._of_base, self._of_trees, self._of_network, self._bias = map(float, weights["mix"])

    @property
    def features(self) -> Array:
        """To be filled with what is asked."""
        return self.network.features

    def log_odds(self, memory: Array, skill: str) -> float:
        """Of a right answer to what `features` was filled with."""
        base, added = self.network.log_odds(memory, skill)
        trees = self._trees.log_odds(self.network.features)
        return self._of_base * base + self._of_trees * trees + self._of_network * added + self._bias
