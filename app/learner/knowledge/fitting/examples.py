"""Graded answers as what the models are fitted on: the features that each answer was met with.

A learner's answers must not be in the counts that they are foretold by: learners are dealt into folds, and each fold
is met with the counts of the others, as learners who come later will be.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.learner.knowledge import contexts
from app.learner.knowledge.contexts import Key
from app.learner.knowledge.elo import Elo
from app.learner.knowledge.evidence import HEARD, MOST, WEIGHT, Counts
from app.learner.knowledge.features import COUNT, HISTORY, NAMES, history
from app.learner.knowledge.logistic import Array, chance
from app.learner.knowledge.past import Past
from app.learner.knowledge.population import Population
from app.vocabulary import Answer, Exercise

Log = Mapping[str, Sequence[Answer]]
"""Answers by learner, each learner's in order."""

Progress = Callable[[str, int], None]
"""Told what is being done, and how much more of it is."""

FOLDS = 5

_EASE = NAMES.index("item ease now")


@dataclass(frozen=True)
class Examples:
    """Answers of `learners` one after the other: what each was met with, how it went, and where each learner's begin,
    with the end of all; the counts of all learners."""

    learners: tuple[str, ...]
    features: Array
    right: Array
    answers: tuple[Answer, ...]
    starts: NDArray[np.int64]
    people: Population
    evidence: dict[Key, Counts]


def counted(log: Iterable[Sequence[Answer]]) -> Population:
    """The counts of all unaided answers, without those of contexts."""
    people = Population()
    for answers in log:
        past: dict[tuple[str, str | None], int] = {}
        for answer in answers:
            if answer.shown or answer.hints > 0:
                continue
            skill, item = (answer.skill, None), ("", answer.item)
            people.add(answer.skill, answer.item, (past.get(skill, 0), past.get(item, 0)), answer.correct)
            past[skill] = past[item] = 1 + answer.correct
    return people


def fold(learner: str, folds: int = FOLDS) -> int:
    """Which fold a learner is in, by a hash of the name."""
    return zlib.crc32(learner.encode("utf-8", "surrogatepass")) % folds


class Keys:
    """Numbers for the keys of contexts."""

    def __init__(self) -> None:
        self._numbers: dict[Key, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._numbers)

    def of(self, keys: Iterable[Key]) -> list[int]:
        """The number of each."""
        numbers = self._numbers
        return [numbers.setdefault(key, len(numbers)) for key in keys]


def met(log: Log, each: Progress) -> Examples:
    """All answers of a log, each learner's met with the counts of the other folds."""
    people, keys = counted(log.values()), Keys()
    # Not the folds that models are judged on: leaving those out would leave nobody in one of these.
    folds = {name: fold(f"{name}/") for name in log}
    found: dict[str, tuple[Array, NDArray[np.int32]]] = {}
    for number in range(FOLDS):
        chosen = {name: answers for name, answers in log.items() if folds[name] == number}
        own = counted(chosen.values())
        people.merge(own, -1)
        for name, answers in chosen.items():
            found[name] = _walk(answers, people, keys)
            each("reading answers", len(answers))
        people.merge(own)
    answers = tuple(answer for each_ in log.values() for answer in each_)
    rows = np.concatenate([found[name][0] for name in log])
    numbers = np.concatenate([found[name][1] for name in log])
    right = np.array([answer.correct for answer in answers], np.float32)
    whose = np.repeat([folds[name] for name in log], [len(log[name]) for name in log])
    unaided = np.array([not answer.shown and answer.hints <= 0 for answer in answers])
    evidence = _evidence(rows, (numbers, whose, right, unaided), keys)
    starts = np.cumsum([0, *(len(one) for one in log.values())])
    return Examples(tuple(log), rows, right, answers, starts, people, evidence)


def _walk(answers: Sequence[Answer], people: Population, keys: Keys) -> tuple[Array, NDArray[np.int32]]:
    """The features of one learner's answers, a row each, and the numbers of their contexts."""
    past, elo = Past(), Elo()
    rows = np.zeros((len(answers), COUNT), np.float32)
    numbers = np.empty((len(answers), contexts.COUNT), np.int32)
    for n, answer in enumerate(answers):
        skill, item = answer.skill, answer.item
        norms = people.norms(skill, item, past.cases(skill, item))
        ease = norms.item_now
        rows[n, :HISTORY] = history(past, norms, elo.beliefs(skill, ease), Exercise(skill, item, answer.at))
        numbers[n] = keys.of(contexts.contexts(past, skill, item, elo.mean))
        elo.update(answer, ease)
        past.update(answer, chance(ease))
    return rows, numbers


Counted = tuple[NDArray[np.int32], NDArray[np.int64], Array, NDArray[np.bool_]]
"""Numbers of contexts, fold of the learner, how it went, whether without help; by answer."""


def _evidence(rows: Array, counted: Counted, keys: Keys) -> dict[Key, Counts]:
    """Fills in what was seen in each context by learners of other folds, as `Evidence` does for one answer; gives what
    all saw."""
    numbers, whose, right, unaided = counted
    size = len(keys)
    every = np.zeros((FOLDS, size), np.int64)
    good = np.zeros((FOLDS, size), np.int64)
    for number in range(FOLDS):
        mine = unaided & (whose == number)
        every[number] = np.bincount(numbers[mine].ravel(), minlength=size)
        good[number] = np.bincount(numbers[mine & (right > 0)].ravel(), minlength=size)
    total, total_good = every.sum(0), good.sum(0)
    ease = rows[:, _EASE]
    expected = WEIGHT / (1.0 + np.exp(-ease))
    for column in range(contexts.COUNT):
        key = numbers[:, column]
        n = (total[key] - every[whose, key]).astype(np.float32)
        r = (total_good[key] - good[whose, key]).astype(np.float32) + expected
        heard = n >= HEARD
        rows[:, HISTORY + 2 * column] = np.where(heard, np.log(r / (n + WEIGHT - r)), ease)
        rows[:, HISTORY + 2 * column + 1] = np.where(heard, np.log1p(n) * 0.2, 0.0)
    least = HEARD
    if size > MOST:
        least = max(HEARD, int(np.partition(total, -MOST)[-MOST]) + 1)
    return {
        key: (int(n), int(r)) for key, n, r in zip(keys, total.tolist(), total_good.tolist(), strict=True) if n >= least
    }
