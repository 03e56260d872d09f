"""Where only approved arms may be tried: what is known of a turn and its learner says so. Pure."""

from dataclasses import dataclass

from app.vocabulary import Affect, Task

_STRAINED = frozenset({"anxiety", "discouragement", "frustration"})
_SURE = 0.6
"""Chance from which on a label of affect is believed here: lower than where the learner is told, for care costs little
(the best arm that is not approved is missed once)."""

_FRUSTRATED = 0.6
_UNREAD = Affect()
_FAILURES = 3
"""Failures in a row: a learner without help does not get out of such a row (Beck & Gong 2013, "wheel-spinning", name
it at ten; care begins earlier)."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a turn: how the learner feels, how often they failed in a row just now, whether they are known
    to be a minor, what they want, whether they may be in danger."""

    task: Task
    affect: Affect = _UNREAD
    failures: int = 0
    minor: bool = False
    danger: bool = False


def critical(facts: Facts) -> str | None:
    """Why only approved arms may be tried, in words; `None` where any may.

    >>> critical(Facts(Task.EXPLANATION)) is None
    True
    >>> critical(Facts(Task.EXPLANATION, Affect("anxiety", confidence=0.8)))
    'the learner shows anxiety'
    >>> critical(Facts(Task.ASSESSMENT))
    'the work is graded'
    """
    reasons = (
        (facts.danger, "the learner may be in danger"),
        (_strained(facts.affect), f"the learner shows {facts.affect.label}"),
        ((facts.affect.frustration or 0.0) >= _FRUSTRATED, "the learner is frustrated"),
        (facts.failures >= _FAILURES, f"the learner failed {facts.failures} times in a row"),
        (facts.task is Task.ASSESSMENT, "the work is graded"),
        (facts.minor, "the learner is a minor"),
    )
    return next((words for holds, words in reasons if holds), None)


def _strained(affect: Affect) -> bool:
    return affect.label in _STRAINED and (affect.confidence or 0.0) >= _SURE
