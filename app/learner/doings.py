"""What a learner did, as the consumers of affect and profile take it in; each has an id, so that it counts once."""

from typing import NamedTuple


class Spoke(NamedTuple):
    """A message of a learner, by the id of its turn."""

    id: str
    message: str


class Tried(NamedTuple):
    """A graded answer: `seconds` it took and `at`, seconds since the epoch, where they are known."""

    id: str
    skill: str
    correct: bool
    hints: int = 0
    seconds: float | None = None
    at: float | None = None
