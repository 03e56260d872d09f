"""Graded answers as what the models are fitted on: the features that each answer was met with.

A learner's answers must not be in the counts that they are foretold by: learners are dealt into folds, and each fold
is met with the counts of the others, as learners who come later will be.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.learner.knowledge.elo import Elo
from app.learner.knowledge.features import COUNT, features
from app.learner.knowledge.logistic import Array, chance
from app.learner.knowledge.past import Past
from app.learner.knowledge.population import Population
from app.vocabulary import Answer, Exercise

Log = Mapping[str, Sequence[Answer]]
"""Answers by learner, each learner's in order."""

FOLDS = 5


@dataclass(frozen=True)
class Examples:
    """Answers of learners one after the other: what each was met with, how it went, and where each learner's begin,
    with the end of all."""

    features: Array
    right: Array
    skills: tuple[str, ...]
    items: tuple[str | None, ...]
    starts: NDArray[np.int64]


def counted(log: Iterable[Sequence[Answer]]) -> Population:
    """The counts of all unaided answers."""
    people = Population()
    for answers in log:
        past: dict[tuple[str, str | None], int] = {}
        for answer in answers:
            skill, item = (answer.skill, None), ("", answer.item)
            cases = past.get(skill, 0), past.get(item, 0)
            if answer.shown or answer.hints > 0:
                continue
            people.add(answer.skill, answer.item, cases, answer.correct)
            past[skill] = past[item] = 1 + answer.correct
    return people


def fold(learner: str, folds: int = FOLDS) -> int:
    """Which fold a learner is in, by a hash of the name."""
    return zlib.crc32(learner.encode("utf-8", "surrogatepass")) % folds


def across(log: Log, people: Population) -> Examples:
    """All answers of a log, each learner's met with the counts of the other folds; `people` are the counts of all."""
    met: dict[str, Array] = {}
    for number in range(FOLDS):
        # Other folds than those that models are judged on: the same hash would leave some of them empty.
        chosen = {name: answers for name, answers in log.items() if fold(f"{name}/", FOLDS) == number}
        own = counted(chosen.values())
        people.merge(own, -1)
        met.update({name: meet(answers, people) for name, answers in chosen.items()})
        people.merge(own)
    return _together(log, met)


def under(log: Log, people: Population) -> Examples:
    """All answers of a log, met with the counts of `people`, who are others."""
    return _together(log, {name: meet(answers, people) for name, answers in log.items()})


def meet(answers: Sequence[Answer], people: Population) -> Array:
    """The features of one learner's answers, a row each."""
    past, elo = Past(), Elo()
    rows = np.empty((len(answers), COUNT), np.float32)
    for n, answer in enumerate(answers):
        norms = people.norms(answer.skill, answer.item, past.cases(answer.skill, answer.item))
        ease = norms.item_now
        exercise = Exercise(answer.skill, answer.item, answer.at)
        rows[n] = features(past, norms, elo.beliefs(answer.skill, ease), exercise)
        elo.update(answer, ease)
        past.update(answer, chance(ease))
    return rows


def _together(log: Log, met: Mapping[str, Array]) -> Examples:
    every = [answer for answers in log.values() for answer in answers]
    return Examples(
        np.concatenate([met[name] for name in log]),
        np.array([answer.correct for answer in every], np.float32),
        tuple(answer.skill for answer in every),
        tuple(answer.item for answer in every),
        np.cumsum([0, *(len(answers) for answers in log.values())]),
    )
