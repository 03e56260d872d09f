"""Fits a model on a log of graded answers: regression, trees and network side by side, and how they are mixed."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from app.errors import MasterxError
from app.learner.knowledge.features import NAMES
from app.learner.knowledge.fitted import Fitted, Scores
from app.learner.knowledge.fitting.boosting import Boosting, Growth
from app.learner.knowledge.fitting.examples import Examples, Log, Progress, fold, met
from app.learner.knowledge.fitting.recurrent import Course, Sequences, added, initial
from app.learner.knowledge.fitting.recurrent import fit as teach
from app.learner.knowledge.fitting.regression import regress
from app.learner.knowledge.fitting.scores import scores
from app.learner.knowledge.fitting.stretch import sigmoid
from app.learner.knowledge.logistic import Array
from app.learner.knowledge.network import EXTRAS

MIX = np.array([1.0, 0.8, 0.5], np.float32)
"""What regression, trees and network count for, before learners who were held out say more."""

_FIRM = 100.0
"""How firmly the mix is held to that: a few learners are not to overturn it."""

LEARNERS, ANSWERS = 10, 500
"""Fewer teach nothing that would hold for others."""

SMALL = 150_000
"""Answers up to which all learners are learned from once those held out have been judged: there, every one counts."""

_PARTS = 5
_EASE, _GAP, _SAME = (NAMES.index(name) for name in ("item ease now", "gap", "i same"))


@dataclass(frozen=True)
class Plan:
    """How a model is fitted; equal seeds and logs give equal models."""

    growth: Growth = field(default_factory=Growth)
    course: Course = field(default_factory=Course)
    seed: int = 1


class TooFew(MasterxError):
    """A log that is too short to learn from."""


@dataclass(frozen=True)
class _Part:
    """What the models said of answers: regression, and what trees and network add."""

    base: Array
    trees: Array
    network: Array

    def table(self) -> Array:
        return np.stack([self.base, self.trees, self.network], 1)


def fit(log: Log, version: str, each: Progress, plan: Plan | None = None) -> Fitted:
    """A model of all learners of a log, with its scores on a fifth of them that it was not fitted on.

    `TooFew` for a log of fewer than 10 learners or 500 answers, or in which all answers went the same way.
    """
    _enough(log)
    return learn(met(log, each), version, each, plan or Plan())


def learn(examples: Examples, version: str, each: Progress, plan: Plan) -> Fitted:
    """As `fit`, of answers that were met already."""
    skills = tuple(sorted({answer.skill for answer in examples.answers}))
    data = _sequences(examples, skills)
    held = _held(examples.learners)
    rest = _weights(_chosen(data, ~held), len(skills), plan, each)
    mix, found = _judged(rest, _chosen(data, held), plan)
    weights = _weights(data, len(skills), plan, each) if len(data.right) <= SMALL else rest
    return Fitted(version, examples.people, {**weights, "mix": mix}, found, skills, examples.evidence)


def steps(answers: int, plan: Plan | None = None) -> int:
    """About how much is reported to `each` in all, for a log of so many answers."""
    plan = plan or Plan()
    work = (plan.growth.trees + plan.course.epochs) * answers * (_PARTS - 1) // _PARTS
    return answers + work + ((plan.growth.trees + plan.course.epochs) * answers if answers <= SMALL else 0)


def _enough(log: Log) -> None:
    answers = sum(map(len, log.values()))
    if len(log) < LEARNERS or answers < ANSWERS:
        raise TooFew(
            f"{answers:,} answers of {len(log):,} learners are too few to fit a model on, "
            f"it takes {ANSWERS} of {LEARNERS}"
        )
    right = sum(answer.correct for one in log.values() for answer in one)
    if right in (0, answers):
        raise TooFew(f"all {answers:,} answers are {'right' if right else 'wrong'}: there is nothing to tell apart")


def _held(log: tuple[str, ...]) -> NDArray[np.bool_]:
    """Which learners are held out: a fifth, by a hash of the name, but at least one and not all."""
    held = np.array([fold(f"held/{name}", _PARTS) == 0 for name in log])
    held[0], held[-1] = True, False
    return held


def _sequences(examples: Examples, skills: tuple[str, ...]) -> Sequences:
    numbers = {skill: n for n, skill in enumerate(skills, 1)}
    features, right = examples.features, examples.right
    extras = np.empty((len(right), EXTRAS), np.float32)
    ease = features[:, _EASE]
    credit = np.array([a.correct and not a.shown and a.hints <= 0 for a in examples.answers], np.float32)
    extras[:, 0], extras[:, 1] = 2 * credit - 1, credit - sigmoid(ease)
    extras[:, 2], extras[:, 3], extras[:, 4] = ease * 0.3, features[:, _GAP], features[:, _SAME]
    known = np.array([numbers[answer.skill] for answer in examples.answers])
    return Sequences(features, known, extras, np.zeros_like(right), right, examples.starts)


def _chosen(data: Sequences, learners: NDArray[np.bool_]) -> Sequences:
    lengths = np.diff(data.starts)
    rows = np.repeat(learners, lengths)
    starts = np.cumsum([0, *lengths[learners]])
    return Sequences(
        *(data.features[rows], data.skills[rows], data.extras[rows], data.said[rows], data.right[rows]), starts
    )


def _weights(data: Sequences, skills: int, plan: Plan, each: Progress) -> dict[str, Array]:
    chance = np.random.default_rng(plan.seed)
    base = regress(data.features, data.right)
    said = _base(base, data)
    trees = Boosting(data.features, data.right, plan.growth, chance).grow(said.copy(), each)
    network = initial(plan.course, skills, data.features.shape[1], chance)
    teach(network, replace(data, said=said), plan.course, chance, each)
    return {"base": base, **trees, **network}


def _judged(weights: dict[str, Array], held: Sequences, plan: Plan) -> tuple[Array, Scores]:
    """The mix, and the scores of it, on learners who were held out."""
    said = _said(weights, held, plan).table()
    prior = said @ MIX
    change = regress(said, held.right, prior, _FIRM)
    mix = np.append(MIX, np.float32(0.0)) + change
    return mix.astype(np.float32), scores(held.right, sigmoid(said @ mix[:-1] + mix[-1]), len(held.starts) - 1)


def _said(weights: dict[str, Array], data: Sequences, plan: Plan) -> _Part:
    base = _base(weights["base"], data)
    trees = np.zeros_like(base)
    bits = 1 << np.arange(weights["trees asked"].shape[1])[::-1]
    for asked, thresholds, leaves in zip(
        weights["trees asked"], weights["trees thresholds"], weights["trees leaves"], strict=True
    ):
        trees += leaves[(data.features[:, asked.astype(np.int64)] > thresholds) @ bits]
    return _Part(base, trees, added(weights, replace(data, said=base), plan.course))


def _base(weights: Array, data: Sequences) -> Array:
    return np.asarray(data.features @ weights[:-1] + weights[-1], np.float32)
