"""The model of knowledge: foretells a learner's next answer and learns from it, each in constant time.

What it knows of all learners (`population`) only counts. What it knows of one is a `State`, which depends on that
learner's answers, on the model's version and on the ease that each exercise had when it was answered. That ease is in
the `Lesson`: whoever keeps it with the answer rebuilds the same state, bit for bit, whatever others answered since.
"""

from struct import Struct
from typing import NamedTuple

import numpy as np

from app.learner.knowledge.calibration import Calibration
from app.learner.knowledge.contexts import contexts
from app.learner.knowledge.features import COUNT, history, since
from app.learner.knowledge.fitted import Fitted
from app.learner.knowledge.logistic import Array, chance
from app.learner.knowledge.mixture import Mixture
from app.learner.knowledge.network import extras
from app.learner.knowledge.past import Past
from app.learner.knowledge.population import FIRST, Population
from app.learner.knowledge.state import State
from app.vocabulary import Answer, Exercise, Standing

_PACK = Struct(f"{COUNT}f")


class Lesson(NamedTuple):
    """What an answer was met with: how easy its exercise was for others, in log odds; how the learner's last
    answers in its skill and to its item had gone."""

    ease: float
    cases: tuple[int, int]


class Model:
    """Foretells by all it has: abilities alone where nothing was fitted, else by the learner's history, too.

    `light` is abilities alone, whatever was fitted. One process may share a model among learners; it is not safe for
    threads, since what it fills is made once.
    """

    def __init__(self, fitted: Fitted | None = None, *, light: bool = False) -> None:
        self._base = fitted.population if fitted is not None else None
        self.population = Population()
        self._light = light
        self.version = "light" if light else "untrained" if fitted is None else fitted.version
        self._mixture = Mixture(fitted) if fitted is not None and not light else None
        self.calibration = Calibration()
        # The features of the exercise that was foretold last, filled anew for each.
        self.asked = np.zeros(COUNT, np.float32) if self._mixture is None else self._mixture.features

    @property
    def population(self) -> Population:
        """What is counted of all learners, on top of what the model was fitted with; may be another workspace's."""
        return self._population

    @population.setter
    def population(self, people: Population) -> None:
        people.base = self._base
        self._population = people

    def new(self) -> State:
        """The state of a learner who has not answered."""
        return State(self.version, self._mixture.network.width if self._mixture is not None else 0)

    def fits(self, state: State) -> bool:
        """Whether this model can go on from a state; one that it does not fit is to be rebuilt from the answers."""
        return state.model == self.version

    def predict(self, state: State, exercise: Exercise) -> float:
        """The probability that the answer will be right, between 0 and 1 and neither."""
        if self._mixture is None:
            skill, item, _ = exercise
            return state.elo.predict(skill, self._ease(state, skill, item))
        self.features(state, exercise)
        return chance(self.calibration.corrected(self._mixture.log_odds(state.hidden, exercise.skill)))

    def features(self, state: State, exercise: Exercise) -> Array:
        """What a fitted model is asked about an exercise; good until the next call."""
        skill, item, _ = exercise
        past = state.past
        norms = self._population.norms(skill, item, past.cases(skill, item))
        ease = norms.item_now
        found = history(past, norms, state.elo.beliefs(skill, ease), exercise)
        if self._mixture is not None:
            found += self._mixture.evidence.of(contexts(past, skill, item, state.elo.mean), ease)
            # Twice as quick as filling an array from a list.
            _PACK.pack_into(self.asked.data, 0, *found)
        return self.asked

    def update(self, state: State, answer: Answer, ease: float | None = None) -> Lesson:
        """Takes an answer in, in place. `ease` is that of its `Lesson` where it is taken in again."""
        if self._light:
            if ease is None:
                ease = self._population.ease(answer.skill, answer.item)
            state.elo.update(answer, ease)
            return Lesson(ease, (FIRST, FIRST))
        past = state.past
        cases = past.cases(answer.skill, answer.item)
        if ease is None:
            ease = self._population.norms(answer.skill, answer.item, cases).item_now
        state.elo.update(answer, ease)
        if self._mixture is not None:
            state.hidden = self._mixture.network.step(state.hidden, answer.skill, _extras(past, answer, ease))
        past.update(answer, chance(ease))
        return Lesson(ease, cases)

    def _ease(self, state: State, skill: str, item: str | None) -> float:
        """How easy an exercise is for others, as far as this model tells apart how it is met."""
        if self._light:
            return self._population.ease(skill, item)
        return self._population.norms(skill, item, state.past.cases(skill, item)).item_now

    def learn(self, answer: Answer, lesson: Lesson, said: float | None = None) -> None:
        """Counts an answer for those who come after, and what came of the probability that was `said`.

        Answers with help say nothing of an exercise.
        """
        if not answer.shown and answer.hints <= 0:
            self.population.add(answer.skill, answer.item, lesson.cases, answer.correct)
            if said is not None and self._mixture is not None:
                self.calibration.add(said, answer.correct)

    def standing(self, state: State, skill: str) -> Standing:
        """What is believed of a learner's skill."""
        return state.elo.standing(skill, self.population.norms(skill, None, (FIRST, FIRST)).skill)


def _extras(past: Past, answer: Answer, ease: float) -> tuple[float, ...]:
    unaided = answer.correct and not answer.shown and answer.hints <= 0
    same = answer.item is not None and answer.item == past.item
    return extras(unaided, ease, since(past, answer.at), same)
