"""What a learner did, as the consumers of affect and profile take it in."""

from typing import NamedTuple

from app.vocabulary import Answer


class Spoke(NamedTuple):
    """A message of a learner, by the id of its turn."""

    id: str
    message: str


class Tried(NamedTuple):
    """A graded answer: `seconds` it took and `at`, seconds since the epoch, where they are known; `shown` says that the
    solution was on view, so that nothing but the help that was taken is to be learned from it."""

    id: str
    skill: str
    correct: bool
    hints: int = 0
    seconds: float | None = None
    at: float | None = None
    shown: bool = False


def tried(answer: Answer, answer_id: str) -> Tried:
    """A graded answer by the id that it has as evidence."""
    seconds = None if answer.response_ms is None else answer.response_ms / 1e3
    return Tried(answer_id, answer.skill, answer.correct, answer.hints, seconds, answer.at, answer.shown)
