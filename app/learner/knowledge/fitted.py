"""What was fitted on a log of answers, with its scores on learners it was not fitted on; as bytes for a store."""

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import log
from typing import Any

import numpy as np
import orjson

from app.errors import MasterxError
from app.learner.knowledge.contexts import Key
from app.learner.knowledge.evidence import Counts
from app.learner.knowledge.features import NAMES
from app.learner.knowledge.logistic import Array
from app.learner.knowledge.population import Population

FORMAT = "masterx-knowledge/1"


@dataclass(frozen=True)
class Scores:
    """How well answers were foretold of learners that a model was not fitted on: the share of right answers, area under
    the ROC curve, share of right calls, mean log loss, expected calibration error (15 bins)."""

    answers: int
    learners: int
    right: float
    auc: float
    accuracy: float
    log_loss: float
    calibration_error: float

    @property
    def skill(self) -> float:
        """How much of the log loss of one who always says the share of right answers is spared; compares models that
        were judged on different answers."""
        rate = min(max(self.right, 1e-6), 1 - 1e-6)
        return 1.0 + self.log_loss / (rate * log(rate) + (1 - rate) * log(1 - rate))


@dataclass(frozen=True)
class Fitted:
    """A fitted model: `weights` by name, the skills that its network knows, what was seen in each context; `population`
    are the counts that it adds to those of a workspace."""

    version: str
    population: Population
    weights: dict[str, Array]
    scores: Scores
    skills: tuple[str, ...] = ()
    evidence: Mapping[Key, Counts] = field(default_factory=dict)
    features: tuple[str, ...] = field(default=NAMES)

    def without_counts(self) -> "Fitted":
        """For a workspace that has the counts of its learners itself."""
        return replace(self, population=Population())

    def pack(self) -> bytes:
        """As compressed JSON."""
        people = self.population
        document = {
            "format": FORMAT,
            "version": self.version,
            "scores": self.scores,
            "features": self.features,
            "skills": self.skills,
            "population": [people.answers, people.right, people.skills, people.items],
            "evidence": [[*key, *counts] for key, counts in self.evidence.items()],
            "weights": {name: _text(values) for name, values in self.weights.items()},
        }
        return zlib.compress(orjson.dumps(document), 6)

    @classmethod
    def unpack(cls, packed: bytes) -> "Fitted":
        """What `pack` gave; `UnknownModel` for anything else."""
        try:
            document = orjson.loads(zlib.decompress(packed))
            if document["format"] != FORMAT or tuple(document["features"]) != NAMES:
                raise UnknownModel
            people = Population()
            people.answers, people.right, people.skills, people.items = document["population"]
            return cls(
                document["version"],
                people,
                {name: _array(values) for name, values in document["weights"].items()},
                Scores(**document["scores"]),
                tuple(document["skills"]),
                {tuple(key): (n, right) for *key, n, right in document["evidence"]},
            )
        except (zlib.error, orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise UnknownModel from error


class UnknownModel(MasterxError):
    """Bytes that are no model of this version."""

    def __init__(self) -> None:
        super().__init__(f"not a model of the form {FORMAT}: fit it again with `masterx train`")


def _text(values: Array) -> list[Any]:
    return [list(values.shape), base64.b85encode(values.astype("<f4").tobytes()).decode()]


def _array(kept: list[Any]) -> Array:
    shape, text = kept
    return np.frombuffer(base64.b85decode(text), "<f4").reshape(shape).copy()
