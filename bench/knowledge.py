"""What the learner model foretells, on learners it was not fitted on."""

import csv
import gzip
from pathlib import Path

from app.learner.knowledge.fitting.fit import fit
from app.learner.knowledge.model import Model
from app.learner.knowledge.state import State
from app.vocabulary import Answer, Exercise


def read(path: Path) -> dict[str, list[Answer]]:
    """Answers by student, from `student,item,skill,correct[,t]`."""
    log: dict[str, list[Answer]] = {}
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

    def predict(self, student: str, item: str, skill: str, t: float | None) -> float:
        """The probability of a right answer."""
        return self.model.predict(self._state(student), Exercise(skill, item, t))

    def update(self, student: str, item: str, skill: str, correct: int, t: float | None) -> None:
        """Takes in how it went."""
        answer = Answer(skill, correct == 1, item, None, 0, False, t)
        self.model.learn(answer, self.model.update(self._state(student), answer))

    def _state(self, student: str) -> State:
        state = self._states.get(student)
        if state is None:
            state = self._states[student] = self.model.new()
        return state


def factory(train: str | None) -> Student:
    """A model fitted on a file, or one that ships: what `eval_kt.py --callable` wants."""
    return Student(Model(fit(read(Path(train)), "bench", lambda what, more: None) if train else None))
