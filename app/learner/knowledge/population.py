"""What all learners of a workspace made of each item and skill: counts, so that a new learner starts from others.

Counts only grow by addition. Those of several replicas are added up in any order, and answers that are counted again
in another order give the same counts, bit for bit.
"""

from collections.abc import Mapping
from math import exp, log, log1p
from typing import NamedTuple, TypeVar

from app.learner.knowledge.contexts import Key

FIRST, AFTER_WRONG, AFTER_RIGHT = 0, 1, 2
"""How the learner's answer before, to the same item or of the same skill, went."""

_SKILL_WEIGHT, _ITEM_WEIGHT = 8.0, 5.0
"""Answers that what stands above counts for: a skill's rate before the rates of its items, a workspace's before that."""

KEY_WEIGHT = 5.0
"""Answers that what is expected anyway counts for, before what was seen in one context."""

HEARD = 2
"""Answers from which on a context says anything."""

ITEMS, SKILLS, CONTEXTS = 200_000, 20_000, 400_000
"""Most that are counted; later ones are met as unknown."""

K = TypeVar("K")

Counts = list[int]
"""Answers and right ones of each of the three cases."""


class Norms(NamedTuple):
    """What others make of an exercise, as log odds of a right answer: any item of the skill, the item, each also as
    things stand for this learner; and how many answers that of the skill and of the item rest on."""

    skill: float
    item: float
    skill_now: float
    item_now: float
    skill_answers: int
    item_answers: int


class Population:
    """Counts by skill and by item."""

    __slots__ = ("answers", "contexts", "items", "right", "skills")

    def __init__(self) -> None:
        self.answers = 0
        self.right = 0
        self.skills: dict[str, Counts] = {}
        self.items: dict[str, Counts] = {}
        self.contexts: dict[Key, Counts] = {}

    def norms(self, skill: str, item: str | None, cases: tuple[int, int]) -> Norms:
        """What is expected of an exercise where the learner's last answers in its skill and to its item went as
        `cases` says.

        >>> norms = Population().norms("algebra", None, (FIRST, FIRST))
        >>> round(norms.skill, 2), norms.skill == norms.item
        (0.62, True)
        """
        # Before anybody answered: 65 % of graded answers are right, as in most collections of them.
        rate = (self.right + 6.5) / (self.answers + 10.0)
        found = self.skills.get(skill)
        if found is None:
            level = log(rate / (1.0 - rate))
            rate_now, level_now, answers = rate, level, 0
        else:
            rate, rate_now, answers = _rates(found, rate, cases[0], _SKILL_WEIGHT)
            level, level_now = log(rate / (1.0 - rate)), log(rate_now / (1.0 - rate_now))
        known = self.items.get(item) if item is not None else None
        if known is None:
            return Norms(level, level, level_now, level_now, answers, 0)
        item_rate, item_now, item_answers = _rates(known, rate, cases[1], _ITEM_WEIGHT)
        return Norms(
            level,
            log(item_rate / (1.0 - item_rate)),
            level_now,
            log(item_now / (1.0 - item_now)),
            answers,
            item_answers,
        )

    def evidence(self, keys: tuple[Key, ...], ease: float) -> list[float]:
        """What was seen in each context: the log odds where `ease` was expected, and how much that rests on."""
        expected = KEY_WEIGHT / (1.0 + exp(-ease))
        found: list[float] = []
        get = self.contexts.get
        for key in keys:
            counts = get(key)
            if counts is None or counts[0] < HEARD:
                found += (ease, 0.0)
            else:
                answers, right = counts
                right += expected
                found += (log(right / (answers + KEY_WEIGHT - right)), log1p(answers) * 0.2)
        return found

    def witness(self, keys: tuple[Key, ...], right: bool) -> None:
        """Counts one answer in its contexts."""
        for key in keys:
            counts = self.contexts.get(key)
            if counts is not None:
                counts[0] += 1
                counts[1] += right
            elif len(self.contexts) < CONTEXTS:
                self.contexts[key] = [1, int(right)]

    def add(self, skill: str, item: str | None, cases: tuple[int, int], right: bool) -> None:
        """Counts one answer."""
        self.answers += 1
        self.right += right
        _count(self.skills, skill, cases[0], right, SKILLS)
        if item is not None:
            _count(self.items, item, cases[1], right, ITEMS)

    def merge(self, other: "Population", sign: int = 1) -> None:
        """Adds all counts of another one; takes them off where `sign` is -1."""
        self.answers += sign * other.answers
        self.right += sign * other.right
        _merge(self.skills, other.skills, sign)
        _merge(self.items, other.items, sign)
        _merge(self.contexts, other.contexts, sign)


def _rates(counts: Counts, above: float, case: int, weight: float) -> tuple[float, float, int]:
    """The rate overall, that of one case, and the answers they rest on."""
    first, first_right, wrong, wrong_right, right, right_right = counts
    answers = first + wrong + right
    rate = (first_right + wrong_right + right_right + weight * above) / (answers + weight)
    now = (counts[2 * case + 1] + weight * rate) / (counts[2 * case] + weight)
    return rate, now, answers


def _count(table: dict[str, Counts], key: str, case: int, right: bool, most: int) -> None:
    found = table.get(key)
    if found is None:
        if len(table) >= most:
            return
        found = table[key] = [0, 0, 0, 0, 0, 0]
    found[2 * case] += 1
    found[2 * case + 1] += right


def _merge(table: dict[K, Counts], other: Mapping[K, Counts], sign: int) -> None:
    for key, counts in other.items():
        found = table.get(key)
        table[key] = [sign * c for c in counts] if found is None else [a + sign * c for a, c in zip(found, counts, strict=True)]
