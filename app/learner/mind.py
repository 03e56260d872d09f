"""What is believed of one learner from graded answers. Changed in place, answer by answer, in constant time.

It is a function of the learner's sheets alone: each one carries the lessons that its answers were met with. What is
kept of a mind and read again goes on exactly as the mind itself would have.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from app.learner.affect.behaviour import WINDOW
from app.learner.doings import Tried, tried
from app.learner.knowledge.population import Population
from app.learner.memory.cards import place
from app.learner.memory.memory import Memory, Review
from app.learner.memory.platt import bin_of
from app.learner.memory.rating import Pace
from app.learner.profile.worked import Worked
from app.vocabulary import Answer, Estimate, Exercise, Standing

if TYPE_CHECKING:  # with NumPy, which takes a quarter of a second: not for a command that builds no service
    from app.learner.knowledge.model import Lesson, Model
    from app.learner.knowledge.state import State

SKILLS = 512
"""Skills whose evidence is kept; the one practised longest ago goes."""

EVIDENCE = 5
"""Newest answers that stand as evidence of a skill."""

IDS = 500
"""Newest answers with an `id` that are known again by it."""

VERSION = 4
"""Of what is kept; one of another version is derived again."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A skill's standing with the ids of the newest answers that it rests on, and when the last one was made."""

    standing: Standing
    evidence: tuple[str, ...]
    at: float


class Taken(NamedTuple):
    """What an answer was met with, what was thought before it and is now, the bin of the chance of recall that its
    skill's card had (`None` where there was no card, in the same sitting, or when the solution was shown), and the
    mastery of its skill before it; `None` where nothing was known of that."""

    lesson: "Lesson"
    estimate: Estimate
    recall: str | None
    before: float | None


class Mind:
    """One learner, up to the sheet with the number `seq` and the id `sheet`; the log has that one, else the learner was
    erased. `tries` are the newest answers, `worked` what all of them say of how the learner works."""

    __slots__ = (
        "_evidence",
        "_ids",
        "_model",
        "_pace",
        "_state",
        "last_at",
        "memory",
        "seq",
        "sheet",
        "tries",
        "worked",
    )

    def __init__(self, model: "Model") -> None:
        self.seq, self.sheet = 0, ""
        self.last_at = 0.0
        self._model = model
        self._state = model.new()
        self.memory = Memory()
        self.worked = Worked()
        self.tries: tuple[Tried, ...] = ()
        self._pace = Pace()
        self._evidence: dict[str, tuple[float, tuple[str, ...]]] = {}
        self._ids: dict[str, None] = {}

    @property
    def size(self) -> int:
        """How much it holds, in skills."""
        return len(self._evidence)

    @property
    def skills(self) -> tuple[str, ...]:
        """The skills that it knows of, the one practised last coming last."""
        return tuple(self._evidence)

    def knows(self, skill: str) -> bool:
        """Whether an answer of this skill has come."""
        return skill in self._evidence

    def met(self, name: str) -> bool:
        """Whether one of the newest answers had this `id`."""
        return _mark(name) in self._ids

    def take(self, answer: Answer, answer_id: str, counts: Population) -> "Taken":
        """Learns from a new answer, which also goes into `counts`."""
        self._watch(tried(answer, answer_id))
        answer, model, state = self._timed(answer), self._model, self._state
        model.population = counts
        before = model.standing(state, answer.skill).mastery if self.knows(answer.skill) else None
        predicted = model.predict(state, Exercise(answer.skill, answer.item, answer.at))
        lesson = model.update(state, answer)
        model.learn(answer, lesson, predicted)
        recall = self._witness(answer, answer_id)
        after = model.standing(state, answer.skill)
        return Taken(lesson, Estimate(predicted, after.mastery, after.uncertainty), recall, before)

    def retake(self, answer: Answer, answer_id: str, ease: float) -> None:
        """Learns from an answer that was taken before, to the same effect; `ease` is that of its lesson."""
        self._watch(tried(answer, answer_id))
        answer = self._timed(answer)
        self._model.update(self._state, answer, ease)
        self._witness(answer, answer_id)

    def _watch(self, one: Tried) -> None:
        self.worked = self.worked.after(one)
        self.tries = (*self.tries, one)[-WINDOW:]

    def _timed(self, answer: Answer) -> Answer:
        """Time does not go back for who learns: an answer that comes late counts as made when the one before it was."""
        self.last_at = max(answer.at or 0.0, self.last_at)
        return answer._replace(at=self.last_at)

    def _witness(self, answer: Answer, answer_id: str) -> str | None:
        """Notes an answer as evidence and as a review; gives the bin of the chance of recall before it."""
        _, evidence = self._evidence.pop(answer.skill, (0.0, ()))
        self._evidence[answer.skill] = (self.last_at, (*evidence, answer_id)[-EVIDENCE:])
        if len(self._evidence) > SKILLS:
            del self._evidence[next(iter(self._evidence))]
        card, tests = self.memory.cards.get(answer.skill), not answer.shown
        chance = self.memory.review(Review(answer.skill, self._pace.rate(answer), self.last_at, tests))
        if card is None or chance is None or not tests or place(card, self.last_at) > 1:
            return None
        return bin_of(chance)

    def name(self, name: str) -> None:
        """Remembers that an answer with this `id` has come."""
        self._ids[_mark(name)] = None
        if len(self._ids) > IDS:
            del self._ids[next(iter(self._ids))]

    def fact(self, skill: str, counts: Population) -> Fact:
        """What is believed of a skill that it knows."""
        at, evidence = self._evidence[skill]
        self._model.population = counts
        return Fact(self._model.standing(self._state, skill), evidence, at)

    def kept(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "version": VERSION,
            "seq": self.seq,
            "sheet": self.sheet,
            "last_at": self.last_at,
            "state": self._state.pack().decode(),
            "memory": self.memory.kept(),
            "worked": self.worked.kept(),
            "tries": [[*one] for one in self.tries],
            "pace": [self._pace.mean, self._pace.timed],
            "evidence": [[skill, at, [*ids]] for skill, (at, ids) in self._evidence.items()],
            "ids": [*self._ids],
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any] | None, model: "Model") -> "Mind":
        """From such JSON; an empty one where there is none, or one of another version or model."""
        mind, state = cls(model), None if kept is None else _state(kept, model)
        if kept is None or state is None:
            return mind
        mind.seq, mind.sheet, mind.last_at, mind._state = kept["seq"], kept["sheet"], kept["last_at"], state
        mind.memory, mind._pace = Memory.of(kept["memory"]), Pace(*kept["pace"])
        mind.worked, mind.tries = Worked.of(kept["worked"]), tuple(Tried(*one) for one in kept["tries"])
        mind._evidence = {skill: (at, tuple(ids)) for skill, at, ids in kept["evidence"]}
        mind._ids = dict.fromkeys(kept["ids"])
        return mind


def _state(kept: Mapping[str, Any], model: "Model") -> "State | None":
    """The model's state in what was kept; `None` where it is to be derived again."""
    from app.learner.knowledge.state import StaleState, State

    if kept["version"] != VERSION:
        return None
    try:
        state = State.unpack(kept["state"].encode())
    except StaleState:
        return None
    return state if model.fits(state) else None


def answer_id(sheet_id: str, n: int) -> str:
    """The name under which answer `n` of a sheet stands as evidence."""
    return f"{sheet_id}#{n}"


def _mark(name: str) -> str:
    return blake2b(name.encode(), digest_size=6).hexdigest()
