"""Regression, trees and network, mixed as suits learners whom none of them was fitted on."""

import numpy as np

from app.learner.knowledge.evidence import Evidence
from app.learner.knowledge.fitted import Fitted
from app.learner.knowledge.logistic import Array, Logistic
from app.learner.knowledge.network import Network
from app.learner.knowledge.trees import Trees


class Mixture:
    """What was fitted, ready to foretell."""

    def __init__(self, fitted: Fitted) -> None:
        weights = fitted.weights
        self.evidence = Evidence(fitted.evidence)
        self._base = Logistic(weights["base"])
        self._trees = Trees(
            weights["trees asked"].astype(np.int64), weights["trees thresholds"], weights["trees leaves"]
        )
        self.network = Network(weights, fitted.skills)
        self._of_base, self._of_trees, self._of_network, self._bias = map(float, weights["mix"])

    def log_odds(self, memory: Array, features: Array, skill: str) -> float:
        """Of a right answer."""
        said = self._of_base * self._base.log_odds(features) + self._of_trees * self._trees.log_odds(features)
        return said + self._of_network * self.network.log_odds(memory, features, skill) + self._bias
