"""Fits a model on a log of graded answers."""

from app.learner.knowledge.fitted import Fitted
from app.learner.knowledge.fitting.examples import Log, met
from app.learner.knowledge.fitting.regression import regress


def fit(log: Log, version: str) -> Fitted:
    """A model fitted on all learners of a log."""
    examples, people = met(log, lambda what, more: None)
    return Fitted(version, people, {"base": regress(examples.features, examples.right)})
