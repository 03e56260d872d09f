"""What a learner is asked and how it went. Named tuples: one is made for every answer, a million in a training run."""

from typing import NamedTuple


class Exercise(NamedTuple):
    """What is about to be answered: one item of a skill, or any of that skill where `item` is `None`; `at` in seconds
    since the epoch."""

    skill: str
    item: str | None = None
    at: float | None = None


class Answer(NamedTuple):
    """A graded attempt. `hints` counts those that were taken before it, `shown` says that the solution was on view;
    `at` in seconds since the epoch, `response_ms` the time it took."""

    skill: str
    correct: bool
    item: str | None = None
    response_ms: float | None = None
    hints: int = 0
    shown: bool = False
    at: float | None = None
