"""What the learner model foretells, on learners that it was not fitted on, beside what is simpler.

Students are split by a hash of their id. Every model foretells each answer before it learns from it; what is fitted is
fitted on the other folds. The confidence intervals are those of a paired bootstrap over students. Microseconds are
those of the thread, per answer, predicting and updating. Run with `python -m bench knowledge [--quick]`.
"""

import argparse
import csv
import gzip
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.learner.knowledge.features import NAMES
from app.learner.knowledge.fitted import Fitted
from app.learner.knowledge.fitting.examples import Examples, fold, met
from app.learner.knowledge.fitting.fit import Plan, fit, learn
from app.learner.knowledge.fitting.regression import regress
from app.learner.knowledge.fitting.scores import auc, scores
from app.learner.knowledge.fitting.stretch import sigmoid
from app.learner.knowledge.model import Model
from app.learner.knowledge.state import State
from app.vocabulary import Answer, Exercise
from bench.report import keep, skip, table

DATA = Path(__file__).parents[2] / "shared" / "data"
SETS = ("kt_assist09", "kt_statics", "kt_assist15", "kt_assist17", "kt_assist17_time", "kt_spanish")
FOLDS = 5

PFA = ("skill ease", "s right", "s wrong")
"""Performance factors (Pavlik et al., AIED 2009), counts as logarithms."""

LOGISTIC = ("skill ease", "item ease", "s right", "s wrong", "answers", "excess")
"""About Best-LR (Gervet et al., JEDM 12, 2020)."""

OURS, LIGHT = "full model", "Elo with uncertainty (light)"

_FINE = 2_000
_RESAMPLES = 500

Log = dict[str, list[Answer]]
Floats = NDArray[np.float64]


def read(path: Path) -> Log:
    """Answers by student, from `student,item,skill,correct[,t]`."""
    log: Log = {}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            at = float(row["t"]) if row.get("t") else None
            log.setdefault(row["student"], []).append(Answer(row["skill"], row["correct"] == "1", row["item"], at=at))
    return log


class Student:
    """The model as a service has it: one state for each student, counts that go on."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._states: dict[str, State] = {}
        self._said: dict[str, float] = {}

    def predict(self, student: str, item: str, skill: str, t: float | None) -> float:
        """The probability of a right answer."""
        said = self._said[student] = self.model.predict(self.state(student), Exercise(skill, item, t))
        return said

    def update(self, student: str, item: str, skill: str, correct: int, t: float | None) -> None:
        """Takes in how it went."""
        answer = Answer(skill, correct == 1, item, None, 0, False, t)
        lesson = self.model.update(self.state(student), answer)
        self.model.learn(answer, lesson, self._said.pop(student, None))

    def state(self, student: str) -> State:
        """That of a student."""
        state = self._states.get(student)
        if state is None:
            state = self._states[student] = self.model.new()
        return state


def factory(train: str | None) -> Student:
    """A model fitted on a file, or one that ships: what `eval_kt.py --callable` wants."""
    return Student(Model(fit(read(Path(train)), "bench", _silent) if train else None))


def _silent(what: str, more: int) -> None:
    pass


@dataclass
class Run:
    """Held-out answers of one set: whose, how they went, what each model said, and µs of an answer by model."""

    whose: list[int]
    right: list[float]
    said: dict[str, list[float]]
    micros: dict[str, list[float]]


def play(log: Log, number: int, run: Run) -> None:
    """Fits on all folds but one, foretells that one."""
    rest = {who: answers for who, answers in log.items() if fold(who) != number}
    held = {who: answers for who, answers in log.items() if fold(who) == number}
    examples = met(rest, _silent)
    fitted = learn(examples, "bench", _silent, Plan())
    rows = _walk(fitted, held, run)
    rate = float(examples.right.mean())
    others = {"majority": np.full(len(rows), rate), "item mean": _chance(rows[:, NAMES.index("item ease")])}
    for name, columns in (("PFA", PFA), ("logistic regression", LOGISTIC)):
        others[name] = _simple(examples, rows, columns)
    base = fitted.weights["base"]
    others["regression, all features"] = _chance(rows @ base[:-1] + base[-1])
    for name, said in others.items():
        run.said.setdefault(name, []).extend(said.tolist())


def _simple(examples: Examples, rows: NDArray[Any], names: tuple[str, ...]) -> Floats:
    columns = [NAMES.index(name) for name in names]
    weights = regress(examples.features[:, columns], examples.right)
    return _chance(rows[:, columns] @ weights[:-1] + weights[-1])


def _chance(log_odds: NDArray[Any]) -> Floats:
    return sigmoid(np.asarray(log_odds, np.float32)).astype(np.float64)


def _walk(fitted: Fitted, held: Log, run: Run) -> NDArray[np.float32]:
    """Both models over all held-out answers; the features that each was met with."""
    rows = []
    models = {OURS: Student(Model(fitted)), LIGHT: Student(Model(fitted, light=True))}
    for number, (who, answers) in enumerate(held.items(), 1 + max(run.whose, default=-1)):
        for answer in answers:
            run.whose.append(number)
            run.right.append(float(answer.correct))
            for name, model in models.items():
                met = _answer(who, answer, (name, model), run)
                if name == OURS:
                    rows.append(met)
    return np.stack(rows)


def _answer(who: str, answer: Answer, by: tuple[str, Student], run: Run) -> NDArray[np.float32]:
    """The features that the answer was met with."""
    name, model = by
    clock, item, skill = time.thread_time_ns, answer.item or "", answer.skill
    began = clock()
    said = model.predict(who, item, skill, answer.at)
    # The copy is not measured; asking for the features once more would leave them warm in the processor.
    between = clock()
    met = model.model.asked.copy()
    again = clock()
    model.update(who, item, skill, int(answer.correct), answer.at)
    run.micros.setdefault(name, []).append((clock() - again + between - began) / 1e3)
    run.said.setdefault(name, []).append(said)
    return met


def judge(run: Run) -> list[dict[str, Any]]:
    """Scores of each model, and how much more or less area under the curve than ours, by a paired bootstrap."""
    right, whose = np.array(run.right), np.array(run.whose)
    students = len(set(run.whose))
    said = {name: np.array(values) for name, values in run.said.items()}
    weights = np.random.default_rng(1).multinomial(students, [1 / students] * students, _RESAMPLES).astype(np.float32)
    drawn = {name: _resampled(right, values, whose, weights) for name, values in said.items()}
    found = []
    for name, values in said.items():
        got = scores(right, values, students)
        low, high = np.nanpercentile(drawn[OURS] - drawn[name], [2.5, 97.5])
        micros = np.array(run.micros[name]) if name in run.micros else None
        found.append(
            {
                "model": name,
                "auc": got.auc,
                "accuracy": got.accuracy,
                "log_loss": got.log_loss,
                "ece": got.calibration_error,
                "ours_more": auc(right, said[OURS]) - got.auc,
                "low": float(low),
                "high": float(high),
                "us": None if micros is None else [float(np.percentile(micros, q)) for q in (50, 99)],
            }
        )
    return found


def _resampled(right: Floats, said: Floats, whose: NDArray[Any], weights: NDArray[np.float32]) -> Floats:
    """The area under the curve of each draw of students, probabilities being cut into 2,000 steps."""
    students = weights.shape[1]
    cell = whose * _FINE + np.minimum(_FINE - 1, (said * _FINE).astype(np.int64))
    size = students * _FINE
    good = weights @ np.bincount(cell, right, size).reshape(students, _FINE).astype(np.float32)
    bad = weights @ np.bincount(cell, 1 - right, size).reshape(students, _FINE).astype(np.float32)
    below = np.cumsum(bad, 1) - bad / 2
    return np.asarray((good * below).sum(1) / (good.sum(1) * bad.sum(1)), np.float64)


def main(arguments: list[str]) -> None:
    """Measures, prints a table for each set and writes the JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench knowledge", description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of NAME/train.csv.gz (default %(default)s)")
    parser.add_argument("--sets", nargs="+", default=SETS)
    parser.add_argument("--folds", type=int, default=FOLDS, help="how many of the five are held out in turn")
    parser.add_argument("--quick", action="store_true", help="one fold, and 40,000 answers of each set at most")
    options = parser.parse_args(arguments)
    if not options.data.is_dir():
        skip(f"{options.data} is not there: it holds the sets {', '.join(SETS)}")
    found = {}
    for name in options.sets:
        log = read(options.data / name / "train.csv.gz")
        log = _some(log, 40_000) if options.quick else log
        run = Run([], [], {}, {})
        for number in range(1 if options.quick else options.folds):
            play(log, number, run)
        found[name] = judge(run)
        _show(name, run, found[name])
    keep("knowledge", {"folds": 1 if options.quick else options.folds, "quick": options.quick, "sets": found})


def _some(log: Log, most: int) -> Log:
    """Students in order of a hash of their id, until they have so many answers."""
    chosen: Log = {}
    count = 0
    for who in sorted(log, key=lambda who: fold(f"some/{who}", 1 << 32)):
        if count >= most:
            break
        chosen[who] = log[who]
        count += len(log[who])
    return chosen


def _show(name: str, run: Run, found: list[dict[str, Any]]) -> None:
    head = ["", "AUC", "accuracy", "log loss", "ECE", "ours more, AUC (95 %)", "us p50 / p99"]
    rows = []
    for one in found:
        more = f"{one['ours_more']:+.4f} ({one['low']:+.4f} to {one['high']:+.4f})" if one["model"] != OURS else ""
        micros = "{:.1f} / {:.1f}".format(*one["us"]) if one["us"] else ""
        numbers = [f"{one['auc']:.4f}", f"{one['accuracy']:.1%}", f"{one['log_loss']:.4f}", f"{one['ece']:.4f}"]
        rows.append([one["model"], *numbers, more, micros])
    title = f"{name}: {len(run.right):,} answers of {len(set(run.whose)):,} students not fitted on"
    table(title, head, rows)
