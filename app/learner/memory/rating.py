"""A graded answer as a review: how well was it recalled?"""

from math import log

from app.learner.memory.cards import Rating
from app.vocabulary import Answer

_QUICK = 0.5
"""Share of a learner's usual time below which a right answer was easy."""

_KNOWN = 10
"""Timed answers before there is a usual time."""

_NEW = 0.1
_MILLISECONDS = (200.0, 120_000.0)
"""Bounds of a time that is taken for one of answering: below, nobody has read; above, somebody went away."""


class Pace:
    """A learner's usual time for a right answer, as a mean of logarithms over about the last ten."""

    __slots__ = ("mean", "timed")

    def __init__(self, mean: float = 0.0, timed: int = 0) -> None:
        self.mean, self.timed = mean, timed

    def rate(self, answer: Answer) -> Rating:
        """How well something was recalled.

        >>> Pace().rate(Answer("algebra", True, hints=1)).name, Pace().rate(Answer("algebra", True)).name
        ('HARD', 'GOOD')
        """
        if not answer.correct or answer.shown:
            return Rating.AGAIN
        if answer.hints:
            return Rating.HARD
        time = answer.response_ms
        if time is None or time < _MILLISECONDS[0]:
            return Rating.GOOD
        seconds = log(min(time, _MILLISECONDS[1]) / 1e3)
        easy = self.timed >= _KNOWN and seconds < self.mean + log(_QUICK)
        self.timed += 1
        self.mean += max(_NEW, 1.0 / self.timed) * (seconds - self.mean)
        return Rating.EASY if easy else Rating.GOOD
