"""What all learners of a workspace made of each item and skill: counts, so that a new learner starts from others.

Counts only grow by addition. Those of several replicas are added up in any order, and answers that are counted again
in another order give the same counts, bit for bit.
"""

from collections.abc import Mapping
from math import log
from typing import NamedTuple

FIRST, AFTER_WRONG, AFTER_RIGHT = 0, 1, 2
"""How the learner's answer before, to the same item or of the same skill, went."""

_SKILL_WEIGHT, _ITEM_WEIGHT = 8.0, 5.0
"""Answers that what stands above counts for: a workspace's rate before that of a skill, and that before an item's."""

ITEMS, SKILLS = 200_000, 20_000
"""Most that are counted; later ones are met as unknown."""

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
    """Counts by skill and by item, on top of those of `base`, which do not change here."""

    __slots__ = ("_ease", "_norms", "answers", "base", "items", "right", "skills")

    def __init__(self) -> None:
        self.answers = 0
        self.right = 0
        self.base: Population | None = None
        # What was asked last: every answer asks twice, before it and for its lesson.
        self._ease: tuple[str, str | None, float] | None = None
        self._norms: tuple[str, str | None, tuple[int, int], Norms] | None = None
        self.skills: dict[str, Counts] = {}
        self.items: dict[str, Counts] = {}

    def norms(self, skill: str, item: str | None, cases: tuple[int, int]) -> Norms:
        """What is expected of an exercise where the learner's last answers in its skill and to its item went as
        `cases` says.

        >>> norms = Population().norms("algebra", None, (FIRST, FIRST))
        >>> round(norms.skill, 2), norms.skill == norms.item
        (0.62, True)
        """
        last = self._norms
        if last is not None and last[0] == skill and last[1] == item and last[2] == cases:
            return last[3]
        norms = self._look_up(skill, item, cases)
        self._norms = (skill, item, cases, norms)
        return norms

    def _look_up(self, skill: str, item: str | None, cases: tuple[int, int]) -> Norms:
        # Before anybody answered: 65 % of graded answers are right, as in most collections of them.
        rate = (self.right + 6.5) / (self.answers + 10.0)
        found = self.skills.get(skill)
        known = self.items.get(item) if item is not None else None
        base = self.base
        if base is not None:
            rate = (self.right + base.right + 6.5) / (self.answers + base.answers + 10.0)
            found = _sum(found, base.skills.get(skill))
            known = _sum(known, base.items.get(item)) if item is not None else None
        if found is None:
            level = log(rate / (1.0 - rate))
            rate_now, level_now, answers = rate, level, 0
        else:
            rate, rate_now, answers = _rates(found, rate, cases[0], _SKILL_WEIGHT)
            level, level_now = log(rate / (1.0 - rate)), log(rate_now / (1.0 - rate_now))
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

    def ease(self, skill: str, item: str | None) -> float:
        """The log odds of a right answer to an item, whoever answers: the `item` of its norms, and sooner."""
        last = self._ease
        if last is not None and last[0] == skill and last[1] == item:
            return last[2]
        base = self.base
        found, known = self.skills.get(skill), self.items.get(item) if item is not None else None
        answers, right = self.answers + 10.0, self.right + 6.5
        if base is not None:
            answers, right = answers + base.answers, right + base.right
            found = _sum(found, base.skills.get(skill))
            known = _sum(known, base.items.get(item)) if item is not None else None
        rate = right / answers
        if found is not None:
            rate = _rate(found, rate, _SKILL_WEIGHT)
        if known is not None:
            rate = _rate(known, rate, _ITEM_WEIGHT)
        ease = log(rate / (1.0 - rate))
        self._ease = (skill, item, ease)
        return ease

    def add(self, skill: str, item: str | None, cases: tuple[int, int], right: bool) -> None:
        """Counts one answer."""
        self._ease = self._norms = None
        self.answers += 1
        self.right += right
        _count(self.skills, skill, cases[0], right, SKILLS)
        if item is not None:
            _count(self.items, item, cases[1], right, ITEMS)

    def merge(self, other: "Population", sign: int = 1) -> None:
        """Adds all counts of another one; takes them off where `sign` is -1."""
        self._ease = self._norms = None
        self.answers += sign * other.answers
        self.right += sign * other.right
        _merge(self.skills, other.skills, sign)
        _merge(self.items, other.items, sign)


_NONE = (0, 0, 0, 0, 0, 0)


def _sum(one: Counts | None, other: Counts | None) -> Counts | None:
    if one is None or other is None:
        return one or other
    return [a + b for a, b in zip(one, other, strict=True)]


def _rate(counts: Counts, above: float, weight: float) -> float:
    first, first_right, wrong, wrong_right, right, right_right = counts
    return (first_right + wrong_right + right_right + weight * above) / (first + wrong + right + weight)


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


def _merge(table: dict[str, Counts], other: Mapping[str, Counts], sign: int) -> None:
    for key, counts in other.items():
        found = table.get(key)
        table[key] = [a + sign * c for a, c in zip(found or _NONE, counts, strict=True)]
