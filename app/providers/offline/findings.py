"""What is checked, and what a check comes to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from app.providers.offline.hints import Hint
from app.providers.offline.statements import Statement


class Verdict(StrEnum):
    """What a check came to; its words are in the wording."""

    AGREE = "agree"
    LEFT_LARGER = "left_larger"
    LEFT_SMALLER = "left_smaller"
    ROUNDED = "rounded"
    DIVIDES_BY_ZERO = "divides_by_zero"
    SAME_FOR_ALL = "same_for_all"
    NOT_THE_SAME = "not_the_same"
    STEP_HOLDS = "step_holds"
    STEP_LOSES = "step_loses"
    STEP_GAINS = "step_gains"
    STEP_FAILS = "step_fails"
    NO_SOLUTION = "no_solution"
    RIGHT = "right"
    TOO_LARGE = "too_large"
    TOO_SMALL = "too_small"
    TO_SOLVE = "to_solve"
    TO_WORK_OUT = "to_work_out"


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be checked: statements of this message, and what the learner was working on before.

    `asked`: the message asks for a result, so that a formula in it is a problem and not an attempt.
    """

    now: tuple[Statement, ...]
    problem: Statement | None = None
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, a hint, and what stands in their words."""

    verdict: Verdict
    hint: Hint
    slots: Mapping[str, str] = field(default_factory=dict)
