"""What others did in the contexts of an exercise, as a model was fitted with it."""

from collections.abc import Mapping
from math import exp, log, log1p

from app.learner.knowledge.contexts import Key

WEIGHT = 5.0
"""Answers that what is expected anyway counts for, before what was seen in one context."""

HEARD = 2
"""Answers from which on a context says anything."""

MOST = 300_000
"""Contexts that a model keeps: those with the most answers."""

Counts = tuple[int, int]
"""Answers, and right ones."""


class Evidence:
    """Counts by context."""

    __slots__ = ("_table",)

    def __init__(self, table: Mapping[Key, Counts]) -> None:
        self._table = {key: (right, answers + WEIGHT, log1p(answers) * 0.2) for key, (answers, right) in table.items()}

    def of(self, keys: tuple[Key, ...], ease: float) -> list[float]:
        """For each context the log odds where `ease` was expected, and how much that rests on.

        >>> evidence = Evidence({(9, "algebra", 1): (20, 5)})
        >>> [round(value, 2) for value in evidence.of(((9, "algebra", 1), (9, "sets", 1)), 0.0)]
        [-0.85, 0.61, 0.0, 0.0]
        """
        expected = WEIGHT / (1.0 + exp(-ease))
        found: list[float] = []
        get = self._table.get
        for key in keys:
            counts = get(key)
            if counts is None:
                found += (ease, 0.0)
            else:
                right, answers, firmness = counts
                good = right + expected
                found += (log(good / (answers - good)), firmness)
        return found
